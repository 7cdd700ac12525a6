//! The pages: server-rendered, usable without a script, everything compiled in. They show what the engine saw and
//! pass on what a person pressed; a page is never asked whether something is allowed.

use crate::api::ApiState;
use axum::Router;
use axum::routing::{get, post};

pub mod assets;
pub mod confirm;
pub mod decide;
pub mod facts;
pub mod frame;
pub mod inbox;
pub mod live;
pub mod page;
pub mod passkeys;
mod refused;
pub mod request;
pub mod signin;
pub mod signing;
pub mod similar;
pub mod stages;
pub mod thread;
pub mod timeline;
pub mod visitor;
pub mod words;

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
        .route("/me/passkeys", get(passkeys::show))
        .route("/me/passkeys/{id}/rename", post(passkeys::rename))
        .route("/me/passkeys/{id}/remove", post(passkeys::remove))
        .route("/login", get(passkeys::login))
        .route("/requests/{id}/withdraw", post(decide::withdraw))
        .route("/live", get(live::listen))
        .route("/login/{secret}", get(signin::show).post(signin::use_up))
        .route("/logout", post(signin::sign_out))
        .route("/assets/{name}", get(assets::serve))
        .merge(thread::routes())
}
