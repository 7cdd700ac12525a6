//! What stands in the address: the id of a request, the parameters of a query. An id that is none is an unknown
//! request; a parameter that is not known is refused.

use super::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use countersign_core::id::{ActionName, EffectId, RequestId};
use countersign_core::refusal::Refusal;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A page has this many items unless the caller says otherwise.
pub const LIMIT_DEFAULT: usize = 50;
/// A page has this many items at most.
pub const LIMIT_MAX: usize = 200;

/// The request that the path names.
#[derive(Clone, Copy, Debug)]
pub struct Named(pub RequestId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(segments) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let id = segments.get("id").and_then(|id| RequestId::parse(id).ok());
        id.map(Self).ok_or_else(unknown)
    }
}

/// The request and the action that the path names.
#[derive(Clone, Debug)]
pub struct NamedAction(pub RequestId, pub ActionName);

impl<S: Send + Sync> FromRequestParts<S> for NamedAction {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Named(id) = Named::from_request_parts(parts, state).await?;
        let Path(segments) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        Ok(Self(id, ActionName::new(segments.get("action").cloned().unwrap_or_default())))
    }
}

/// The request and the notice that the path names.
#[derive(Clone, Copy, Debug)]
pub struct NamedNotice(pub RequestId, pub EffectId);

impl<S: Send + Sync> FromRequestParts<S> for NamedNotice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Named(id) = Named::from_request_parts(parts, state).await?;
        let Path(segments) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let notice = segments.get("notice").map(String::as_str).unwrap_or_default();
        // An id that is none names nothing: the engine answers, so that nobody learns here which requests there are.
        Ok(Self(id, EffectId::parse(notice).unwrap_or(EffectId::from_bytes([0; 16]))))
    }
}

fn unknown() -> Problem {
    Refusal::UnknownRequest.into()
}

/// The parameters of a query, all of them known.
#[derive(Clone, Debug)]
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        read.map(|query| Self(query.0)).map_err(|rejection| invalid(inner(&rejection)))
    }
}

/// No parameters: a list that is answered whole says so, rather than pass over what it was asked.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// The innermost reason: the outer ones speak of deserializing.
fn inner(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A parameter that does not fit.
pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new("invalid_query", detail)
}

/// How many items a page shall have.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(LIMIT_DEFAULT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(invalid(format!("`limit` is a number from 1 to {LIMIT_MAX}"))),
    }
}
