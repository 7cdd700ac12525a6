//! All or nothing, conditional on versions and on the moment.

use super::*;
use crate::log::{CommitError, Idempotent, RefusedAttempt};
use crate::records::{Kind, Put};

pub(super) async fn what_was_committed_loads_again<S: RequestLog + Records>(stage: Stage<S>) {
    let done = stage.store.commit(submission(1)).await.unwrap();
    assert_eq!((done.version, done.position, done.now), (1, 1, samples::moment()));
    let mut commit = growth(1, 1, approved(1));
    let append = commit.append.as_mut().unwrap();
    append.events = samples::every_event();
    append.contents = vec![payload(8), payload(9)];
    let done = stage.store.commit(commit).await.unwrap();
    let count = samples::every_event().len() as u64 + 1;
    assert_eq!((done.version, done.position), (count, count));
    let loaded = stage.store.load(request(1)).await.unwrap().unwrap();
    let events: Vec<_> = loaded.events.iter().skip(1).map(|(_, event)| event.clone()).collect();
    assert_eq!(events, samples::every_event());
    assert!(loaded.events.iter().all(|(at, _)| *at == samples::moment()));
    assert_eq!(loaded.contents, vec![payload(1), payload(8), payload(9)]);
    assert_eq!((loaded.row, loaded.now), (approved(1), samples::moment()));
}

pub(super) async fn an_unknown_request_is_none<S: RequestLog + Records>(stage: Stage<S>) {
    assert!(stage.store.load(request(1)).await.unwrap().is_none());
    assert!(matches!(stage.store.commit(growth(1, 1, row(1))).await, Err(CommitError::Conflict)));
}

pub(super) async fn a_stale_version_conflicts_and_changes_nothing<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    stage.grow(1, 1, row(1)).await;
    let changed = RequestRow { title: "Other".to_owned(), ..row(1) };
    let stale = Commit { outbox: vec![OutboxChange::Add(owed(1, 1, "mail", 0))], refused: Some(refusal(0)), ..growth(1, 1, changed) };
    assert!(matches!(stage.store.commit(stale).await, Err(CommitError::Conflict)));
    let loaded = stage.store.load(request(1)).await.unwrap().unwrap();
    assert_eq!((loaded.events.len(), loaded.row), (2, row(1)));
    assert_eq!(stage.store.counts().await.unwrap().outbox, 0);
    assert!(stage.store.refused(10).await.unwrap().is_empty());
}

pub(super) async fn a_new_request_that_is_there_already_conflicts<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    assert!(matches!(stage.store.commit(submission(1)).await, Err(CommitError::Conflict)));
}

pub(super) async fn the_moment_must_lie_in_the_window<S: RequestLog + Records>(stage: Stage<S>) {
    stage.wait(500);
    let window = |from: i64, to: i64| Commit { not_before: Some(later(from)), not_after: Some(later(to)), ..submission(1) };
    assert!(matches!(stage.store.commit(window(501, 900)).await, Err(CommitError::Moment)));
    assert!(matches!(stage.store.commit(window(100, 500)).await, Err(CommitError::Moment)));
    assert!(stage.store.load(request(1)).await.unwrap().is_none());
    assert_eq!(stage.store.commit(window(500, 501)).await.unwrap().now, later(500));
}

pub(super) async fn a_key_makes_one_request<S: RequestLog + Records>(stage: Stage<S>) {
    let made = |n: u64| Idempotent { scope: key(1), key: "abc".to_owned(), body: Digest::of(b"body"), request: request(n) };
    assert_eq!(stage.store.find(key(1), "abc").await.unwrap(), None);
    stage.store.commit(Commit { idempotency: Some(made(1)), ..submission(1) }).await.unwrap();
    assert_eq!(stage.store.find(key(1), "abc").await.unwrap(), Some(made(1)));
    assert_eq!(stage.store.find(key(2), "abc").await.unwrap(), None);
    let second = Commit { idempotency: Some(made(2)), ..submission(2) };
    assert!(matches!(stage.store.commit(second).await, Err(CommitError::KeyTaken)));
    assert!(stage.store.load(request(2)).await.unwrap().is_none());
    let elsewhere = Idempotent { scope: key(2), ..made(2) };
    stage.store.commit(Commit { idempotency: Some(elsewhere), ..submission(2) }).await.unwrap();
}

