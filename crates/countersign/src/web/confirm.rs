//! The page behind a confirm link: one request, one question, no navigation. Opening it never decides, for mail
//! scanners open links: it sets a nonce in a cookie, and only a form that carries the token made from link and nonce,
//! with a choice that nothing preselects, is passed on. A link that is over says what became of its request.

use super::facts::{Fact, Shape, facts, sum};
use super::page::{self, Viewer};
use super::stages::name;
use super::when::{When, Zone};
use crate::api::problem::ProblemCode;
use crate::api::{ApiState, codes, origin, permit};
use crate::engine::confirm::{Confirm, Standing};
use crate::engine::{Caller, EngineError, Seen};
use crate::summary::visible::visible;
use crate::wire;
use crate::wire::event::decision_of;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::canonical::Digest;
use countersign_core::event::{Decision, Door};
use countersign_core::policy::OutcomeName;
use countersign_core::refusal::Refusal;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::convert::Infallible;
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// The longest comment, in characters.
const COMMENT_MAX: usize = 10_000;
/// The nonce in the cookie, in characters.
const NONCE_LENGTH: usize = 43;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    viewer: Option<Viewer>,
    /// The question, or what is true.
    heading: String,
    who: String,
    request: Option<RequestPart>,
    form: Option<FormPart>,
    /// What became of it, in sentences.
    outcome: Vec<String>,
    error: Option<String>,
}

/// What is asked.
struct RequestPart {
    id: String,
    title: String,
    policy: String,
    rule: String,
    requester: String,
    revision: u32,
    created: When,
    facts: Vec<Fact>,
    digest: String,
}

/// The question.
struct FormPart {
    action: String,
    token: String,
    approve: String,
    comment: String,
}

/// The form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    #[serde(default)]
    token: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    comment: String,
}

/// The address that asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whence(IpAddr);

impl FromRequestParts<ApiState> for Whence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(permit::address(parts)))
    }
}

/// A link that was made by the engine, with what it leads to.
struct Opened {
    secret: String,
    confirm: Confirm,
    zone: Zone,
}

/// Shows the question, or what became of it.
pub(super) async fn show(State(state): State<ApiState>, Path(secret): Path<String>, whence: Whence, jar: CookieJar) -> Response {
    let opened = match open(&state, secret, whence).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    if opened.confirm.standing != Standing::Open {
        return page::render(StatusCode::OK, &opened.page(&state, None, None));
    }
    let nonce = nonce(&jar, &state, &opened.secret).unwrap_or_else(|| URL_SAFE_NO_PAD.encode(state.engine.draw::<32>()));
    let form = opened.form(&token(&opened.secret, &nonce), String::new());
    let cookie = Cookie::build((cookie_name(&state, &opened.secret), nonce));
    let cookie = cookie.path("/").http_only(true).same_site(SameSite::Strict).secure(state.is_https()).build();
    (jar.add(cookie), page::render(StatusCode::OK, &opened.page(&state, form, None))).into_response()
}

/// Passes the choice on.
pub(super) async fn decide(
    State(state): State<ApiState>,
    Path(secret): Path<String>,
    whence: Whence,
    headers: HeaderMap,
    jar: CookieJar,
    form: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let opened = match open(&state, secret, whence).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    let Ok(Form(chosen)) = form else {
        return opened.refused(&state, "invalid_body", "The form is not complete; open the link again. Nothing was decided.");
    };
    let expected = nonce(&jar, &state, &opened.secret).map(|nonce| token(&opened.secret, &nonce));
    let ours = expected.as_ref().is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(chosen.token.as_bytes())));
    if origin::same(&headers, &state).is_err() || !ours {
        let words = "This did not come from the page behind this link in this browser, so nothing was decided. Open the link again.";
        return opened.refused(&state, "cross_site", words);
    }
    if opened.confirm.standing != Standing::Open {
        return opened.over(&state);
    }
    let comment = chosen.comment.trim().to_owned();
    match (decision_of(&chosen.decision), wanting(&chosen.decision, &comment)) {
        (Some(decision), None) => pass_on(&state, opened, decision, comment).await,
        (_, wrong) => {
            let form = opened.form(&chosen.token, chosen.comment);
            let wrong = wrong.unwrap_or("Choose what you decide. Nothing was decided yet.");
            page::render(StatusCode::UNPROCESSABLE_ENTITY, &opened.page(&state, form, Some(wrong.to_owned())))
        }
    }
}

