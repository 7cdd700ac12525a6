//! The HTTP door.

mod attachments;
mod body;
mod decisions;
mod events;
mod executions;
mod keys;
mod lists;
mod openapi;
mod permit;
mod policies;
mod requests;
