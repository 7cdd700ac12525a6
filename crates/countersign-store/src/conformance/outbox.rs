//! Leases, tokens, lanes and the order of work.

use super::*;
use crate::log::{Claims, CommitError, Room};
use std::collections::BTreeMap;

const LEASE_MS: i64 = 30_000;

async fn claim<S: RequestLog>(stage: &Stage<S>, limit: usize) -> Claims {
    stage.store.claim(&Room::FREE, LEASE_MS, limit).await.unwrap()
}

async fn report<S: RequestLog>(stage: &Stage<S>, change: OutboxChange) -> Result<(), CommitError> {
    stage.store.commit(Commit { outbox: vec![change], ..Commit::default() }).await.map(drop)
}

fn ids(claims: &Claims) -> Vec<EffectId> {
    claims.claimed.iter().map(|claimed| claimed.row.id).collect()
}

pub(super) async fn a_claim_leases_and_done_removes<S: RequestLog + Records>(stage: Stage<S>) {
    stage.owe(1, vec![owed(1, 1, "mail", 0)]).await;
    let claims = claim(&stage, 10).await;
    let one = &claims.claimed[0];
    assert_eq!((&one.row, one.token, one.first_due, one.attempts), (&owed(1, 1, "mail", 0), 1, later(0), 0));
    assert!(claim(&stage, 10).await.claimed.is_empty());
    report(&stage, OutboxChange::Done { id: effect(1), token: 1 }).await.unwrap();
    assert!(matches!(report(&stage, OutboxChange::Done { id: effect(1), token: 1 }).await, Err(CommitError::LeaseLost)));
    stage.wait(LEASE_MS * 2);
    assert_eq!(claim(&stage, 10).await, Claims::default());
}

pub(super) async fn a_zombie_cannot_report<S: RequestLog + Records>(stage: Stage<S>) {
    stage.owe(1, vec![owed(1, 1, "mail", 0)]).await;
    let done = |token| OutboxChange::Done { id: effect(1), token };
    assert!(matches!(report(&stage, done(0)).await, Err(CommitError::LeaseLost)));
    claim(&stage, 1).await;
    stage.wait(LEASE_MS);
    assert_eq!(claim(&stage, 1).await.claimed[0].token, 2);
    assert!(matches!(report(&stage, done(1)).await, Err(CommitError::LeaseLost)));
    let later_by_zombie = OutboxChange::Later { id: effect(1), token: 1, due_at: later(0) };
    assert!(matches!(report(&stage, later_by_zombie).await, Err(CommitError::LeaseLost)));
    report(&stage, done(2)).await.unwrap();
}

pub(super) async fn a_lease_that_ran_out_is_claimed_again<S: RequestLog + Records>(stage: Stage<S>) {
    stage.owe(1, vec![owed(1, 1, "mail", 0)]).await;
    claim(&stage, 1).await;
    stage.wait(LEASE_MS - 1);
    assert!(claim(&stage, 1).await.claimed.is_empty());
    stage.wait(1);
    let again = claim(&stage, 1).await;
    assert_eq!((again.claimed[0].token, again.claimed[0].attempts), (2, 0));
}

pub(super) async fn later_ends_the_lease_and_counts_a_try<S: RequestLog + Records>(stage: Stage<S>) {
    stage.owe(1, vec![owed(1, 1, "mail", 0)]).await;
    claim(&stage, 1).await;
    report(&stage, OutboxChange::Later { id: effect(1), token: 1, due_at: later(500) }).await.unwrap();
    let done = OutboxChange::Done { id: effect(1), token: 1 };
    assert!(matches!(report(&stage, done).await, Err(CommitError::LeaseLost)));
    assert_eq!(claim(&stage, 1).await.next, Some(later(500)));
    stage.wait(500);
    let again = claim(&stage, 1).await;
    let one = &again.claimed[0];
    assert_eq!((one.token, one.attempts, one.first_due, one.row.due_at), (2, 1, later(0), later(500)));
}

pub(super) async fn an_extended_lease_lasts_longer<S: RequestLog + Records>(stage: Stage<S>) {
    stage.owe(1, vec![owed(1, 1, "mail", 0)]).await;
    let extend = |token| OutboxChange::Extend { id: effect(1), token, until: later(LEASE_MS * 3) };
    assert!(matches!(report(&stage, extend(0)).await, Err(CommitError::LeaseLost)));
    claim(&stage, 1).await;
    report(&stage, extend(1)).await.unwrap();
    stage.wait(LEASE_MS * 3 - 1);
    assert!(claim(&stage, 1).await.claimed.is_empty());
    stage.wait(1);
    assert_eq!(claim(&stage, 1).await.claimed[0].token, 2);
    assert!(matches!(report(&stage, extend(1)).await, Err(CommitError::LeaseLost)));
}