async fn pass_on(state: &ApiState, opened: Opened, decision: Decision, comment: String) -> Response {
    let comment = Some(comment).filter(|text| !text.is_empty());
    let decided = state.engine.decide_by_link(&opened.secret, decision, comment).await;
    let confirm = match state.engine.look_through_link(&opened.secret).await {
        Ok(Some(confirm)) => confirm,
        Ok(None) => return unknown(),
        Err(error) => return page::problem(None, &error.into(), None),
    };
    let now = Opened { confirm, ..opened };
    match decided {
        Ok(_) => page::render(StatusCode::OK, &now.page(state, None, None)),
        Err(EngineError::Refused(refusal)) => {
            let words = format!("Nothing was decided: {}.", refusal.detail());
            now.refused(state, refusal.code(), &words)
        }
        Err(EngineError::LinkSpent) => now.over(state),
        Err(error) => page::problem(None, &error.into(), None),
    }
}

/// The link, for whoever holds one. Whoever guesses is held to the limits of strangers, and a person to their own.
async fn open(state: &ApiState, secret: String, whence: Whence) -> Result<Opened, Box<Response>> {
    let failed = |error: EngineError| Box::new(page::problem(None, &error.into(), None));
    let Some(confirm) = state.engine.look_through_link(&secret).await.map_err(failed)? else {
        let admitted = state.gate.admit_address(whence.0);
        return Err(Box::new(admitted.map_or_else(|problem| page::problem(None, &problem, None), |()| unknown())));
    };
    let caller = Caller::Person { id: confirm.person.clone(), door: Door::Link };
    state.gate.admit(&caller).map_err(|problem| Box::new(page::problem(None, &problem, None)))?;
    let people = state.engine.shelf().people();
    let zone = Zone::named(people.zones.get(&confirm.person).map(String::as_str));
    Ok(Opened { secret, confirm, zone })
}

fn unknown() -> Response {
    let words = "No link of this address was ever made here: it may have been altered or cut off on its way to you. Nothing was decided.";
    let mut response = page::message(StatusCode::NOT_FOUND, None, "This link leads nowhere", words);
    response.extensions_mut().insert(ProblemCode("unknown_route"));
    response
}

/// What is wrong with the choice, if anything.
fn wanting(decision: &str, comment: &str) -> Option<&'static str> {
    if comment.chars().count() > COMMENT_MAX {
        return Some("The comment is longer than 10,000 characters; nothing was decided.");
    }
    match decision_of(decision) {
        Some(Decision::Reject) if comment.is_empty() => Some("Please say why you reject it: the requester is told. Nothing was decided yet."),
        Some(Decision::RequestChanges) if comment.is_empty() => {
            Some("Please say what should change: the requester is told. Nothing was decided yet.")
        }
        _ => None,
    }
}

/// The cookie of this one link.
fn cookie_name(state: &ApiState, secret: &str) -> String {
    let link: String = Digest::of(format!("cookie {secret}").as_bytes()).hex().chars().take(16).collect();
    if state.is_https() { format!("__Host-confirm-{link}") } else { format!("confirm-{link}") }
}

fn nonce(jar: &CookieJar, state: &ApiState, secret: &str) -> Option<String> {
    let value = jar.get(&cookie_name(state, secret))?.value();
    let plain = value.len() == NONCE_LENGTH && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    plain.then(|| value.to_owned())
}

/// Binds a form to the link and to the browser that opened it.
fn token(secret: &str, nonce: &str) -> String {
    Digest::of(format!("confirm {secret} {nonce}").as_bytes()).hex()
}

impl Opened {
    fn page(&self, state: &ApiState, form: Option<FormPart>, error: Option<String>) -> ConfirmPage {
        let mine = state.engine.shelf().people().name(&self.confirm.person);
        let mine = visible(&mine).into_owned();
        let heading = if form.is_some() { "Do you agree?" } else { self.over_heading() };
        let stage = self.confirm.seen.as_ref().and_then(|seen| seen.request.stage(self.confirm.stage).map(|stage| seen.stage(stage).name));
        let stage = stage.map_or_else(String::new, |stage| format!(", in the stage “{}”", visible(&stage)));
        let outcome = if form.is_some() { Vec::new() } else { self.outcome() };
        ConfirmPage {
            viewer: None,
            heading: heading.to_owned(),
            who: format!("You are {mine} and decide for yourself{stage}."),
            request: self.confirm.seen.as_ref().map(|seen| part(seen, &self.zone)),
            form,
            outcome,
            error,
        }
    }

