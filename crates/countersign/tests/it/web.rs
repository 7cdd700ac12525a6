//! The pages.

mod request;
mod signin;
