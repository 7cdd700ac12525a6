//! Every code that a problem may carry, with its status and its page. The pages are in `docs/errors/`.

use super::ApiState;
use super::problem::Problem;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

/// One kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// Stable.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// In words.
    pub title: &'static str,
    /// What it means, what is true, what to do: Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($code:literal $status:literal $title:literal)*) => {
        /// All of them; the first stands in for a code that is not listed.
        pub const ALL: &[Code] = &[$(Code {
            code: $code,
            status: $status,
            title: $title,
            page: include_str!(concat!("../../../../docs/errors/", $code, ".md")),
        }),*];
    };
}

codes! {
    "fault" 500 "Something failed on our side"
    "already_run" 409 "The run was claimed before"
    "already_settled" 409 "The request has an outcome"
    "body_too_large" 413 "The body is too large"
    "busy" 503 "The request is busy"
    "comment_required" 422 "A no needs its reason"
    "cross_site" 403 "The form came from another site"
    "forbidden" 403 "You may not do this"
    "idempotency_conflict" 409 "The idempotency key came with another body"
    "invalid_body" 422 "The body does not fit"
    "invalid_payload" 422 "The payload does not fit the policy"
    "invalid_query" 400 "The query does not fit"
    "link_spent" 410 "The link is used up"
    "malformed_json" 400 "The body is not plain JSON"
    "method_not_allowed" 405 "This address does not take this method"
    "no_passkey" 409 "No passkey is enrolled"
    "nobody_to_ask" 422 "Nobody named may decide"
    "not_a_dead_letter" 409 "It is no dead letter"
    "not_an_approver" 403 "You are not asked"
    "not_approved" 409 "It is not what was approved"
    "not_runnable" 409 "The action cannot run now"
    "not_the_requester" 403 "Only the requester may do this"
    "not_yet" 501 "Not there yet"
    "own_request" 403 "Nobody decides their own request"
    "passkey_late" 410 "The passkey answered too late"
    "passkey_mismatch" 403 "The passkey signed something else"
    "passkey_refused" 403 "The passkey was not verified"
    "passkey_required" 403 "A passkey is required"
    "passkey_suspected" 403 "The passkey may have been copied"
    "passkeys_unavailable" 501 "Passkeys cannot be used here"
    "rate_limited" 429 "Too many requests"
    "returned" 409 "Changes were asked for"
    "signin_refused" 403 "You could not be signed in"
    "session_not_fresh" 403 "The sign-in is too old"
    "sign_in_required" 403 "This stage asks you to sign in first"
    "stage_closed" 409 "The stage has ended"
    "stale_revision" 409 "The request was changed meanwhile"
    "signin_unreachable" 502 "The identity provider did not answer"
    "timeout" 503 "It took too long"
    "too_late" 410 "The time to decide has passed"
    "too_many_attempts" 429 "Too many attempts to sign in"
    "too_many_passkeys" 409 "Too many passkeys"
    "too_many_attachments" 409 "There is no room for another attachment"
    "too_many_streams" 503 "Too many streams are open"
    "unauthenticated" 401 "Nobody is signed in"
    "unknown_action" 404 "There is no such action"
    "unknown_attachment" 404 "There is no such attachment"
    "unknown_key" 404 "There is no such key"
    "unknown_notice" 404 "There is no such notice"
    "unknown_passkey" 404 "There is no such passkey"
    "unknown_person" 422 "There is no such person"
    "unknown_policy" 404 "There is no such policy"
    "unknown_request" 404 "There is no such request"
    "unknown_route" 404 "There is nothing at this address"
    "unknown_session" 404 "There is no such session"
    "unknown_signin" 404 "There is no such sign-in"
    "unsupported_media_type" 415 "The body is of another type"
    "voice_already_counted" 409 "One person is one voice"
}

/// The code's entry.
#[must_use]
pub fn of(code: &str) -> &'static Code {
    const FAULT: &Code = match ALL.first() {
        Some(first) => first,
        None => &Code { code: "fault", status: 500, title: "", page: "" },
    };
    ALL.iter().find(|entry| entry.code == code).unwrap_or(FAULT)
}

/// The pages of the codes.
pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/errors/{code}", get(page))
}

async fn page(Path(code): Path<String>) -> Response {
    match ALL.iter().find(|entry| entry.code == code) {
        Some(entry) => ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], entry.page).into_response(),
        None => Problem::new("unknown_route", "there is no error of this code").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_names_it() {
        for entry in ALL {
            assert!(entry.page.starts_with(&format!("# `{}`", entry.code)), "{}", entry.code);
            assert!(entry.page.contains(&entry.status.to_string()), "{} does not name its status", entry.code);
        }
    }

    #[test]
    fn every_page_belongs_to_a_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let code = name.strip_suffix(".md").unwrap();
            assert!(ALL.iter().any(|entry| entry.code == code) || code == "index", "{code}");
        }
    }
}
