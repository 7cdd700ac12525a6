//! The pages.

mod live;
mod request;
mod signin;
