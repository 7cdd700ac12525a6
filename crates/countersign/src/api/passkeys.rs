//! Passkeys, for people at a browser: enrol, list, rename, remove, sign in. Signing a decision is asked for here and
//! answered with the decision.

use super::ApiState;
use super::arrival::Whence;
use super::body::{Members, Nothing, Shape, Strict};
use super::origin;
use super::parameters::{Named, NoParameters, Parameters};
use super::permit::{Permit, Stranger, cookie_name, session_secret};
use super::problem::{FaultBody, Problem, ProblemBody};
use crate::engine::Caller;
use crate::engine::passkeys::{Enrolment, Listed};
use crate::engine::sessions::SignedBy;
use crate::wire::assertion::{AssertionPage, assertions};
use crate::wire::event::decision_of;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use countersign_core::event::Decision;
use countersign_core::id::{PersonId, Revision};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use webauthn_rs::prelude::PublicKeyCredential;

/// A passkey.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PasskeyBody {
    /// The credential's id, base64url.
    pub id: String,
    /// As its person named it.
    pub name: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it last signed.
    pub last_used_at: Option<String>,
    /// Whether a copy is kept by the person's provider.
    pub backed_up: bool,
    /// Since when it is refused, because its counter went back.
    pub suspected_at: Option<String>,
}

/// A person's passkeys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PasskeyPage {
    /// In the order they were enrolled.
    pub items: Vec<PasskeyBody>,
    /// Always null: the list is short.
    pub next: Option<String>,
}

/// A question to an authenticator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuestionBody {
    /// Names the question in the answer; good for five minutes and one answer.
    pub ceremony: String,
    /// For `navigator.credentials`: `{ "publicKey": … }`, binary members as base64url.
    #[schema(value_type = Object)]
    pub options: Value,
    /// What is signed, where a decision is; the challenge is the SHA-256 of its canonical JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub statement: Option<Value>,
}

/// Who signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedInBody {
    /// Who is signed in; the session is in the cookie.
    pub person: String,
}

/// A new passkey.
#[derive(Debug, ToSchema)]
pub struct EnrolBody {
    /// For its person to recognise it by.
    name: Option<String>,
    /// Which question.
    ceremony: String,
    /// What `navigator.credentials.create` gave, binary members as base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

impl Shape for EnrolBody {
    const MEMBERS: &'static [&'static str] = &["name", "ceremony", "credential"];
    fn take(members: &mut Members) -> Self {
        Self { name: members.optional_text("name", 255), ceremony: members.name("ceremony"), credential: members.value("credential") }
    }
}

/// Another name.
#[derive(Debug, ToSchema)]
pub struct RenameBody {
    /// One line, at most 60 characters.
    name: String,
}

impl Shape for RenameBody {
    const MEMBERS: &'static [&'static str] = &["name"];
    fn take(members: &mut Members) -> Self {
        Self { name: members.name("name") }
    }
}

/// An answer to the question who is there.
#[derive(Debug, ToSchema)]
pub struct AnswerBody {
    /// Which question.
    ceremony: String,
    /// What `navigator.credentials.get` gave, binary members as base64url.
    #[schema(value_type = Object)]
    credential: Value,
}

impl Shape for AnswerBody {
    const MEMBERS: &'static [&'static str] = &["ceremony", "credential"];
    fn take(members: &mut Members) -> Self {
        Self { ceremony: members.name("ceremony"), credential: members.value("credential") }
    }
}

/// A decision that is to be signed.
#[derive(Debug, ToSchema)]
pub struct StepUpBody {
    /// approve, reject or request_changes.
    #[schema(value_type = String)]
    decision: Option<Decision>,
    /// The revision that is shown.
    revision: u32,
}

impl Shape for StepUpBody {
    const MEMBERS: &'static [&'static str] = &["decision", "revision"];
    fn take(members: &mut Members) -> Self {
        let word = members.name("decision");
        let decision = decision_of(&word);
        if decision.is_none() && !word.is_empty() {
            members.fault("decision", "one of `approve`, `reject`, `request_changes` is expected");
        }
        Self { decision, revision: members.number("revision") }
    }
}

/// Whose passkeys or sessions are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// Another person, for admins.
    person: Option<String>,
}

impl Whose {
    pub(super) fn person(self) -> Option<PersonId> {
        self.person.map(PersonId::new)
    }
}

/// A person's session in a browser, with its secret.
pub struct Browser {
    caller: Caller,
    secret: String,
}

impl FromRequestParts<ApiState> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Permit(caller) = Permit::from_request_parts(parts, state).await?;
        Ok(Self { caller, secret: session_secret(parts, state).unwrap_or_default() })
    }
}

