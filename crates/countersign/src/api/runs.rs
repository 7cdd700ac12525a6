//! Claiming the one run of an approved request, for machines that run a program themselves.

use super::ApiState;
use super::body::{Members, Shape, Strict};
use super::parameters::Named;
use super::permit::Permit;
use super::problem::{Problem, ProblemBody};
use axum::Json;
use axum::extract::State;
use countersign_core::canonical::Digest;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What would be run.
#[derive(Debug, ToSchema)]
pub struct ClaimBody {
    /// The digest of the payload that was approved, and that would be run.
    pub(super) payload_digest: String,
}

impl Shape for ClaimBody {
    const MEMBERS: &'static [&'static str] = &["payload_digest"];
    fn take(members: &mut Members) -> Self {
        Self { payload_digest: members.name("payload_digest") }
    }
}

/// A run that was given out.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBody {
    /// The request.
    request: String,
    /// What may be run now, once, by whoever got this answer.
    payload_digest: String,
    /// Who claimed it.
    claimed_by: String,
    /// When.
    claimed_at: String,
}

/// Claims the one run of an approved request. The first claim is the only one: whoever does not hear a 201 must not run it.
#[utoipa::path(post, path = "/v1/requests/{id}/run", tag = "requests", params(("id" = String, Path)), request_body = ClaimBody,
    responses((status = 201, body = RunBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn claim(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(body): Strict<ClaimBody>,
) -> Result<(StatusCode, Json<RunBody>), Problem> {
    let malformed = || super::problem::FaultBody { pointer: "/payload_digest".into(), message: "a digest such as `sha256:…` is expected".into() };
    let digest = Digest::parse(&body.payload_digest).ok_or_else(|| Problem::invalid_body(vec![malformed()]))?;
    let claim = state.engine.claim_run(&caller, id, digest).await?;
    let (claimed_by, claimed_at) = (claim.by.name(), claim.at.to_string());
    Ok((StatusCode::CREATED, Json(RunBody { request: id.to_string(), payload_digest: digest.to_string(), claimed_by, claimed_at })))
}
