//! Works the outbox off: claims what is due under a lease, performs it, reports back through the engine. A
//! lane that is full is left out of the next claim, so that a slow receiver delays only itself.

use super::perform::Performer;
use countersign_store::{Claimed, Claims, Fault, Room};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Longer than any attempt over HTTP may take; what may take longer extends its claim before it begins.
const LEASE_MS: i64 = 20_000;
/// How many effects one worker has in flight.
const IN_FLIGHT_MAX: usize = 256;
/// How many of them may go to one lane: a quarter, so that three endpoints that hang leave room for the others.
const PER_LANE_MAX: usize = 64;
/// A local model writes one text at a time; asked for more, all of them come late.
const SUMMARIES_MAX: usize = 1;
/// Programs may run for minutes.
const COMMANDS_MAX: usize = 4;
/// How many are claimed at once: a claim is one write, and the pieces of the next should not wait for it.
const CLAIM_MAX: usize = 64;
/// The safety net, should a bell ever be missed.
const POLL_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Runs until told to stop; then finishes what is in flight.
pub async fn run(performer: Arc<Performer>, stop: CancellationToken) {
    let mut flight = FuturesUnordered::new();
    let mut lanes = Lanes::default();
    let (mut look, mut next) = (true, None);
    while !stop.is_cancelled() {
        let engine = performer.engine().clone();
        let bell = engine.outbox_bell.notified();
        if look {
            let claims = claim(&performer, &lanes, flight.len()).await;
            next = claims.next;
            for piece in claims.claimed {
                lanes.enter(&piece.row.lane);
                flight.push(perform(performer.clone(), piece));
            }
            look = claims.more && flight.len() < IN_FLIGHT_MAX;
            lanes.more = claims.more;
            if look {
                continue;
            }
        }
        let now = engine.clock().now();
        let poll = now.saturating_add(POLL_EVERY).unwrap_or(now);
        let until = super::rest_until(now, next, poll);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(lane) = flight.next(), if !flight.is_empty() => look = lanes.leave(&lane),
            () = bell => look = true,
            () = engine.clock().sleep_until(until) => look = true,
        }
    }
    while flight.next().await.is_some() {}
}

/// Performs everything that is due now and nothing else: for tests and the simulation.
///
/// # Errors
/// When the store cannot be read.
pub async fn run_once(performer: &Arc<Performer>) -> Result<usize, Fault> {
    let claims = performer.engine().log().claim(&Room::FREE, LEASE_MS, IN_FLIGHT_MAX).await?;
    let count = claims.claimed.len();
    let mut flight: FuturesUnordered<_> = claims.claimed.into_iter().map(|piece| perform(performer.clone(), piece)).collect();
    while flight.next().await.is_some() {}
    Ok(count)
}

async fn claim(performer: &Arc<Performer>, lanes: &Lanes, in_flight: usize) -> Claims {
    let free = IN_FLIGHT_MAX.saturating_sub(in_flight).min(CLAIM_MAX);
    if free == 0 {
        return Claims { more: true, ..Claims::default() };
    }
    match performer.engine().log().claim(&lanes.room(), LEASE_MS, free).await {
        Ok(claims) => claims,
        Err(fault) => {
            tracing::error!(error = %fault, "the outbox could not be read; trying again");
            Claims::default()
        }
    }
}

/// What is under way, by lane.
#[derive(Default)]
struct Lanes {
    taken: BTreeMap<String, usize>,
    /// Whether the last claim left work behind for want of room in flight.
    more: bool,
}

impl Lanes {
    fn enter(&mut self, lane: &str) {
        *self.taken.entry(lane.to_owned()).or_default() += 1;
    }

    /// Whether a place has become free that work may be waiting for.
    fn leave(&mut self, lane: &str) -> bool {
        let Some(count) = self.taken.get_mut(lane) else { return self.more };
        let was_full = *count >= most(lane);
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.taken.remove(lane);
        }
        was_full || self.more
    }

    fn room(&self) -> Room {
        let narrow = ["summary", "command"].into_iter().map(|lane| (lane.to_owned(), most(lane)));
        let mut of: BTreeMap<String, usize> = narrow.collect();
        of.extend(self.taken.iter().map(|(lane, count)| (lane.clone(), most(lane).saturating_sub(*count))));
        Room { each: PER_LANE_MAX, of }
    }
}

fn most(lane: &str) -> usize {
    match lane {
        "summary" => SUMMARIES_MAX,
        "command" => COMMANDS_MAX,
        _ => PER_LANE_MAX,
    }
}

async fn perform(performer: Arc<Performer>, piece: Claimed) -> String {
    let lane = piece.row.lane.clone();
    performer.perform(piece).await;
    lane
}