/// One's passkeys; for admins with `?person=` another's.
#[utoipa::path(get, path = "/v1/passkeys", tag = "passkeys", params(Whose),
    responses((status = 200, body = PasskeyPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<PasskeyPage>, Problem> {
    let items = state.engine.passkeys(&caller, whose.person().as_ref()).await?;
    Ok(Json(PasskeyPage { items: items.into_iter().map(body).collect(), next: None }))
}

/// Asks for a new passkey; only shortly after signing in.
#[utoipa::path(post, path = "/v1/passkeys/enrolment", tag = "passkeys",
    responses((status = 200, body = QuestionBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn start_enrolment(State(state): State<ApiState>, browser: Browser, _: Strict<Nothing>) -> Result<Json<QuestionBody>, Problem> {
    Ok(Json(question(state.engine.start_enrolment(&browser.caller, &browser.secret).await?)))
}

/// Takes a new passkey.
#[utoipa::path(post, path = "/v1/passkeys", tag = "passkeys", request_body = EnrolBody,
    responses((status = 201, body = PasskeyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn enrol(State(state): State<ApiState>, Permit(caller): Permit, Strict(new): Strict<EnrolBody>) -> Result<Response, Problem> {
    let credential = credential(new.credential)?;
    let made = state.engine.finish_enrolment(&caller, &new.ceremony, new.name.as_deref().unwrap_or_default(), &credential).await?;
    Ok((StatusCode::CREATED, Json(body(made))).into_response())
}

/// Gives one's passkey another name.
#[utoipa::path(put, path = "/v1/passkeys/{id}", tag = "passkeys", params(("id" = String, Path)), request_body = RenameBody,
    responses((status = 200, body = PasskeyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn rename(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Path(id): Path<String>,
    Strict(new): Strict<RenameBody>,
) -> Result<Json<PasskeyBody>, Problem> {
    Ok(Json(body(state.engine.rename_passkey(&caller, &id, &new.name).await?)))
}

/// Removes one's passkey; for admins with `?person=` another's.
#[utoipa::path(delete, path = "/v1/passkeys/{id}", tag = "passkeys", params(("id" = String, Path), Whose),
    responses((status = 200, body = PasskeyBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Path(id): Path<String>,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<PasskeyBody>, Problem> {
    Ok(Json(body(state.engine.remove_passkey(&caller, whose.person().as_ref(), &id).await?)))
}

/// Asks who is there.
#[utoipa::path(post, path = "/v1/passkeys/challenge", tag = "passkeys", security(()),
    responses((status = 200, body = QuestionBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn challenge(
    State(state): State<ApiState>,
    _: Stranger,
    headers: HeaderMap,
    _: Strict<Nothing>,
) -> Result<Json<QuestionBody>, Problem> {
    origin::same(&headers, &state)?;
    Ok(Json(question(state.engine.start_passkey_sign_in().await?)))
}

/// Signs in whoever the passkey proves to be there; the session is in the cookie.
#[utoipa::path(post, path = "/v1/passkeys/sign-in", tag = "passkeys", security(()), request_body = AnswerBody,
    responses((status = 200, body = SignedInBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn sign_in(
    State(state): State<ApiState>,
    _: Stranger,
    Ok(whence): Result<Whence, std::convert::Infallible>,
    headers: HeaderMap,
    jar: CookieJar,
    Strict(answer): Strict<AnswerBody>,
) -> Result<Response, Problem> {
    origin::same(&headers, &state)?;
    let credential: PublicKeyCredential = credential(answer.credential)?;
    // The handle is the caller's to choose: the credential is counted, and nobody's other passkeys are held up by it.
    let account = credential.get_credential_id();
    state.attempts.begin("passkey", account)?;
    let person = state.engine.finish_passkey_sign_in(&answer.ceremony, &credential).await?;
    state.attempts.succeeded("passkey", account);
    let secret = state.engine.open_session(&person, &whence.arrival(SignedBy::Passkey)).await?;
    if let Some(brought) = jar.get(cookie_name(&state)) {
        state.engine.end_session(brought.value()).await?;
    }
    let cookie = Cookie::build((cookie_name(&state), secret)).path("/").http_only(true).same_site(SameSite::Lax).secure(state.is_https());
    Ok((jar.add(cookie.build()), Json(SignedInBody { person: person.to_string() })).into_response())
}

/// Asks one's passkeys to sign a decision on a request as it stands; the answer goes with the decision.
#[utoipa::path(post, path = "/v1/requests/{id}/passkey", tag = "passkeys", params(("id" = String, Path)), request_body = StepUpBody,
    responses((status = 200, body = QuestionBody), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn step_up(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    Strict(asked): Strict<StepUpBody>,
) -> Result<Json<QuestionBody>, Problem> {
    let Some(decision) = asked.decision else { return Err(Problem::invalid_body(Vec::new())) };
    let asked = state.engine.start_step_up(&caller, id, decision, Revision(asked.revision)).await?;
    Ok(Json(QuestionBody { ceremony: asked.ceremony, options: asked.options, statement: Some(asked.statement.value()) }))
}

/// Every decision on a request that a passkey signed, with what it signed: enough to verify it elsewhere.
#[utoipa::path(get, path = "/v1/requests/{id}/assertions", tag = "passkeys", params(("id" = String, Path)),
    responses((status = 200, body = AssertionPage), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_request(
    State(state): State<ApiState>,
    Permit(caller): Permit,
    Named(id): Named,
    _: Parameters<NoParameters>,
) -> Result<Json<AssertionPage>, Problem> {
    let (seen, events) = state.engine.see_with_events(&caller, id).await?;
    Ok(Json(assertions(&events, |content| seen.text(content))))
}

/// A credential as a browser gave it.
pub(super) fn credential<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|_| {
        let message = "a credential as `navigator.credentials` gives it is expected, binary members as base64url".to_owned();
        Problem::invalid_body(vec![FaultBody { pointer: "/credential".to_owned(), message }])
    })
}

fn question(asked: Enrolment) -> QuestionBody {
    QuestionBody { ceremony: asked.ceremony, options: asked.options, statement: None }
}

fn body(listed: Listed) -> PasskeyBody {
    PasskeyBody {
        id: listed.id,
        name: listed.name,
        created_at: listed.created_at.to_string(),
        last_used_at: listed.last_used_at.map(|at| at.to_string()),
        backed_up: listed.backed_up,
        suspected_at: listed.suspected_at.map(|at| at.to_string()),
    }
}
