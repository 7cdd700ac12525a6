//! Who looks at the pages: a person with a session cookie. Whoever has none is told how to get one.

use super::frame::{Frame, Viewer};
use super::page;
use super::signin::offer;
use super::words::Words;
use crate::api::{ApiState, origin, permit};
use crate::engine::Caller;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use countersign_core::canonical::Digest;
use countersign_core::event::Door;
use countersign_core::id::PersonId;
use http::request::Parts;
use subtle::ConstantTimeEq;

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// For the engine.
    pub caller: Caller,
    /// Who.
    pub person: PersonId,
    /// For the head of the page.
    pub viewer: Viewer,
    /// In whose words and time zone the page is.
    pub words: Words,
}

impl Visitor {
    /// Whether a form's token belongs to this session.
    #[must_use]
    pub fn sent(&self, token: &str) -> bool {
        bool::from(self.viewer.token.as_bytes().ct_eq(token.as_bytes()))
    }
}

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        let secret = permit::session_secret(parts, state).unwrap_or_default();
        let stranger = || Frame::stranger(Words::of_stranger(&parts.headers, state.engine.clock().now()));
        let caller = if secret.is_empty() { Ok(None) } else { state.engine.caller_of_session(&secret, Door::Web).await };
        let person = match caller.map_err(|error| page::problem(stranger(), &error.into(), None))? {
            Some(Caller::Person { id, .. }) => id,
            _ => return Err(offer::to_stranger(parts, state)),
        };
        if !parts.method.is_safe() {
            origin::same(&parts.headers, state).map_err(IntoResponse::into_response)?;
        }
        state.engine.refresh_choices(&person).await.map_err(|fault| page::problem(stranger(), &fault.into(), None))?;
        let caller = Caller::Person { id: person.clone(), door: Door::Web };
        state.gate.admit(&caller).map_err(IntoResponse::into_response)?;
        let people = state.engine.shelf().people();
        let roles = people.roster.person(&person).map(|person| person.roles.clone()).unwrap_or_default();
        let viewer = Viewer { name: people.name(&person), token: Digest::of(format!("form {secret}").as_bytes()).hex(), roles };
        let words = Words::of_person(&people, &person, &parts.headers, state.engine.clock().now());
        Ok(Self { caller, person, viewer, words })
    }
}
