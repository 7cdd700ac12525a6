//! For those who watch over it: alive, ready, and numbers. Open to everybody who reaches the port; says nothing
//! about anybody.

use super::ApiState;
use super::problem::Problem;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// Ready when the store answers and the server is not stopping.
async fn ready(State(state): State<ApiState>) -> Response {
    if state.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.engine.counts().await {
        Ok(_) => match state.engine.shelf().concerns() {
            0 => "ready\n".into_response(),
            // It works, by the last good version: whoever watches should say so, and nobody should restart it.
            files => format!("ready\n{files} files of directory and policies are not in force as they stand: see the log, or `countersign doctor`\n")
                .into_response(),
        },
        Err(error) => {
            tracing::error!(error = %error, "not ready: the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

async fn metrics(State(state): State<ApiState>) -> Result<Response, Problem> {
    let text = state.metrics.scrape(&state.engine).await?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}
