//! The HTTP door.

mod attachments;
mod body;
mod dead_letters;
mod decisions;
mod documented;
mod events;
mod executions;
mod keys;
mod layers;
mod lists;
mod openapi;
mod permit;
mod policies;
mod refusals;
mod requests;
mod sessions;
