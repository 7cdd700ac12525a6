//! The pages.

mod confirm;
mod request;
mod signin;