    fn form(&self, token: &str, comment: String) -> Option<FormPart> {
        let seen = self.confirm.seen.as_ref()?;
        let approve = sum(&seen.policy, &seen.payload).map_or_else(|| "Approve".to_owned(), |sum| format!("Approve {sum}"));
        Some(FormPart { action: format!("/c/{}", self.secret), token: token.to_owned(), approve, comment })
    }

    fn over_heading(&self) -> &'static str {
        match &self.confirm.standing {
            Standing::Used(..) => "You have decided",
            _ => "This link asks nothing any more",
        }
    }

    /// The page of a link that is over, as the answer to a form.
    fn over(&self, state: &ApiState) -> Response {
        let words = "Nothing was decided by this form: the link was used up or had ended before.";
        self.refused(state, "link_spent", words)
    }

    /// The page with what is true, as the answer to a form that changed nothing.
    fn refused(&self, state: &ApiState, code: &'static str, words: &str) -> Response {
        let entry = codes::of(code);
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = page::render(status, &self.page(state, None, Some(words.to_owned())));
        response.extensions_mut().insert(ProblemCode(entry.code));
        response
    }

    /// What became of the link and of its request, in sentences.
    fn outcome(&self) -> Vec<String> {
        let mut sentences = match &self.confirm.standing {
            Standing::Open => vec!["Nothing was decided yet. Open the link again to decide.".to_owned()],
            Standing::Used(at, decision) => {
                vec![format!("You {} it on {}, through this link. A link works once.", said(*decision), self.zone.at(*at).words)]
            }
            Standing::Late(at) => vec![format!("The link ended on {}. Nothing was decided by it.", self.zone.at(*at).words)],
            Standing::Refused(refusal) => vec![format!("Nothing was decided by this link: {}.", self.why(refusal))],
        };
        sentences.extend(self.confirm.seen.as_ref().map(|seen| became(seen, &self.zone)));
        sentences
    }

    fn why(&self, refusal: &Refusal) -> String {
        match (refusal, &self.confirm.seen) {
            (Refusal::AlreadySettled { .. }, _) => "the request has its outcome".to_owned(),
            (Refusal::UnknownRequest, _) => "the request is not there for you any more".to_owned(),
            (Refusal::TooLate { expired_at }, _) => format!("the time to decide ended on {}", self.zone.at(*expired_at).words),
            (Refusal::StaleRevision { .. }, Some(seen)) => {
                format!(
                    "it was made for revision {}, and the request was changed and stands at revision {}",
                    self.confirm.revision, seen.request.revision
                )
            }
            _ => refusal.detail(),
        }
    }
}

fn part(seen: &Seen, zone: &Zone) -> RequestPart {
    RequestPart {
        id: seen.request.id.to_string(),
        title: visible(&seen.title()).into_owned(),
        policy: seen.request.policy.to_string(),
        rule: visible(seen.policy.rule_name(&seen.request.rule)).into_owned(),
        requester: visible(&name(seen, &seen.request.requester)).into_owned(),
        revision: seen.request.revision.0,
        created: zone.at(seen.request.created_at),
        facts: facts(&seen.policy, &seen.payload),
        digest: seen.payload_digest().to_string(),
    }
}

fn said(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
        Decision::RequestChanges => "asked for changes to",
    }
}

/// Where the request stands: the end with who and when, or who is waited for.
fn became(seen: &Seen, zone: &Zone) -> String {
    if let Some(end) = &seen.request.settled {
        let names: Vec<String> = seen.request.deciders().iter().map(|person| visible(&name(seen, person)).into_owned()).collect();
        let decided = matches!(end.outcome, OutcomeName::Approved | OutcomeName::Rejected) && !names.is_empty();
        let by = if decided { format!(" by {}", names.join(", ")) } else { String::new() };
        return format!("The request was {}{by} on {}.", end.outcome.as_str(), zone.at(end.at).words);
    }
    let waiting: Vec<String> = seen.waiting().iter().map(|person| visible(&name(seen, person)).into_owned()).collect();
    match wire::status_word(seen.status()) {
        "pending" if !waiting.is_empty() => format!("The request is pending and waits for {}.", waiting.join(", ")),
        "returned" => "The request waits for its requester to change it.".to_owned(),
        status => format!("The request is {status}."),
    }
}
