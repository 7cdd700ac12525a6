//! The ports: what the engine and its workers need from the world, as traits, with the system's own clock
//! and randomness. Adapters live under `channel`, `executor` and `summary`; nothing here knows one.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::outbound::secret::{SecretRef, Setting};
use crate::summary::{Summary, SummaryAsk, SummaryFault};

/// The longest single sleep of the system clock: a clock that was set is noticed at least this often.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// A road to people and receivers: one try at telling.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Tries once. Never retries by itself; that is the outbox's law.
    async fn deliver(&self, parcel: &Parcel) -> Answer;
}

/// Runs what was approved: one attempt.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Tries once, under the job's one key.
    async fn run(&self, job: &Job) -> Answer;
}

/// A model that writes for the approver. What it returns has passed the check of rule 24.
#[async_trait]
pub trait Summarizer: Send + Sync {
    /// Asks the model once. The caller sets the budget; an adapter has its own hard limit besides.
    async fn summarise(&self, ask: &SummaryAsk) -> Result<Summary, SummaryFault>;
    /// The model's name, as the summary's `by`.
    fn model(&self) -> String;
}

/// Time, as the workers see it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Returns when `now()` has reached the given time, or as much time has passed as was missing: a clock that was set
    /// back makes nobody oversleep. Whoever slept looks at the clock again.
    async fn sleep_until(&self, until: Timestamp);
}

/// Randomness, for jitter, salts and tokens.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
    /// One number, for jitter.
    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// A rendered notice on its way to one receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The idempotency key, sent as `webhook-id`; the same for every try.
    pub id: String,
    /// Where it goes, absolute.
    pub url: String,
    /// What signs it; unsigned without.
    pub secret: Option<SecretRef>,
    /// The bytes that are sent, exactly.
    pub body: Vec<u8>,
    /// The time of this try: receivers refuse a signature that is minutes old.
    pub timestamp: Timestamp,
    /// Further headers; those of the signature cannot be replaced.
    pub headers: Vec<(String, Setting)>,
}

/// One attempt at an action.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// The idempotency key (`<request id>:<outcome>:<action>`); never changes.
    pub key: String,
    /// Where the action goes, under the pinned policy version.
    pub target: JobTarget,
    /// The stored bytes, rendered once.
    pub body: Vec<u8>,
    /// The time of this attempt.
    pub timestamp: Timestamp,
}

/// Where an action goes.
#[derive(Clone, PartialEq, Eq)]
pub enum JobTarget {
    /// A signed POST.
    Http {
        /// Absolute, http or https.
        url: String,
        /// Sent with each attempt; secrets are resolved then.
        headers: Vec<(String, Setting)>,
        /// What signs it.
        secret: Option<SecretRef>,
    },
    /// A local program, never through a shell.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// The whole environment but for the idempotency key.
        env: Vec<(String, Setting)>,
    },
}

/// What the outside said to one try. `answer` is short, stable and free of secrets; `output` is what came
/// back, cut to a bound, for the record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Taken: a 2xx, an exit status of 0.
    Delivered {
        /// For example `200`.
        answer: String,
        /// The beginning of what came back.
        output: Vec<u8>,
    },
    /// Not now: worth another try.
    Again {
        /// For example `503`, `timeout`, `exit 3`.
        answer: String,
        /// The beginning of what came back.
        output: Vec<u8>,
        /// How long the receiver asks to be left alone, already bounded.
        retry_after: Option<SignedDuration>,
    },
    /// Never: no further try by itself will help.
    Gone {
        /// For example `410`.
        answer: String,
        /// The beginning of what came back.
        output: Vec<u8>,
    },
}

impl Answer {
    /// Worth another try; nothing came back.
    pub fn again(answer: impl Into<String>) -> Self {
        Self::Again { answer: answer.into(), output: Vec::new(), retry_after: None }
    }

    /// No further try will help; nothing came back.
    pub fn gone(answer: impl Into<String>) -> Self {
        Self::Gone { answer: answer.into(), output: Vec::new() }
    }

    /// The short text, for the record of the attempt.
    pub fn text(&self) -> &str {
        match self {
            Self::Delivered { answer, .. } | Self::Again { answer, .. } | Self::Gone { answer, .. } => answer,
        }
    }
}

/// Shows the origin only: paths and queries of chat webhooks are secrets, bodies are other people's.
impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, url, body, timestamp, .. } = self;
        write!(f, "Parcel {{ {id}, to {}, {} bytes, {timestamp} }}", crate::outbound::origin(url), body.len())
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match &self.target {
            JobTarget::Http { url, .. } => crate::outbound::origin(url),
            JobTarget::Command { argv, .. } => argv.first().cloned().unwrap_or_default(),
        };
        write!(f, "Job {{ {}, to {to}, {} bytes, {} }}", self.key, self.body.len(), self.timestamp)
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        sleep_by(until, || self.now()).await;
    }
}

/// Sleeps by a clock that may be set forward, which is noticed, or back, which prolongs nothing.
async fn sleep_by(until: Timestamp, now: impl Fn() -> Timestamp + Send) {
    let Ok(missing) = Duration::try_from(until.duration_since(now())) else { return };
    let begun = tokio::time::Instant::now();
    while let Ok(left) = Duration::try_from(until.duration_since(now())) {
        let unslept = missing.saturating_sub(begun.elapsed());
        if left.is_zero() || unslept.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(unslept).min(SLEEP_MAX)).await;
    }
}

/// The machine's randomness.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(fault) = getrandom::fill(buffer) {
            // Tokens and salts that can be guessed are worse than no service.
            tracing::error!(%fault, "the machine gives no randomness; stopping");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_clock_returns_only_once_the_time_has_come() {
        let until = SystemClock.now() + SignedDuration::from_millis(30);
        SystemClock.sleep_until(until).await;
        assert!(SystemClock.now() >= until);
        SystemClock.sleep_until(Timestamp::UNIX_EPOCH).await;
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_nobody_oversleep() {
        let readings = std::sync::atomic::AtomicU32::new(0);
        let (start, hour) = (Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24), SignedDuration::from_hours(1));
        let now = || if readings.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 { start } else { start - hour };
        let slept = sleep_by(start + SignedDuration::from_millis(20), now);
        tokio::time::timeout(Duration::from_secs(10), slept).await.expect("it sleeps for what was missing at first, not for an hour more");
    }

    #[test]
    fn two_numbers_differ() {
        assert_ne!(SystemRandom.number(), SystemRandom.number());
    }

    #[test]
    fn what_is_printed_of_a_parcel_keeps_the_path_of_its_url() {
        let parcel = Parcel {
            id: "msg_1".into(),
            url: "https://leo:pw@hooks.example/T0/sEcReT?token=sEcReT".into(),
            secret: None,
            body: b"sEcReT".to_vec(),
            timestamp: Timestamp::UNIX_EPOCH,
            headers: vec![("Authorization".into(), Setting::Plain("sEcReT".into()))],
        };
        let shown = format!("{parcel:?}");
        assert_eq!(shown, "Parcel { msg_1, to https://hooks.example, 6 bytes, 1970-01-01T00:00:00Z }");
    }
}
