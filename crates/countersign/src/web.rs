//! The pages: server-rendered, usable without a script, everything compiled in. They show what the engine saw and
//! pass on what a person pressed; a page is never asked whether something is allowed.

use crate::api::ApiState;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;

pub mod assets;
pub mod audit;
pub mod confirm;
pub mod decide;
pub mod facts;
pub mod form;
pub mod frame;
pub mod inbox;
pub mod live;
pub mod me;
pub mod new;
pub mod office;
pub mod operations;
pub mod page;
pub mod passkeys;
pub mod policies;
pub mod preview;
mod refused;
pub mod request;
pub mod sessions;
pub mod signin;
pub mod signing;
pub mod signins;
pub mod similar;
pub mod stages;
pub mod thread;
pub mod timeline;
pub mod visitor;
pub mod words;

/// The page where no page is: the same for everybody.
pub(crate) fn nothing_here(state: &ApiState, headers: &HeaderMap, problem: &crate::api::problem::Problem) -> Response {
    let words = words::Words::of_stranger(headers, state.engine.clock().now());
    page::problem(frame::Frame::stranger(words), problem, Some(page::Back::inbox()))
}

/// The pages' routes.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", get(inbox::show))
        .route("/bulk", post(inbox::bulk::confirm))
        .route("/bulk/decide", post(inbox::bulk::decide))
        .route("/requests/{id}", get(request::show))
        .route("/requests/{id}/decide", post(decide::decide))
        .route("/c/{secret}", get(confirm::show).post(confirm::decide))
        .route("/requests/{id}/sign", get(signing::show))
        .route("/requests/{id}/withdraw", post(decide::withdraw))
        .route("/live", get(live::listen))
        .route("/me/passkeys", get(passkeys::show))
        .route("/me/passkeys/{id}/rename", post(passkeys::rename))
        .route("/me/passkeys/{id}/remove", post(passkeys::remove))
        .route("/me/sign-ins", get(signins::show))
        .route("/me/sign-ins/add/{provider}", post(signins::add))
        .route("/me/sign-ins/{id}/remove", post(signins::remove))
        .route("/me/sessions", get(sessions::show))
        .route("/me/sessions/end", post(sessions::end_all))
        .route("/me/sessions/{id}/end", post(sessions::end))
        .route("/login", get(signin::offer::show))
        .route("/login/with/{provider}", get(signin::provider::begin))
        .route("/login/with/{provider}/callback", get(signin::provider::come_back))
        .route("/login/{secret}", get(signin::link::show).post(signin::link::use_up))
        .route("/logout", post(signin::sign_out))
        .route("/assets/{name}", get(assets::serve))
        .merge(office::routes())
        .merge(thread::routes())
}
