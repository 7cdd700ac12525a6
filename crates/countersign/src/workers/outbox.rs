//! Works the outbox off: claims what is due under a lease, performs it, reports back through the engine. A
//! lane that is full is left out of the next claim, so that a slow receiver delays only itself.

use super::perform::Performer;
use countersign_store::{Claimed, Fault};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Longer than any attempt over HTTP may take; what may take longer extends its claim before it begins.
const LEASE_MS: i64 = 20_000;
/// How many effects one worker has in flight.
const IN_FLIGHT_MAX: usize = 256;
/// How many of them may go to one lane.
const PER_LANE_MAX: usize = 64;
/// The safety net, should a bell ever be missed.
const POLL_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Runs until told to stop; then finishes what is in flight.
pub async fn run(performer: Arc<Performer>, stop: CancellationToken) {
    let mut flight = FuturesUnordered::new();
    let mut lanes: BTreeMap<String, usize> = BTreeMap::new();
    while !stop.is_cancelled() {
        let engine = performer.engine().clone();
        let bell = engine.outbox_bell.notified();
        let (claimed, next) = claim(&performer, &lanes, flight.len()).await;
        for piece in claimed {
            *lanes.entry(piece.row.lane.clone()).or_default() += 1;
            flight.push(perform(performer.clone(), piece));
        }
        let now = engine.clock().now();
        let poll = now.saturating_add(POLL_EVERY).unwrap_or(now);
        let until = super::rest_until(now, next, poll);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(lane) = flight.next(), if !flight.is_empty() => leave(&mut lanes, &lane),
            () = bell => {}
            () = engine.clock().sleep_until(until) => {}
        }
    }
    while flight.next().await.is_some() {}
}

/// Performs everything that is due now and nothing else: for tests and the simulation.
///
/// # Errors
/// When the store cannot be read.
pub async fn run_once(performer: &Arc<Performer>) -> Result<usize, Fault> {
    let claims = performer.engine().log().claim(&BTreeSet::new(), LEASE_MS, IN_FLIGHT_MAX).await?;
    let count = claims.claimed.len();
    let mut flight: FuturesUnordered<_> = claims.claimed.into_iter().map(|piece| perform(performer.clone(), piece)).collect();
    while flight.next().await.is_some() {}
    Ok(count)
}

async fn claim(performer: &Arc<Performer>, lanes: &BTreeMap<String, usize>, in_flight: usize) -> (Vec<Claimed>, Option<Timestamp>) {
    let room = IN_FLIGHT_MAX.saturating_sub(in_flight).min(PER_LANE_MAX);
    if room == 0 {
        return (Vec::new(), None);
    }
    let busy: BTreeSet<String> = lanes.iter().filter(|(_, count)| **count >= PER_LANE_MAX).map(|(lane, _)| lane.clone()).collect();
    match performer.engine().log().claim(&busy, LEASE_MS, room).await {
        Ok(claims) => (claims.claimed, claims.next),
        Err(fault) => {
            tracing::error!(error = %fault, "the outbox could not be read; trying again");
            (Vec::new(), None)
        }
    }
}

async fn perform(performer: Arc<Performer>, piece: Claimed) -> String {
    let lane = piece.row.lane.clone();
    performer.perform(piece).await;
    lane
}

fn leave(lanes: &mut BTreeMap<String, usize>, lane: &str) {
    if let Some(count) = lanes.get_mut(lane) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            lanes.remove(lane);
        }
    }
}
