//! Signing in at an identity provider: there by a link, back by the address that the provider sends the browser to. The
//! way back counts only in the browser that set out, once, and within ten minutes.

use super::offer::Wanted;
use super::{enter, stranger_frame};
use crate::api::ApiState;
use crate::api::arrival::Whence;
use crate::api::permit::{self, Stranger};
use crate::api::problem::Problem;
use crate::engine::sessions::SignedBy;
use crate::engine::subjects::{NotJoined, SignIn, Verified};
use crate::openid::attempt::Attempt;
use crate::openid::exchange::Callback;
use crate::openid::{Provider, SignInFault};
use crate::web::frame::Frame;
use crate::web::page::{self, Back};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use countersign_core::id::PersonId;
use http::HeaderMap;
use std::convert::Infallible;

/// Sends the browser to the provider.
pub(in crate::web) async fn begin(
    State(state): State<ApiState>,
    stranger: Result<Stranger, Problem>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Response {
    let frame = stranger_frame(&state, &headers);
    if let Err(problem) = stranger {
        return page::problem(frame, &problem, None);
    }
    let Query(wanted) = wanted.unwrap_or_default();
    match set_out(&state, &id, wanted.path(), None).await {
        Ok((cookie, url)) => (jar.add(cookie), Redirect::to(&url)).into_response(),
        Err(problem) => refused(frame, &problem),
    }
}

/// The cookie and the address with which a browser sets out.
pub(in crate::web) async fn set_out(state: &ApiState, id: &str, next: &str, adds: Option<String>) -> Result<(Cookie<'static>, String), Problem> {
    let providers = state.providers.as_ref().ok_or_else(unknown)?;
    let provider = providers.find(id).ok_or_else(unknown)?;
    let begun = providers.begin(provider, state.public_url(), next, adds).await.map_err(|fault| failed(provider, &fault))?;
    Ok((cookie(state, begun.cookie), begun.url))
}

/// Takes whoever comes back from the provider in, or says why not.
pub(in crate::web) async fn come_back(
    State(state): State<ApiState>,
    stranger: Result<Stranger, Problem>,
    Ok(whence): Result<Whence, Infallible>,
    Path(id): Path<String>,
    callback: Result<Query<Callback>, QueryRejection>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Response {
    let frame = stranger_frame(&state, &headers);
    if let Err(problem) = stranger {
        return page::problem(frame, &problem, None);
    }
    let held = |name| jar.get(name).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let (brought, session) = (held(cookie_name(&state)), held(permit::cookie_name(&state)));
    let jar = jar.remove(cookie(&state, String::new()));
    let Query(callback) = callback.unwrap_or_default();
    let proved = match prove(&state, &id, &brought, callback).await {
        Ok(proved) => proved,
        Err(problem) => return (jar, refused(frame, &problem)).into_response(),
    };
    match proved {
        (attempt, verified) if attempt.adds.is_some() => (jar, add(&state, frame, &attempt, &verified, &session).await).into_response(),
        (attempt, verified) => {
            let arrival = whence.arrival(SignedBy::Provider(verified.provider.clone()));
            let account = (verified.provider.as_str(), verified.subject.as_bytes());
            if let Err(problem) = state.attempts.begin(account.0, account.1) {
                return (jar, refused(frame, &problem)).into_response();
            }
            match state.engine.sign_in(&verified, &arrival).await {
                Ok(SignIn::Entered(secret, _)) => {
                    state.attempts.succeeded(account.0, account.1);
                    enter(&state, frame, jar, secret, &attempt.next).await
                }
                Ok(SignIn::Refused(why)) => (jar, refused(frame, &nobody(why, &verified))).into_response(),
                Err(error) => (jar, page::problem(frame, &error.into(), None)).into_response(),
            }
        }
    }
}

async fn prove(state: &ApiState, id: &str, cookie: &str, callback: Callback) -> Result<(Attempt, Verified), Problem> {
    let providers = state.providers.as_ref().ok_or_else(unknown)?;
    let provider = providers.find(id).ok_or_else(unknown)?;
    providers.end(provider, state.public_url(), cookie, callback).await.map_err(|fault| failed(provider, &fault))
}

/// Adds the sign-in to the person of the very session that began it.
async fn add(state: &ApiState, frame: Frame, attempt: &Attempt, verified: &Verified, session: &str) -> Response {
    let held = match state.engine.session(session).await {
        Ok(held) => held.filter(|held| attempt.adds.as_ref() == Some(&held.id)),
        Err(error) => return page::problem(frame, &error.into(), None),
    };
    let Some(held) = held else {
        return refused(frame, &Problem::new("signin_refused", "the session that began to add this sign-in has ended; sign in and begin again"));
    };
    match state.engine.add_subject(&PersonId::new(held.person), verified).await {
        Ok(Ok(())) => Redirect::to("/me/sign-ins").into_response(),
        Ok(Err(why)) => refused(frame, &nobody(why, verified)),
        Err(error) => page::problem(frame, &error.into(), None),
    }
}

/// Why whoever has proved to be somebody there is nobody here.
fn nobody(why: NotJoined, verified: &Verified) -> Problem {
    let line = format!("`subjects = [\"{}:{}\"]`", verified.provider, verified.subject);
    let detail = match why {
        NotJoined::Unknown => format!("this account leads to nobody in the directory and nothing was made; ask whoever runs Countersign to add {line} to your entry"),
        NotJoined::OtherSubject => format!("the address of this account belongs to somebody who signs in there with another account, and nothing was made; if both are yours, ask whoever runs Countersign to add {line} to your entry"),
        NotJoined::Contested => "this account is one person's in the directory and another's on record; nobody was signed in, and whoever runs Countersign must say whose it is".to_owned(),
        NotJoined::Taken => "this account is already the sign-in of somebody else, and nothing was changed: one account is one person".to_owned(),
        NotJoined::Left => "this account belongs to somebody who is no longer active in the directory; nobody was signed in".to_owned(),
    };
    Problem::new("signin_refused", detail)
}

/// What went wrong, for the person; the log says more where it is not theirs to mend.
fn failed(provider: &Provider, fault: &SignInFault) -> Problem {
    match fault {
        SignInFault::NotOurs | SignInFault::Denied => Problem::new("signin_refused", format!("{fault}; nobody was signed in, begin again")),
        SignInFault::Invalid(_) => {
            tracing::warn!(provider = provider.id, error = %fault, "a sign-in was refused");
            Problem::new("signin_refused", "what the identity provider answered does not prove who you are; nobody was signed in, begin again")
        }
        SignInFault::Unreachable(_) => {
            tracing::error!(provider = provider.id, error = %fault, "an identity provider did not answer");
            Problem::new("signin_unreachable", "the identity provider did not answer; nobody was signed in, try again in a moment")
        }
    }
}

/// What is said of a provider that is not configured.
fn unknown() -> Problem {
    Problem::new("unknown_signin", "there is no identity provider of this name; `/login` lists those there are")
}

/// The page that says why not, with the way back to the beginning.
fn refused(frame: Frame, problem: &Problem) -> Response {
    page::problem(frame, problem, Some(Back { address: "/login".into(), words: "signin-ways" }))
}

fn cookie_name(state: &ApiState) -> &'static str {
    if state.is_https() { "__Host-countersign-signin" } else { "countersign-signin" }
}

/// The cookie that binds the way back to this browser. Lax, as the way back comes from another site.
fn cookie(state: &ApiState, sealed: String) -> Cookie<'static> {
    Cookie::build((cookie_name(state), sealed)).path("/").http_only(true).same_site(SameSite::Lax).secure(state.is_https()).build()
}