pub(super) async fn a_lost_lease_undoes_the_whole_commit<S: RequestLog + Records>(stage: Stage<S>) {
    let all = Commit {
        outbox: vec![OutboxChange::Add(owed(1, 1, "mail", 0)), OutboxChange::Done { id: effect(9), token: 1 }],
        idempotency: Some(Idempotent { scope: key(1), key: "k".to_owned(), body: Digest::of(b""), request: request(1) }),
        refused: Some(refusal(0)),
        ..submission(1)
    };
    assert!(matches!(stage.store.commit(all).await, Err(CommitError::LeaseLost)));
    assert!(stage.store.load(request(1)).await.unwrap().is_none());
    assert_eq!(stage.store.find(key(1), "k").await.unwrap(), None);
    assert_eq!(stage.store.counts().await.unwrap(), crate::Counts::default());
    assert!(stage.store.tail(0, 10).await.unwrap().is_empty());
    assert!(stage.store.refused(10).await.unwrap().is_empty());
    assert!(stage.store.list(&crate::ListQuery { limit: 10, ..Default::default() }).await.unwrap().items.is_empty());
    assert!(stage.store.due(10).await.unwrap().next.is_none());
    stage.submit(1).await;
    assert_eq!(stage.store.verify().await.unwrap().problems, Vec::new());
}

pub(super) async fn an_expected_record_that_moved_conflicts<S: RequestLog + Records>(stage: Stage<S>) {
    let expecting = |version| Commit { expect: vec![(Kind::Directory, "people".to_owned(), version)], ..submission(1) };
    assert!(matches!(stage.store.commit(expecting(1)).await, Err(CommitError::Conflict)));
    let put = Put { kind: Kind::Directory, key: "people".to_owned(), expected: 0, bytes: Some(b"{}".to_vec()) };
    stage.store.put(put).await.unwrap();
    assert!(matches!(stage.store.commit(expecting(0)).await, Err(CommitError::Conflict)));
    assert!(stage.store.load(request(1)).await.unwrap().is_none(), "nothing was written");
    stage.store.commit(expecting(1)).await.unwrap();
    let put = Put { kind: Kind::Directory, key: "people".to_owned(), expected: 1, bytes: Some(b"[]".to_vec()) };
    stage.store.put(put).await.unwrap();
    let behind = Commit { expect: vec![(Kind::Directory, "people".to_owned(), 1)], ..growth(1, 1, approved(1)) };
    assert!(matches!(stage.store.commit(behind).await, Err(CommitError::Conflict)), "the request stands as it was, the record does not");
    assert_eq!(stage.store.load(request(1)).await.unwrap().unwrap().row, row(1));
}

pub(super) async fn a_record_is_written_with_the_events_or_not_at_all<S: RequestLog + Records>(stage: Stage<S>) {
    let put = |expected, bytes: &[u8]| Put { kind: Kind::ConfirmLink, key: "link".to_owned(), expected, bytes: Some(bytes.to_vec()) };
    let get = || stage.store.get(Kind::ConfirmLink, "link");
    let stale = Commit { puts: vec![put(1, b"used")], ..submission(1) };
    assert!(matches!(stage.store.commit(stale).await, Err(CommitError::Conflict)));
    assert!(stage.store.load(request(1)).await.unwrap().is_none() && get().await.unwrap().is_none());
    stage.store.commit(Commit { puts: vec![put(0, b"new")], ..submission(1) }).await.unwrap();
    let lost = Commit { puts: vec![put(1, b"used")], ..growth(1, 7, row(1)) };
    assert!(matches!(stage.store.commit(lost).await, Err(CommitError::Conflict)));
    assert_eq!(get().await.unwrap().unwrap().bytes, b"new");
    let twice = Commit { puts: vec![put(1, b"a"), put(1, b"b")], ..growth(1, 1, row(1)) };
    assert!(matches!(stage.store.commit(twice).await, Err(CommitError::Conflict)));
    let use_up = |title: &str| Commit { puts: vec![put(1, title.as_bytes())], ..growth(1, 1, RequestRow { title: title.to_owned(), ..row(1) }) };
    let (one, other) = tokio::join!(stage.store.commit(use_up("one")), stage.store.commit(use_up("other")));
    assert!(one.is_ok() != other.is_ok(), "the same record is used up once");
    assert_eq!(stage.store.verify().await.unwrap().problems, Vec::new());
}

