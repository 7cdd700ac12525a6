//! The page behind a confirm link: one request, one question, no navigation. Opening it never decides, for mail
//! scanners open links: it sets a nonce in a cookie, and only a form that carries the token made from link and nonce,
//! with a choice that nothing preselects, is passed on. A link that is over says what became of its request.

use super::facts::{Fact, Shape, facts, flags, sum};
use super::frame::Frame;
use super::page;
use super::stages::name;
use super::words::{Phrase, Words};
use crate::api::problem::{Problem, ProblemCode};
use crate::api::{ApiState, codes, origin, permit};
use crate::engine::confirm::{Confirm, Standing};
use crate::engine::{Caller, EngineError, Seen};
use crate::summary::visible::visible;
use crate::wire::event::{decision_of, decision_word};
use crate::wire::status_word;
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
use countersign_core::id::PersonId;
use countersign_core::policy::OutcomeName;
use countersign_core::refusal::Refusal;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
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
    frame: Frame,
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
    asked: String,
    /// Keys of words about how the requester's name may deceive.
    flags: Vec<&'static str>,
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

/// Who asks, as far as anybody knows before the link says it.
#[derive(Clone, Debug)]
pub(super) struct Whence {
    address: IpAddr,
    headers: HeaderMap,
}

impl FromRequestParts<ApiState> for Whence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self { address: permit::address(parts), headers: parts.headers.clone() })
    }
}

/// A link that was made by the engine, with what it leads to.
struct Opened {
    secret: String,
    confirm: Confirm,
    /// The name of its person.
    name: String,
    words: Words,
}

/// Shows the question, or what became of it.
pub(super) async fn show(State(state): State<ApiState>, Path(secret): Path<String>, whence: Whence, jar: CookieJar) -> Response {
    let opened = match open(&state, secret, whence).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    if opened.confirm.standing != Standing::Open {
        return page::render(StatusCode::OK, &opened.page(None, None));
    }
    let nonce = nonce(&jar, &state, &opened.secret).unwrap_or_else(|| URL_SAFE_NO_PAD.encode(state.engine.draw::<32>()));
    let form = opened.form(&token(&opened.secret, &nonce), String::new());
    let cookie = Cookie::build((cookie_name(&state, &opened.secret), nonce));
    let cookie = cookie.path("/").http_only(true).same_site(SameSite::Strict).secure(state.is_https()).build();
    (jar.add(cookie), page::render(StatusCode::OK, &opened.page(form, None))).into_response()
}

/// Passes the choice on.
pub(super) async fn decide(
    State(state): State<ApiState>,
    Path(secret): Path<String>,
    whence: Whence,
    jar: CookieJar,
    form: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let from_us = origin::same(&whence.headers, &state).is_ok();
    let opened = match open(&state, secret, whence).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    let Ok(Form(chosen)) = form else {
        return opened.refused("invalid_body", opened.words.say("link-incomplete"));
    };
    let expected = nonce(&jar, &state, &opened.secret).map(|nonce| token(&opened.secret, &nonce));
    let ours = expected.as_ref().is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(chosen.token.as_bytes())));
    if !from_us || !ours {
        return opened.refused("cross_site", opened.words.say("link-foreign"));
    }
    if opened.confirm.standing != Standing::Open {
        return opened.refused("link_spent", opened.words.say("link-too-late"));
    }
    let comment = chosen.comment.trim().to_owned();
    match (decision_of(&chosen.decision), wanting(&chosen.decision, &comment)) {
        (Some(decision), None) => pass_on(&state, opened, decision, comment).await,
        (_, wrong) => {
            let form = opened.form(&chosen.token, chosen.comment);
            let wrong = opened.words.say(wrong.unwrap_or("link-choose"));
            page::render(StatusCode::UNPROCESSABLE_ENTITY, &opened.page(form, Some(wrong.to_string())))
        }
    }
}

