//! What every adapter must do, case by case. Each case gets a fresh store and a clock of its own; a case
//! that fails names itself by where it panics. Never part of a release build.

use crate::clock::{ManualClock, StoreClock};
use crate::log::{Append, Commit, Content, OutboxChange, OutboxRow, RequestLog, RequestRow, StatusName};
use crate::record::samples;
use crate::records::Records;
use crate::share::Card;
use countersign_core::canonical::Digest;
use countersign_core::event::{Actor, Event};
use countersign_core::id::{EffectId, KeyId, RequestId, Revision};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

mod commits;
mod documents;
mod lists;
mod outbox;
mod streams;

/// A store under test with its clock.
pub(crate) struct Stage<S> {
    store: S,
    clock: Arc<ManualClock>,
}

macro_rules! cases {
    ($make:ident: $($module:ident :: { $($case:ident),* $(,)? })*) => {$($(
        tracing::debug!(case = stringify!($case), "conformance");
        $module::$case(Stage::new(&$make)).await;
    )*)*};
}

/// Runs every case against fresh stores; panics at the first thing that differs.
pub async fn exercise<S: RequestLog + Records>(make: impl Fn(Arc<dyn StoreClock>) -> S) {
    cases! { make:
        commits::{
            what_was_committed_loads_again,
            an_unknown_request_is_none,
            a_stale_version_conflicts_and_changes_nothing,
            a_new_request_that_is_there_already_conflicts,
            the_moment_must_lie_in_the_window,
            a_key_makes_one_request,
            a_lost_lease_undoes_the_whole_commit,
            a_record_is_written_with_the_events_or_not_at_all,
            an_expected_record_that_moved_conflicts,
            concurrent_commits_let_one_win,
            a_settled_row_needs_its_end,
            a_commit_without_a_request_keeps_a_refusal,
            the_log_of_refusals_is_bounded,
            time_never_goes_back,
        }
        outbox::{
            a_claim_leases_and_done_removes,
            a_zombie_cannot_report,
            a_lease_that_ran_out_is_claimed_again,
            later_ends_the_lease_and_counts_a_try,
            an_extended_lease_lasts_longer,
            claims_skip_busy_lanes_and_come_in_order_of_due,
            a_lane_gives_no_more_than_it_has_room_for,
            a_claim_says_when_to_come_back,
            waiting_rows_leave_when_released_or_due,
            an_effect_of_no_request_is_a_fault,
        }
        lists::{
            lists_run_newest_first_and_pages_lose_nothing,
            every_filter_filters,
            requests_about_the_same_thing_are_found,
            an_inbox_is_ordered_by_urgency_and_follows_the_row,
            a_search_finds_in_any_case,
            a_foreign_cursor_is_a_fault,
            wakeups_come_in_order_and_say_when_the_next_is,
            a_persons_parts_follow_the_row,
            counts_follow,
        }
        streams::{
            the_tail_is_in_order_and_complete,
            heads_chain_from_the_request_id,
            what_is_sound_verifies,
        }
        documents::{
            versions_count_up_and_history_stays,
            a_stale_version_is_a_conflict,
            a_removed_record_is_gone_from_lists_and_can_come_back,
            kinds_are_listed_by_key_in_pages,
        }
    }
}

impl<S: RequestLog + Records> Stage<S> {
    fn new(make: &impl Fn(Arc<dyn StoreClock>) -> S) -> Self {
        let clock = Arc::new(ManualClock::at(samples::moment()));
        Self { store: make(clock.clone()), clock }
    }

    async fn submit(&self, n: u64) {
        self.store.commit(submission(n)).await.unwrap();
    }

    /// One more event for a request that has `expected`, leaving it with this row.
    async fn grow(&self, n: u64, expected: u64, row: RequestRow) {
        self.store.commit(growth(n, expected, row)).await.unwrap();
    }

    async fn owe(&self, n: u64, rows: Vec<OutboxRow>) {
        let outbox = rows.into_iter().map(OutboxChange::Add).collect();
        let known = self.store.load(request(n)).await.unwrap().is_some();
        let base = if known { Commit::default() } else { submission(n) };
        self.store.commit(Commit { outbox, ..base }).await.unwrap();
    }

    fn wait(&self, ms: i64) {
        self.clock.advance(SignedDuration::from_millis(ms));
    }
}

/// The id of the nth request of a test.
#[must_use]
pub fn request(n: u64) -> RequestId {
    RequestId::new(samples::moment(), tail(n))
}

fn effect(n: u64) -> EffectId {
    EffectId::new(samples::moment(), tail(n))
}

fn key(n: u64) -> KeyId {
    KeyId::new(samples::moment(), tail(n))
}

fn tail(n: u64) -> [u8; 10] {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    random
}

fn later(ms: i64) -> Timestamp {
    samples::moment() + SignedDuration::from_millis(ms)
}

/// The payload of the nth request.
fn payload(n: u64) -> Content {
    let (salt, bytes) = ([u8::try_from(n % 251).unwrap(); 16], format!("{{\"amount\":{n}}}").into_bytes());
    Content { id: Digest::salted(&salt, &bytes), salt, bytes }
}

/// The row of the nth request as it is submitted.
#[must_use]
pub fn row(n: u64) -> RequestRow {
    RequestRow {
        id: request(n),
        policy: "expense".into(),
        policy_version: Digest::of(b"policy"),
        requester: "ana".into(),
        submitted_with: None,
        external_id: None,
        status: StatusName::Pending,
        title: format!("Expense {n}"),
        risk: "low".to_owned(),
        revision: Revision::FIRST,
        waiting: ["ben".into()].into(),
        dead_letter: false,
        due: Some(later(1_000)),
        next_wakeup: Some(later(1_000)),
        created_at: samples::moment(),
        settled_at: None,
        card: Card::default(),
        subject: None,
    }
}

fn approved(n: u64) -> RequestRow {
    let end = Some(samples::moment());
    RequestRow { status: StatusName::Approved, waiting: [].into(), due: None, next_wakeup: None, settled_at: end, ..row(n) }
}

/// The commit that makes the nth request.
#[must_use]
pub fn submission(n: u64) -> Commit {
    let event = Event::Submitted {
        policy: "expense".into(),
        version: Digest::of(b"policy"),
        requester: "ana".into(),
        by: Actor::Person("ana".into()),
        payload: payload(n).id,
        external_id: None,
    };
    let append = Append { id: request(n), expected: 0, at: samples::moment(), events: vec![event], contents: vec![payload(n)], row: row(n) };
    Commit { append: Some(append), ..Commit::default() }
}

/// A commit that adds an event to the nth request.
#[must_use]
pub fn growth(n: u64, expected: u64, row: RequestRow) -> Commit {
    let events = vec![Event::VoiceUncounted { stage: countersign_core::id::StageId(1), person: "ben".into() }];
    let append = Append { id: request(n), expected, at: samples::moment(), events, contents: Vec::new(), row };
    Commit { append: Some(append), ..Commit::default() }
}

fn owed(n: u64, of: u64, lane: &str, due_ms: i64) -> OutboxRow {
    OutboxRow { id: effect(n), request: request(of), lane: lane.to_owned(), waits: false, due_at: later(due_ms), effect: vec![1, 2, 3] }
}
