//! The pages: server-rendered, no script, one style sheet, everything compiled in. They show what the engine saw and
//! pass on what a person pressed; a page is never asked whether something is allowed.

use crate::api::ApiState;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub mod decide;
pub mod facts;
pub mod home;
pub mod page;
pub mod request;
pub mod sessions;
pub mod signin;
pub mod signins;
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
        .route("/login", get(signin::offer::show))
        .route("/login/with/{provider}", get(signin::provider::begin))
        .route("/login/with/{provider}/callback", get(signin::provider::come_back))
        .route("/login/{secret}", get(signin::link::show).post(signin::link::use_up))
        .route("/logout", post(signin::sign_out))
        .route("/me/sign-ins", get(signins::show))
        .route("/me/sign-ins/add/{provider}", post(signins::add))
        .route("/me/sign-ins/{id}/remove", post(signins::remove))
        .route("/me/sessions", get(sessions::show))
        .route("/me/sessions/end", post(sessions::end_all))
        .route("/me/sessions/{id}/end", post(sessions::end))
        .route("/style.css", get(style))
}

async fn style() -> impl IntoResponse {
    let sheet = include_str!("../templates/style.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=300")], sheet)
}