async fn pass_on(state: &ApiState, opened: Opened, decision: Decision, comment: String) -> Response {
    let comment = Some(comment).filter(|text| !text.is_empty());
    let decided = state.engine.decide_by_link(&opened.secret, decision, comment).await;
    let failed = |error: EngineError| page::problem(Frame::stranger(opened.words.clone()), &error.into(), None);
    let confirm = match state.engine.look_through_link(&opened.secret).await {
        Ok(Some(confirm)) => confirm,
        Ok(None) => return failed(EngineError::LinkSpent),
        Err(error) => return failed(error),
    };
    match decided {
        Ok(_) => page::render(StatusCode::OK, &Opened { confirm, ..opened }.page(None, None)),
        Err(EngineError::Refused(refusal)) => {
            let now = Opened { confirm, ..opened };
            now.refused(refusal.code(), now.words.say("link-refused").arg("why", now.detail(&refusal)))
        }
        Err(EngineError::LinkSpent) => {
            let now = Opened { confirm, ..opened };
            now.refused("link_spent", now.words.say("link-too-late"))
        }
        Err(error) => failed(error),
    }
}

/// The link, for whoever holds one. Whoever guesses is held to the limits of strangers, and a person to their own.
async fn open(state: &ApiState, secret: String, whence: Whence) -> Result<Opened, Box<Response>> {
    let now = state.engine.clock().now();
    let frame = || Frame::stranger(Words::of_stranger(&whence.headers, now));
    let problem = |problem: &Problem| Box::new(page::problem(frame(), problem, None));
    let Some(confirm) = state.engine.look_through_link(&secret).await.map_err(|error| problem(&error.into()))? else {
        state.gate.admit_address(whence.address).map_err(|limited| problem(&limited))?;
        let mut response = page::message(StatusCode::NOT_FOUND, frame(), "link-nowhere", "link-nowhere-text");
        response.extensions_mut().insert(ProblemCode("unknown_route"));
        return Err(Box::new(response));
    };
    let caller = Caller::Person { id: confirm.person.clone(), door: Door::Link };
    state.gate.admit(&caller).map_err(|limited| problem(&limited))?;
    state.engine.refresh_choices(&confirm.person).await.map_err(|fault| problem(&fault.into()))?;
    let words = Words::of_person(&state.engine.shelf().people(), &confirm.person, &whence.headers, now);
    Ok(Opened { secret, name: state.engine.shelf().people().name(&confirm.person), confirm, words })
}

