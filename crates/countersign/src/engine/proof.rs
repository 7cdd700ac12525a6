//! Trying a person's own roads: one small notice through each, and what came back. No request is involved and
//! nothing is recorded.

use super::shelf::Route;
use super::{Caller, Engine, EngineError};
use crate::outbound::secret::SecretRef;
use crate::ports::{Answer, Channel, Parcel};
use countersign_core::id::PersonId;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A person tries their roads at most this often.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// As many people's last tries are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// What became of a test notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The receiver took it, with this answer.
    Taken(String),
    /// It did not.
    NotTaken(String),
    /// The last try was only just now.
    TooSoon,
    /// There is no such road, or nothing to send through.
    NoRoad,
}

/// The way out that test notices take.
#[derive(Default)]
pub(crate) struct Outlet {
    webhook: OnceLock<Arc<dyn Channel>>,
    tried: Mutex<BTreeMap<PersonId, Timestamp>>,
}

impl Outlet {
    fn admits(&self, person: &PersonId, now: Timestamp) -> bool {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|_, at| now.duration_since(*at) < AGAIN_AFTER);
        if tried.contains_key(person) || tried.len() >= REMEMBERED_MAX {
            return false;
        }
        tried.insert(person.clone(), now);
        true
    }
}

impl Engine {
    /// Lends the guarded way out, once, at the start.
    pub fn lend_outlet(&self, webhook: Arc<dyn Channel>) {
        // Lent twice, the first stands.
        let _ = self.outlet.webhook.set(webhook);
    }

    /// Sends a test notice through the caller's own road of this place in their order, counted from 0.
    ///
    /// # Errors
    /// When the caller is no person.
    pub async fn prove_road(&self, caller: &Caller, place: usize) -> Result<Proof, EngineError> {
        let Caller::Person { id, .. } = caller else { return Err(EngineError::Forbidden("only a person has roads to try")) };
        let people = self.shelf().people();
        let (Some(Route::Webhook { url, secret }), Some(webhook)) = (people.routes(id).get(place), self.outlet.webhook.get()) else {
            return Ok(Proof::NoRoad);
        };
        let now = self.clock().now();
        if !self.outlet.admits(id, now) {
            return Ok(Proof::TooSoon);
        }
        let secret = match secret.as_deref().map(str::parse::<SecretRef>).transpose() {
            Ok(secret) => secret,
            Err(_) => return Ok(Proof::NotTaken("the secret is no reference".into())),
        };
        let notice = json!({ "type": "countersign.test", "timestamp": now.to_string(),
            "data": { "person": id.as_str(), "url": format!("{}/me", self.settings().public_url.trim_end_matches('/')) } });
        let body = serde_json::to_vec(&notice).unwrap_or_default();
        let parcel = Parcel { id: self.new_effect_id(now).to_string(), url: url.clone(), secret, body, timestamp: now, headers: Vec::new() };
        let answer = webhook.deliver(&parcel).await;
        Ok(match answer {
            Answer::Delivered { answer, .. } => Proof::Taken(answer),
            other => Proof::NotTaken(other.text().to_owned()),
        })
    }
}