pub(super) async fn claims_skip_busy_lanes_and_come_in_order_of_due<S: RequestLog + Records>(stage: Stage<S>) {
    let rows = vec![owed(1, 1, "b", -5), owed(2, 1, "a", -9), owed(3, 1, "c", -7), owed(4, 1, "a", -5), owed(5, 1, "b", -8)];
    stage.owe(1, rows).await;
    let busy = Room { each: usize::MAX, of: BTreeMap::from([("c".to_owned(), 0)]) };
    let first = stage.store.claim(&busy, LEASE_MS, 3).await.unwrap();
    assert_eq!(ids(&first), vec![effect(2), effect(5), effect(1)]);
    assert!(first.more);
    let second = stage.store.claim(&busy, LEASE_MS, 3).await.unwrap();
    assert_eq!((ids(&second), second.more), (vec![effect(4)], false));
    assert_eq!(ids(&claim(&stage, 3).await), vec![effect(3)]);
}

pub(super) async fn a_lane_gives_no_more_than_it_has_room_for<S: RequestLog + Records>(stage: Stage<S>) {
    let rows = vec![owed(1, 1, "a", -9), owed(2, 1, "a", -8), owed(3, 1, "a", -7), owed(4, 1, "b", -6), owed(5, 1, "b", -5)];
    stage.owe(1, rows).await;
    let room = Room { each: 1, of: BTreeMap::from([("a".to_owned(), 2)]) };
    let claims = stage.store.claim(&room, LEASE_MS, 9).await.unwrap();
    assert_eq!((ids(&claims), claims.more), (vec![effect(1), effect(2), effect(4)], false));
    assert_eq!(ids(&claim(&stage, 9).await), vec![effect(3), effect(5)]);
}

pub(super) async fn a_claim_says_when_to_come_back<S: RequestLog + Records>(stage: Stage<S>) {
    assert_eq!(claim(&stage, 1).await.next, None);
    stage.owe(1, vec![owed(1, 1, "mail", 0), owed(2, 1, "mail", 40_000)]).await;
    assert_eq!(claim(&stage, 9).await.next, Some(later(LEASE_MS)));
    report(&stage, OutboxChange::Done { id: effect(1), token: 1 }).await.unwrap();
    assert_eq!(claim(&stage, 9).await.next, Some(later(40_000)));
    let counts = stage.store.counts().await.unwrap();
    assert_eq!((counts.outbox, counts.outbox_oldest), (1, Some(later(40_000))));
}

pub(super) async fn waiting_rows_leave_when_released_or_due<S: RequestLog + Records>(stage: Stage<S>) {
    let waiting = |n, of, due| OutboxRow { waits: true, ..owed(n, of, "mail", due) };
    stage.owe(1, vec![waiting(1, 1, 3_000), owed(3, 1, "mail", 4_000)]).await;
    stage.owe(2, vec![waiting(2, 2, 3_000)]).await;
    stage.wait(100);
    assert!(claim(&stage, 9).await.claimed.is_empty());
    report(&stage, OutboxChange::Release { request: request(1) }).await.unwrap();
    let released = claim(&stage, 9).await;
    assert_eq!(ids(&released), vec![effect(1)]);
    assert_eq!((released.claimed[0].first_due, released.claimed[0].row.waits), (later(100), false));
    report(&stage, OutboxChange::Later { id: effect(1), token: 1, due_at: later(9_000) }).await.unwrap();
    report(&stage, OutboxChange::Release { request: request(1) }).await.unwrap();
    stage.wait(2_900);
    assert_eq!(ids(&claim(&stage, 9).await), vec![effect(2)]);
    report(&stage, OutboxChange::Release { request: request(77) }).await.unwrap();
}

pub(super) async fn an_effect_of_no_request_is_a_fault<S: RequestLog + Records>(stage: Stage<S>) {
    let add = OutboxChange::Add(owed(1, 5, "mail", 0));
    assert!(matches!(report(&stage, add.clone()).await, Err(CommitError::Fault(_))));
    stage.submit(5).await;
    report(&stage, add.clone()).await.unwrap();
    assert!(matches!(report(&stage, add).await, Err(CommitError::Fault(_))));
}
