//! Who calls: a machine with a key, a person with a session. Every route that is not for everybody names
//! `Permit` in its signature; without it there is no caller to hand to the engine.

use super::ApiState;
use super::origin;
use super::problem::Problem;
use crate::engine::Caller;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum_extra::extract::CookieJar;
use countersign_core::event::Door;
use http::header::AUTHORIZATION;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How a key's secret begins.
pub const KEY_PREFIX: &str = "csk_";
/// How a session's secret begins where it travels as a bearer token.
pub const SESSION_PREFIX: &str = "css_";

/// The caller of this request, recognised and within their limits.
#[derive(Clone, Debug)]
pub struct Permit(pub Caller);

/// The name of the session cookie; its prefix binds it to this host where people come encrypted.
pub(crate) fn cookie_name(state: &ApiState) -> &'static str {
    if state.is_https() { "__Host-countersign" } else { "countersign" }
}

/// The session's secret in the cookie, if one came.
pub(crate) fn session_secret(parts: &Parts, state: &ApiState) -> Option<String> {
    CookieJar::from_headers(&parts.headers).get(cookie_name(state)).map(|cookie| cookie.value().to_owned())
}

impl FromRequestParts<ApiState> for Permit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = match bearer(parts) {
            Some(token) => of_token(token, state).await?,
            None => of_cookie(parts, state).await?,
        };
        let Some(caller) = caller else {
            state.gate.admit_address(address(parts))?;
            return Err(Problem::new("unauthenticated", "no valid key or session came with this request"));
        };
        state.gate.admit(&caller)?;
        Ok(Self(caller))
    }
}

pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?;
    let (scheme, token) = value.to_str().unwrap_or_default().split_once(' ').unwrap_or_default();
    // Any other scheme is a credential that is not ours: it must not fall back to the cookie.
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
}

async fn of_token(token: &str, state: &ApiState) -> Result<Option<Caller>, Problem> {
    if let Some(secret) = token.strip_prefix(SESSION_PREFIX) {
        return Ok(state.engine.caller_of_session(secret, Door::Cli).await?);
    }
    if !token.starts_with(KEY_PREFIX) {
        return Ok(None);
    }
    let (known, generation) = state.gate.recall(token);
    if known.is_some() {
        return Ok(known);
    }
    let caller = state.engine.caller_of_key(token).await?;
    if let Some(caller) = &caller {
        state.gate.remember(token, caller, generation);
    }
    Ok(caller)
}

async fn of_cookie(parts: &Parts, state: &ApiState) -> Result<Option<Caller>, Problem> {
    let Some(secret) = session_secret(parts, state) else { return Ok(None) };
    if !parts.method.is_safe() {
        origin::same(&parts.headers, state)?;
    }
    Ok(state.engine.caller_of_session(&secret, Door::Web).await?)
}

/// Where the request comes from, as far as the connection says.
pub(crate) fn address(parts: &Parts) -> IpAddr {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}

/// An address that has not proved who it is, within its limits: for signing in.
#[derive(Clone, Copy, Debug)]
pub struct Stranger;

impl FromRequestParts<ApiState> for Stranger {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        state.gate.admit_address(address(parts))?;
        Ok(Self)
    }
}
