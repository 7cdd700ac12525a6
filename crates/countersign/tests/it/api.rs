//! The HTTP door.

mod attachments;
mod body;
mod dead_letters;
mod decisions;
mod events;
mod executions;
mod keys;
mod lists;
mod openapi;
mod permit;
mod policies;
mod requests;
mod sessions;