pub(super) async fn concurrent_commits_let_one_win<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    let grow = || stage.store.commit(growth(1, 1, row(1)));
    let (a, b, c, d) = tokio::join!(grow(), grow(), grow(), stage.store.commit(submission(2)));
    assert_eq!([a, b, c].iter().filter(|done| done.is_ok()).count(), 1);
    d.unwrap();
    assert_eq!(stage.store.load(request(1)).await.unwrap().unwrap().events.len(), 2);
}

pub(super) async fn a_settled_row_needs_its_end<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    for row in [RequestRow { settled_at: None, ..approved(1) }, RequestRow { settled_at: Some(later(0)), ..row(1) }] {
        assert!(matches!(stage.store.commit(growth(1, 1, row)).await, Err(CommitError::Fault(_))));
    }
    let mut empty = submission(2);
    empty.append.as_mut().unwrap().events.clear();
    assert!(matches!(stage.store.commit(empty).await, Err(CommitError::Fault(_))));
}

fn refusal(ms: i64) -> RefusedAttempt {
    RefusedAttempt {
        at: later(ms),
        request: Some(request(1)),
        actor: "ana".to_owned(),
        attempted: "approve".to_owned(),
        code: "own_request".to_owned(),
    }
}

pub(super) async fn a_commit_without_a_request_keeps_a_refusal<S: RequestLog + Records>(stage: Stage<S>) {
    let unknown = RefusedAttempt { request: None, ..refusal(1) };
    for refused in [refusal(0), unknown.clone()] {
        let done = stage.store.commit(Commit { refused: Some(refused), ..Commit::default() }).await.unwrap();
        assert_eq!((done.version, done.position), (0, 0));
    }
    assert_eq!(stage.store.refused(10).await.unwrap(), vec![unknown.clone(), refusal(0)]);
    assert_eq!(stage.store.refused(1).await.unwrap(), vec![unknown]);
}

pub(super) async fn the_log_of_refusals_is_bounded<S: RequestLog + Records>(stage: Stage<S>) {
    let most = crate::limits::REFUSED_MAX;
    let refused: Vec<_> = (0..most + 5).map(|n| Commit { refused: Some(refusal(n as i64)), ..Commit::default() }).collect();
    for some in refused.chunks(100) {
        all_at_once(&stage.store, some).await;
    }
    let kept = stage.store.refused(most * 2).await.unwrap();
    assert_eq!(kept.len(), most);
    assert_eq!(kept.last().unwrap().at, later(5));
}

/// Polled in order, so that they are queued in order.
async fn all_at_once<S: RequestLog>(store: &S, commits: &[Commit]) {
    let mut waiting: Vec<_> = commits.iter().map(|commit| store.commit(commit.clone())).collect();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|each| each.as_mut().poll(context).is_pending());
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

pub(super) async fn time_never_goes_back<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    stage.wait(1_000);
    assert_eq!(stage.store.load(request(1)).await.unwrap().unwrap().now, later(1_000));
    stage.wait(-900);
    assert_eq!(stage.store.load(request(1)).await.unwrap().unwrap().now, later(1_000));
    assert_eq!(stage.store.commit(submission(2)).await.unwrap().now, later(1_000));
    stage.wait(901);
    assert_eq!(stage.store.due(1).await.unwrap().now, later(1_001));
}
