//! Fires timers: asks the store who is overdue, sends each a `Wake`, sleeps until the next one is due.

use crate::engine::{Engine, EngineError, Instruction};
use countersign_core::command::Command;
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// How many overdue requests are fetched at once, oldest first.
const OVERDUE_BATCH: usize = 512;
/// How many of them are woken side by side: enough to fill the store's largest group commit.
const WAKES_AT_ONCE: usize = 256;
/// The safety net, should a bell ever be missed.
const POLL_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Runs until told to stop.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let bell = engine.wakeup_bell.notified();
        // While it looks, every new timer rings.
        engine.wakeup_armed.store(i64::MAX, Ordering::SeqCst);
        let next = match run_once(&engine).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(error = %error, "wake-ups could not be read; trying again");
                None
            }
        };
        let now = engine.clock().now();
        let poll = now.saturating_add(POLL_EVERY).unwrap_or(now);
        let until = super::rest_until(now, next, poll);
        engine.wakeup_armed.store(next.map_or(i64::MAX, Timestamp::as_millisecond), Ordering::SeqCst);
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = bell => {}
            () = engine.clock().sleep_until(until) => {}
        }
    }
}

/// Fires all that is due now; answers when the next one will be.
///
/// # Errors
/// When the store cannot say who is due.
pub async fn run_once(engine: &Arc<Engine>) -> Result<Option<Timestamp>, EngineError> {
    loop {
        let due = engine.log().due(OVERDUE_BATCH).await?;
        if due.overdue.is_empty() {
            return Ok(due.next);
        }
        let full = due.overdue.len() >= OVERDUE_BATCH;
        let woken = stream::iter(due.overdue).map(|(id, _)| engine.handle(id, Instruction::new(Command::Wake, "engine")));
        let failed = woken.buffer_unordered(WAKES_AT_ONCE).filter(|result| std::future::ready(failed(result.as_ref().err()))).count().await;
        if failed > 0 || !full {
            return Ok(engine.log().due(1).await?.next);
        }
    }
}

fn failed(error: Option<&EngineError>) -> bool {
    if let Some(error) = error {
        tracing::error!(error = %error, "a wake-up failed; it stays due");
    }
    error.is_some()
}
