//! The pages: server-rendered, no script, one style sheet, everything compiled in. They show what the engine saw and
//! pass on what a person pressed; a page is never asked whether something is allowed.

use crate::api::ApiState;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub mod confirm;
pub mod decide;
pub mod facts;
pub mod home;
pub mod page;
pub mod request;
pub mod signin;
pub mod stages;
pub mod timeline;
pub mod visitor;
pub mod when;

/// The pages' routes.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", get(home::show))
        .route("/requests/{id}", get(request::show))
        .route("/requests/{id}/decide", post(decide::decide))
        .route("/c/{secret}", get(confirm::show).post(confirm::decide))
        .route("/login/{secret}", get(signin::show).post(signin::use_up))
        .route("/logout", post(signin::sign_out))
        .route("/style.css", get(style))
}

async fn style() -> impl IntoResponse {
    let sheet = include_str!("../templates/style.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=300")], sheet)
}
