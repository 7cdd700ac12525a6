//! Errors as RFC 9457 problems: a stable code, one sentence, and what is true now. Faults never show their
//! insides; those are in the log.

use super::strict::Malformed;
use super::{codes, codes::Code};
use crate::attachment::Unfit;
use crate::engine::{EngineError, Seen};
use crate::wire;
use axum::response::{IntoResponse, Response};
use countersign_core::policy::payload::PayloadFault;
use countersign_core::refusal::Refusal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A problem as it is sent.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The page about this code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable; to be compared by programs.
    pub code: &'static str,
    /// One sentence: why, what is true now, what can be done.
    pub detail: String,
    /// What is wrong, place by place, for a body or payload that does not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FaultBody>,
    /// What is true now: `request` with its `status` and `current_revision`, `changed`, `existing`, `line`, `column`.
    #[serde(flatten)]
    pub now: Map<String, Value>,
}

/// One thing wrong with a body or payload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FaultBody {
    /// Where (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong and what was expected.
    pub message: String,
}

/// The code of the problem that a response carries, for counting.
#[derive(Clone, Copy, Debug)]
pub struct ProblemCode(pub &'static str);

/// A problem on its way out.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    body: Box<ProblemBody>,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem of this code; see [`codes::ALL`].
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let Code { code, status, title, .. } = codes::of(code);
        let kind = format!("/errors/{code}");
        let body = ProblemBody { kind, title, status: *status, code, detail: detail.into(), errors: Vec::new(), now: Map::new() };
        let retry_after_s = matches!(*status, 429 | 503).then_some(1);
        Self { body: Box::new(body), retry_after_s }
    }

    /// JSON that is none, or that two readers could take differently.
    #[must_use]
    pub fn malformed(malformed: &Malformed) -> Self {
        let detail = format!("the body cannot be read at line {}, column {}: {}", malformed.line, malformed.column, malformed.message);
        let problem = Self::new("malformed_json", detail).with("line", malformed.line).with("column", malformed.column);
        problem.with("pointer", malformed.pointer.clone())
    }

    /// Members that are missing, unknown or of the wrong kind.
    #[must_use]
    pub fn invalid_body(faults: Vec<FaultBody>) -> Self {
        let first = faults.first().map_or_else(String::new, sentence);
        let mut problem = Self::new("invalid_body", format!("the body does not fit: {first}"));
        problem.body.errors = faults;
        problem
    }

    /// A payload that does not fit the policy's fields.
    #[must_use]
    pub fn invalid_payload(faults: &[PayloadFault]) -> Self {
        let errors: Vec<FaultBody> =
            faults.iter().map(|fault| FaultBody { pointer: fault.pointer.clone(), message: fault.message.clone() }).collect();
        let first = errors.first().map_or_else(String::new, sentence);
        let mut problem = Self::new("invalid_payload", format!("the payload does not fit the policy: {first}"));
        problem.body.errors = errors;
        problem
    }

    /// A refusal with what is true of the request now.
    #[must_use]
    pub fn about(error: EngineError, seen: &Seen) -> Self {
        let request = json!({
            "id": seen.request.id.to_string(),
            "status": wire::status_word(seen.status()),
            "current_revision": seen.request.revision.0,
            "settled_at": seen.request.settled.as_ref().map(|end| end.at.to_string()),
            "url": format!("/v1/requests/{}", seen.request.id),
        });
        Self::from(error).with("request", request).with("current_revision", seen.request.revision.0)
    }

    /// Adds something that is true now.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.now.insert(name.to_owned(), value.into());
        self
    }

    /// Asks to be left alone for so long.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// What will be sent.
    #[must_use]
    pub fn body(&self) -> &ProblemBody {
        &self.body
    }
}

fn sentence(fault: &FaultBody) -> String {
    if fault.pointer.is_empty() { fault.message.clone() } else { format!("`{}`: {}", fault.pointer, fault.message) }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.detail())
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        let pointer = if matches!(unfit, Unfit::Name(_)) { "/name" } else { "" };
        let fault = FaultBody { pointer: pointer.to_owned(), message: unfit.detail() };
        match unfit {
            Unfit::TooLarge => Self::new("body_too_large", unfit.detail()),
            Unfit::Kind(_) => Self::new("unsupported_media_type", unfit.detail()),
            Unfit::Name(_) | Unfit::Empty => Self::invalid_body(vec![fault]),
        }
    }
}

impl From<countersign_store::Fault> for Problem {
    fn from(fault: countersign_store::Fault) -> Self {
        EngineError::from(fault).into()
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::Forbidden(why) => Self::new("forbidden", why),
            EngineError::InvalidPayload(faults) => Self::invalid_payload(&faults),
            EngineError::UnknownPolicy(name) => {
                Self::new("unknown_policy", format!("there is no policy `{name}`; `GET /v1/policies` lists those in force"))
            }
            EngineError::IdempotencyConflict(existing) => {
                let detail = format!("this idempotency key came with another body before and made {existing}; a new request needs a new key");
                Self::new("idempotency_conflict", detail).with("existing", existing.to_string())
            }
            EngineError::UnfitAttachment(unfit) => unfit.into(),
            EngineError::UnknownAttachment => Self::new("unknown_attachment", "there is no such attachment at this request, or you may not see it"),
            EngineError::LinkSpent => Self::new("link_spent", "this link was used before; what came of it stands on the request's page"),
            EngineError::Passkey(fault) => Self::new(fault.code(), fault.detail()),
            EngineError::Busy => Self::new("busy", "the request is changing faster than it can be decided; nothing was changed, try again"),
            EngineError::Fault(countersign_store::Fault::InDoubt) => {
                tracing::error!("the store did not say whether it committed");
                Self::new("fault", "the store did not say whether it took this; read the request again before repeating anything")
            }
            EngineError::Fault(fault) => {
                tracing::error!(error = %fault, "the engine failed");
                Self::new("fault", "something failed on our side; nothing was decided, and the log says more")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = (status, bytes).into_response();
        response.extensions_mut().insert(ProblemCode(self.body.code));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"countersign\""));
        }
        response
    }
}
