//! Signing in at an identity provider: OpenID Connect's authorisation code flow with PKCE, over the guarded client. It
//! proves who signed in there; whose sign-in that is here, the engine says.

use crate::engine::subjects::Verified;
use crate::outbound::guard::Guard;
use crate::outbound::secret::{SecretRef, Secrets};
use crate::outbound::{OutboundFault, Patience, client};
use crate::ports::{Clock, Random};
use attempt::{Attempt, Key};
use countersign_core::id::GroupId;
use exchange::{Callback, Known, Line};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;

pub mod attempt;
pub mod exchange;

/// A person has this long to sign in at the provider.
pub const ATTEMPT_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// What a provider says of itself is asked again after this long, and when a signature is by a key unknown so far.
const KNOWN_FOR: SignedDuration = SignedDuration::from_mins(10);
/// A person waits for all of it: no single answer may take longer.
const PATIENCE: Patience = Patience { total: Duration::from_secs(8), connect: Duration::from_secs(4) };

/// An identity provider, as it was configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// In addresses, in the directory's `subjects`, in records.
    pub id: String,
    /// On the button.
    pub name: String,
    /// Where discovery begins; what its tokens must name.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: Option<SecretRef>,
    /// What we ask for, beside `openid`.
    pub scopes: Vec<String>,
    /// Whether an address that it calls verified may lead to a person of the directory.
    pub trust_email: bool,
    /// The claim that names groups, as a text or a list of texts.
    pub groups_claim: Option<String>,
    /// Which of them are which of ours.
    pub groups: BTreeMap<String, GroupId>,
}

/// Why a sign-in at a provider came to nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignInFault {
    /// It did not begin in this browser, began too long ago, or has ended once already.
    #[error("this sign-in did not begin in this browser, began too long ago, or was used already")]
    NotOurs,
    /// The provider did not let them in, or they turned back.
    #[error("the identity provider did not sign you in")]
    Denied,
    /// It cannot be reached, or does not answer as such.
    #[error("the identity provider cannot be reached or did not answer as one: {0}")]
    Unreachable(String),
    /// What it answered does not prove anything.
    #[error("what the identity provider answered is not valid: {0}")]
    Invalid(String),
}

/// The providers, and what is under way with them.
pub struct Providers {
    list: Vec<Provider>,
    line: Line,
    secrets: Secrets,
    key: Key,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    known: Mutex<BTreeMap<String, (Timestamp, Arc<Known>)>>,
    ended: Mutex<BTreeMap<String, Timestamp>>,
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter().map(|provider| &provider.id)).finish()
    }
}

/// A sign-in that begins: where to send the browser, and what to give it along.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Begun {
    /// The provider's page.
    pub url: String,
    /// The cookie that binds the way back to this browser.
    pub cookie: String,
}

impl Providers {
    /// These providers, reached under this guard.
    ///
    /// # Errors
    /// When there are no roots of trust.
    pub fn new(list: Vec<Provider>, guard: Guard, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, OutboundFault> {
        let guard = Arc::new(guard);
        let line = Line::new(client(&guard, PATIENCE)?, guard);
        let secrets = Secrets::allowing(list.iter().filter_map(|provider| provider.client_secret.clone()));
        let key = Key::draw(random.as_ref());
        Ok(Self { list, line, secrets, key, clock, random, known: Mutex::default(), ended: Mutex::default() })
    }

    /// All of them, in the order of the configuration.
    pub fn list(&self) -> &[Provider] {
        &self.list
    }

    /// The provider of this id.
    pub fn find(&self, id: &str) -> Option<&Provider> {
        self.list.iter().find(|provider| provider.id == id)
    }

    /// Begins a sign-in. `adds` names the session whose person adds this sign-in to themselves.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn begin(&self, provider: &Provider, public_url: &str, next: &str, adds: Option<String>) -> Result<Begun, SignInFault> {
        let now = self.clock.now();
        let mut seed = [0; 32];
        self.random.fill(&mut seed);
        let until = now.saturating_add(ATTEMPT_LASTS).unwrap_or(now);
        let attempt = Attempt { provider: provider.id.clone(), seed, until, next: next.to_owned(), adds };
        let known = self.known(provider, false).await?;
        let url = known.authorize_url(provider, &redirect_url(public_url, provider), &self.key.words(&attempt), attempt.adds.is_some())?;
        Ok(Begun { url, cookie: self.key.seal(&attempt) })
    }

    /// Ends a sign-in: the way back, with the cookie that was given along.
    ///
    /// # Errors
    /// When it is not ours, was refused, or proves nothing.
    pub async fn end(&self, provider: &Provider, public_url: &str, cookie: &str, callback: Callback) -> Result<(Attempt, Verified), SignInFault> {
        let now = self.clock.now();
        let attempt = self.key.open(cookie, now).filter(|attempt| attempt.provider == provider.id).ok_or(SignInFault::NotOurs)?;
        let words = self.key.words(&attempt);
        if !bool::from(words.state.as_bytes().ct_eq(callback.state.as_bytes())) || !self.first_end(&words.state, attempt.until, now) {
            return Err(SignInFault::NotOurs);
        }
        let code = callback.code(provider)?;
        let secret = match &provider.client_secret {
            Some(reference) => Some(self.secrets.resolve(reference).await.map_err(|fault| SignInFault::Unreachable(fault.to_string()))?),
            None => None,
        };
        let known = self.known(provider, false).await?;
        let token = known.redeem(&self.line, provider, &redirect_url(public_url, provider), secret.as_ref(), (code, &words)).await?;
        let verified = match known.verify(provider, &token, &words) {
            // A key that is new since we asked: ask once more.
            Err(_) => self.known(provider, true).await?.verify(provider, &token, &words)?,
            Ok(verified) => verified,
        };
        Ok((attempt, verified))
    }

    /// Whether this is the first time that the sign-in of this state ends.
    fn first_end(&self, state: &str, until: Timestamp, now: Timestamp) -> bool {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until > now);
        ended.insert(state.to_owned(), until).is_none()
    }

    /// What the provider says of itself, asked again after a while or where it is said to be old.
    async fn known(&self, provider: &Provider, afresh: bool) -> Result<Arc<Known>, SignInFault> {
        let now = self.clock.now();
        let recent = |(at, known): &(Timestamp, Arc<Known>)| (now.duration_since(*at) < KNOWN_FOR).then(|| known.clone());
        let found = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&provider.id).and_then(recent);
        if let (Some(known), false) = (found, afresh) {
            return Ok(known);
        }
        let known = Arc::new(Known::discover(&self.line, provider).await?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(provider.id.clone(), (now, known.clone()));
        Ok(known)
    }
}

/// Where the provider sends the browser back to: one address per provider, so that none answers for another.
#[must_use]
pub fn redirect_url(public_url: &str, provider: &Provider) -> String {
    format!("{}/login/with/{}/callback", public_url.trim_end_matches('/'), provider.id)
}