/// What is wrong with the choice, if anything: the key of its words.
fn wanting(decision: &str, comment: &str) -> Option<&'static str> {
    if comment.chars().count() > COMMENT_MAX {
        return Some("link-too-long");
    }
    match decision_of(decision) {
        Some(Decision::Reject) if comment.is_empty() => Some("link-why-reject"),
        Some(Decision::RequestChanges) if comment.is_empty() => Some("link-why-request-changes"),
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
    fn page(&self, form: Option<FormPart>, error: Option<String>) -> ConfirmPage {
        let words = &self.words;
        let heading = match (&form, &self.confirm.standing) {
            (Some(_), _) => words.say("link-question"),
            (None, Standing::Used(..)) => words.say("link-decided"),
            (None, _) => words.say("link-over"),
        };
        let seen = self.confirm.seen.as_ref();
        let stage = seen.and_then(|seen| Some(seen.stage(seen.request.stage(self.confirm.stage)?).name));
        let who = match stage {
            Some(stage) => words.say("link-who-stage").arg("stage", visible(&stage)),
            None => words.say("link-who"),
        };
        let outcome = if form.is_some() { Vec::new() } else { self.outcome() };
        let frame = Frame::stranger(words.clone());
        let who = who.arg("name", visible(&self.name)).to_string();
        ConfirmPage { frame, heading: heading.to_string(), who, request: seen.map(|seen| self.part(seen)), form, outcome, error }
    }

    fn form(&self, token: &str, comment: String) -> Option<FormPart> {
        let seen = self.confirm.seen.as_ref()?;
        let approve = match sum(seen, &self.words) {
            Some(sum) => self.words.say("link-approve-sum").arg("sum", sum),
            None => self.words.say("link-approve"),
        };
        Some(FormPart { action: format!("/c/{}", self.secret), token: token.to_owned(), approve: approve.to_string(), comment })
    }

    fn part(&self, seen: &Seen) -> RequestPart {
        let asked = self.words.say("link-asked").arg("name", visible(&name(seen, &seen.request.requester)));
        let asked = asked.arg("time", self.time(seen.request.created_at)).arg("rule", visible(seen.policy.rule_name(&seen.request.rule)));
        RequestPart {
            id: seen.request.id.to_string(),
            title: self.words.title(&seen.title()),
            asked: asked.arg("policy", seen.request.policy.as_str()).arg("revision", seen.request.revision.0).to_string(),
            flags: flags(&name(seen, &seen.request.requester)),
            facts: facts(seen, &self.words),
            digest: seen.payload_digest().map(|digest| digest.to_string()).unwrap_or_default(),
        }
    }

    /// The page with what is true, as the answer to a form that changed nothing.
    fn refused(&self, code: &'static str, words: Phrase) -> Response {
        let entry = codes::of(code);
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = page::render(status, &self.page(None, Some(words.to_string())));
        response.extensions_mut().insert(ProblemCode(entry.code));
        response
    }

    /// What became of the link and of its request, in sentences.
    fn outcome(&self) -> Vec<String> {
        let words = &self.words;
        let link = match &self.confirm.standing {
            Standing::Open => words.say("link-open"),
            Standing::Used(at, decision) => words.one("link-used", decision_word(*decision)).arg("time", self.time(*at)),
            Standing::Late(at) => words.say("link-ended").arg("time", self.time(*at)),
            Standing::Refused(refusal) => self.why(refusal),
        };
        let mut sentences = vec![link.to_string()];
        sentences.extend(self.confirm.seen.as_ref().map(|seen| self.became(seen).to_string()));
        sentences
    }

    fn why(&self, refusal: &Refusal) -> Phrase {
        let words = &self.words;
        match (refusal, &self.confirm.seen) {
            (Refusal::AlreadySettled { .. }, _) => words.say("link-settled"),
            (Refusal::UnknownRequest, _) => words.say("link-gone"),
            (Refusal::SignInRequired | Refusal::PasskeyRequired, _) => words.say("link-sign-in"),
            (Refusal::TooLate { expired_at }, _) => words.say("link-expired").arg("time", self.time(*expired_at)),
            (Refusal::StaleRevision { .. }, Some(seen)) => {
                words.say("link-stale").arg("seen", self.confirm.revision.0).arg("current", seen.request.revision.0)
            }
            _ => words.say("link-refused").arg("why", self.detail(refusal)),
        }
    }

    fn detail(&self, refusal: &Refusal) -> String {
        page::detail(&Frame::stranger(self.words.clone()), &Problem::from(refusal.clone()))
    }

    /// Where the request stands: the end with who and when, or who is waited for.
    fn became(&self, seen: &Seen) -> Phrase {
        let words = &self.words;
        let names = |people: &mut dyn Iterator<Item = &PersonId>| {
            let names: Vec<String> = people.map(|person| visible(&name(seen, person)).into_owned()).collect();
            names.join(", ")
        };
        if let Some(end) = &seen.request.settled {
            let time = self.time(end.at);
            let deciders = names(&mut seen.request.deciders().iter());
            return match end.outcome {
                OutcomeName::Approved if !deciders.is_empty() => words.say("link-now-approved-by").arg("names", deciders).arg("time", time),
                OutcomeName::Rejected if !deciders.is_empty() => words.say("link-now-rejected-by").arg("names", deciders).arg("time", time),
                outcome => words.one("link-now", outcome.as_str()).arg("time", time),
            };
        }
        let waiting = names(&mut seen.waiting().iter());
        match status_word(seen.status()) {
            "pending" if !waiting.is_empty() => words.say("link-now-pending-for").arg("names", waiting),
            status => words.one("link-now", status),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        self.words.time(at).words
    }
}
