//! The pages.

mod confirm;
mod live;
mod request;
mod signin;
