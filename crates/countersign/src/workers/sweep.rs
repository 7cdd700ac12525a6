//! Takes away sign-ins and links that have ended: at the start and every hour, in small steps, at most so many a time.

use crate::engine::Engine;
use crate::engine::sweep::SweepPlace;
use jiff::SignedDuration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Nothing that has ended opens anything, so there is no hurry.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Steps at a time; where there is more, the next time goes on from there.
const STEPS_MAX: usize = 100;

/// Runs until told to stop.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    let mut place = SweepPlace::default();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = run_once(&engine, &mut place) => {}
        }
        let now = engine.clock().now();
        let until = now.saturating_add(SWEEP_EVERY).unwrap_or(now);
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = engine.clock().sleep_until(until) => {}
        }
    }
}

/// Looks at everything once, or at as much as one time allows.
pub async fn run_once(engine: &Engine, place: &mut SweepPlace) {
    let mut removed = 0;
    for _ in 0..STEPS_MAX {
        match engine.sweep_step(place).await {
            Ok(swept) => {
                removed += swept.removed;
                if swept.through {
                    break;
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "what has ended could not be taken away; trying again in an hour");
                break;
            }
        }
    }
    if removed > 0 {
        tracing::info!(removed, "took away sign-ins and links that had ended");
    }
}
