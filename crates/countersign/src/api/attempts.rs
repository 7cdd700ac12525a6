//! Who fails to sign in too often: attempts are counted for the account that they name, as well as for the address that
//! they come from. Bounded memory. One-time links name no account before they are known, and whoever held an old one
//! could lock its person out: they are long random numbers, and the address alone is limited.

use super::problem::Problem;
use countersign_core::canonical::Digest;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many attempts in a row may fail.
const FAILED_MAX: u32 = 10;
/// After this time, the count begins anew.
const WINDOW: Duration = Duration::from_mins(10);
/// So many accounts are counted; then those that began to fail first are forgotten.
const ACCOUNTS_MAX: usize = 10_000;

/// The attempts of every account that has not succeeded since.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<[u8; 32], Counted>>);

struct Counted {
    attempts: u32,
    since: Instant,
}

impl Attempts {
    /// Counts an attempt at this account before anything is looked at, whether there is such an account or not.
    ///
    /// # Errors
    /// `too_many_attempts`, with the time to wait.
    pub(crate) fn begin(&self, way: &str, account: &[u8]) -> Result<(), Problem> {
        self.begin_at(name(way, account), Instant::now())
    }

    fn begin_at(&self, account: [u8; 32], now: Instant) -> Result<(), Problem> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= ACCOUNTS_MAX && !accounts.contains_key(&account) {
            make_room(&mut accounts, now);
        }
        let counted = accounts.entry(account).or_insert(Counted { attempts: 0, since: now });
        let age = now.saturating_duration_since(counted.since);
        if age >= WINDOW {
            *counted = Counted { attempts: 0, since: now };
        } else if counted.attempts >= FAILED_MAX {
            let wait = WINDOW.saturating_sub(age).as_secs() + 1;
            let detail = "too many attempts to sign in to this account failed; nobody was signed in, wait as long as `Retry-After` says or sign in another way";
            return Err(Problem::new("too_many_attempts", detail).retry_after(wait));
        }
        counted.attempts += 1;
        Ok(())
    }

    /// Forgets what failed before: somebody has signed in.
    pub(crate) fn succeeded(&self, way: &str, account: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(way, account));
    }
}

/// Forgets what is over, and where nothing is, whoever began first.
fn make_room(accounts: &mut BTreeMap<[u8; 32], Counted>, now: Instant) {
    accounts.retain(|_, counted| now.saturating_duration_since(counted.since) < WINDOW);
    if accounts.len() >= ACCOUNTS_MAX
        && let Some(first) = accounts.iter().min_by_key(|(_, counted)| counted.since).map(|(account, _)| *account)
    {
        accounts.remove(&first);
    }
}

/// An account as it is counted: a caller may name one of any length.
fn name(way: &str, account: &[u8]) -> [u8; 32] {
    Digest::salted(way.as_bytes(), account).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_closed_after_so_many_failures_and_opens_again_in_time() {
        let (attempts, begun, mia) = (Attempts::default(), Instant::now(), name("passkey", b"mia"));
        for _ in 0..FAILED_MAX {
            assert!(attempts.begin_at(mia, begun).is_ok());
        }
        let refused = attempts.begin_at(mia, begun + Duration::from_mins(4)).unwrap_err();
        assert_eq!(refused.body().code, "too_many_attempts");
        assert!(attempts.begin_at(name("passkey", b"leo"), begun).is_ok(), "another account is open");
        assert!(attempts.begin_at(name("openid", b"mia"), begun).is_ok(), "another way is open");
        assert!(attempts.begin_at(mia, begun + WINDOW).is_ok());
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let attempts = Attempts::default();
        for _ in 0..5 * FAILED_MAX {
            assert!(attempts.begin("passkey", b"mia").is_ok());
            attempts.succeeded("passkey", b"mia");
        }
    }

    #[test]
    fn many_made_up_accounts_take_no_more_room() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        for number in 0..ACCOUNTS_MAX + 100 {
            let at = begun + Duration::from_millis(u64::try_from(number).unwrap());
            assert!(attempts.begin_at(name("passkey", &number.to_be_bytes()), at).is_ok());
        }
        let accounts = attempts.0.lock().unwrap();
        assert_eq!(accounts.len(), ACCOUNTS_MAX);
        assert!(!accounts.contains_key(&name("passkey", &0_usize.to_be_bytes())), "the first gave way");
    }
}
