//! The pages.

mod provider;
mod request;
mod signin;
