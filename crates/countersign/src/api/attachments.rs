//! The conversation beside a request: what was said, and files, which are always given back as files to save.

use super::ApiState;
use super::body::whole;
use super::parameters::{Named, NoParameters, Parameters};
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use crate::attachment::{BYTES_MAX, Upload, disposition};
use crate::engine::EngineError;
use crate::wire::thread::{AttachmentBody, SaidBody, attachment_body, attachment_of, thread as said};
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use countersign_core::canonical::Digest;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Should a browser be made to show a file after all, it shows it in a box without scripts, forms or an origin.
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ThreadPage {
    /// Oldest first.
    pub items: Vec<SaidBody>,
    /// Always null: all of it is here.
    pub next: Option<String>,
}

/// What was said beside the request: comments, files, and words that came with decisions.
#[utoipa::path(get, path = "/v1/requests/{id}/comments", tag = "requests", params(("id" = String, Path)),
    responses((status = 200, body = ThreadPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn thread(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    _: Parameters<NoParameters>,
) -> Result<Json<ThreadPage>, Problem> {
    let (seen, events) = state.engine.see_with_events(&caller, id).await?;
    Ok(Json(ThreadPage { items: said(&seen, &events), next: None }))
}

/// What the file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileName {
    /// A plain name, no path; its ending says its type: pdf, png, jpg, jpeg, gif, webp, txt or csv.
    name: String,
}

/// Puts a file beside the request: the body is the file, at most 5 MiB, and no more than 20 stand beside one request. It is
/// taken where its bytes are what the ending of its name says.
#[utoipa::path(post, path = "/v1/requests/{id}/attachments", tag = "requests", params(("id" = String, Path), FileName),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file itself, sent as its own type or as `application/octet-stream`."),
    responses((status = 201, body = AttachmentBody, headers(("Location" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn attach(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Parameters(file): Parameters<FileName>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Whoever may not see the request does not get to send it five megabytes.
    state.engine.see(&caller, id).await?;
    let bytes = whole(body, BYTES_MAX).await?;
    let (done, attachment) = state.engine.attach(&caller, id, Upload { name: file.name, declared, bytes }).await?;
    let answer = attachment_body(&done.shown_to(&caller), &attachment);
    Ok((StatusCode::CREATED, [(LOCATION, answer.url.clone())], Json(answer)).into_response())
}

/// The file that the path names.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedFile(Digest);

impl<S: Send + Sync> FromRequestParts<S> for NamedFile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = Path::<BTreeMap<String, String>>::from_request_parts(parts, state).await;
        let file = names.ok().and_then(|Path(names)| attachment_of(names.get("attachment")?));
        file.map(Self).ok_or_else(|| EngineError::UnknownAttachment.into())
    }
}

/// The file, to be saved.
#[utoipa::path(get, path = "/v1/requests/{id}/attachments/{attachment}", tag = "requests",
    params(("id" = String, Path), ("attachment" = String, Path, description = "`att_…`")),
    responses((status = 200, description = "The file, as its own type, to be saved", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn download(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    NamedFile(file): NamedFile,
) -> Result<Response, Problem> {
    let kept = state.engine.attachment(&caller, id, file).await?;
    let length = HeaderValue::from(kept.bytes.len());
    let mut response = kept.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(&kept.about.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    if let Ok(value) = HeaderValue::from_str(&disposition(&kept.about.name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
