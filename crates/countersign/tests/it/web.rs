//! The pages.

mod audit;
mod desk;
mod live;
mod me;
mod new;
mod operations;
mod policies;
mod request;
mod signin;
