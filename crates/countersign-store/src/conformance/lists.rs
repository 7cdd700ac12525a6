//! Lists, inboxes, wake-ups, counts.

use super::*;
use crate::log::ListQuery;
use crate::share::{Part, Shares};
use countersign_core::id::PersonId;

async fn all<S: RequestLog>(stage: &Stage<S>, query: ListQuery) -> Vec<RequestId> {
    let mut found = Vec::new();
    let mut query = query;
    loop {
        let page = stage.store.list(&query).await.unwrap();
        assert!(page.items.len() <= query.limit);
        found.extend(page.items.iter().map(|row| row.id));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return found,
        }
    }
}

fn of(limit: usize) -> ListQuery {
    ListQuery { limit, ..ListQuery::default() }
}

fn requests(numbers: &[u64]) -> Vec<RequestId> {
    numbers.iter().map(|n| request(*n)).collect()
}

async fn with<S: RequestLog>(stage: &Stage<S>, n: u64, change: impl FnOnce(&mut RequestRow)) {
    let mut commit = submission(n);
    change(&mut commit.append.as_mut().unwrap().row);
    stage.store.commit(commit).await.unwrap();
}

pub(super) async fn lists_run_newest_first_and_pages_lose_nothing<S: RequestLog + Records>(stage: Stage<S>) {
    for n in [3, 1, 2, 9, 5, 4, 8] {
        stage.submit(n).await;
    }
    stage.grow(9, 1, approved(9)).await;
    for limit in [1, 2, 3, 7, 50] {
        assert_eq!(all(&stage, of(limit)).await, requests(&[8, 4, 5, 9, 2, 1, 3]), "pages of {limit}");
    }
    let first = stage.store.list(&of(2)).await.unwrap();
    stage.submit(7).await;
    let rest = ListQuery { cursor: first.next, ..of(9) };
    assert_eq!(all(&stage, rest).await, requests(&[5, 9, 2, 1, 3]));
    assert!(stage.store.list(&of(7)).await.unwrap().next.is_some());
    assert!(stage.store.list(&of(8)).await.unwrap().next.is_none());
}

pub(super) async fn every_filter_filters<S: RequestLog + Records>(stage: Stage<S>) {
    with(&stage, 1, |row| row.policy = "deploy".into()).await;
    with(&stage, 2, |row| row.requester = "dan".into()).await;
    with(&stage, 3, |row| (row.submitted_with, row.external_id) = (Some(key(7)), Some("PO-1".to_owned()))).await;
    with(&stage, 4, |row| row.dead_letter = true).await;
    with(&stage, 5, |row| (row.policy, row.requester, row.status) = ("deploy".into(), "dan".into(), StatusName::Unroutable)).await;
    stage.submit(6).await;
    stage.grow(6, 1, approved(6)).await;
    let query = |change: fn(&mut ListQuery)| {
        let mut query = of(2);
        change(&mut query);
        query
    };
    for (asked, expected) in [
        (query(|q| q.policy = Some("deploy".into())), vec![5, 1]),
        (query(|q| q.requester = Some("dan".into())), vec![5, 2]),
        (query(|q| q.key = Some(key(7))), vec![3]),
        (query(|q| q.external_id = Some("PO-1".to_owned())), vec![3]),
        (query(|q| q.dead_letter = true), vec![4]),
        (query(|q| q.status = vec![StatusName::Approved]), vec![6]),
        (query(|q| q.status = vec![StatusName::Approved, StatusName::Unroutable, StatusName::Approved]), vec![6, 5]),
        (query(|q| q.status = vec![StatusName::Pending]), vec![4, 3, 2, 1]),
        (query(|q| (q.policy, q.requester) = (Some("deploy".into()), Some("dan".into()))), vec![5]),
        (query(|q| (q.policy, q.status) = (Some("deploy".into()), vec![StatusName::Pending])), vec![1]),
        (query(|q| (q.key, q.dead_letter) = (Some(key(7)), true)), vec![]),
        (query(|q| (q.external_id, q.status) = (Some("PO-1".to_owned()), vec![StatusName::Expired])), vec![]),
    ] {
        assert_eq!(all(&stage, asked.clone()).await, requests(&expected), "{asked:?}");
    }
}

pub(super) async fn an_inbox_is_ordered_by_urgency_and_follows_the_row<S: RequestLog + Records>(stage: Stage<S>) {
    let inbox = |who: &str| ListQuery { approver: Some(PersonId::from(who)), ..of(2) };
    for (n, due) in [(1, Some(500)), (2, None), (3, Some(100)), (4, Some(500)), (5, Some(900))] {
        with(&stage, n, |row| row.due = due.map(later)).await;
    }
    with(&stage, 6, |row| row.waiting = ["cleo".into(), "dan".into()].into()).await;
    assert_eq!(all(&stage, inbox("ben")).await, requests(&[3, 1, 4, 5, 2]));
    assert_eq!(all(&stage, inbox("cleo")).await, requests(&[6]));
    stage.grow(5, 1, RequestRow { due: Some(later(50)), ..row(5) }).await;
    stage.grow(3, 1, approved(3)).await;
    stage.grow(1, 1, RequestRow { waiting: ["cleo".into()].into(), due: None, ..row(1) }).await;
    assert_eq!(all(&stage, inbox("ben")).await, requests(&[5, 4, 2]));
    assert_eq!(all(&stage, inbox("cleo")).await, requests(&[6, 1]));
    let narrow = ListQuery { status: vec![StatusName::Held], ..inbox("ben") };
    assert!(all(&stage, narrow).await.is_empty());
}

pub(super) async fn a_search_finds_in_any_case<S: RequestLog + Records>(stage: Stage<S>) {
    with(&stage, 1, |row| row.title = "Über 100 % Stühle".to_owned()).await;
    stage.submit(2).await;
    for (text, expected) in [("über", vec![1]), ("STÜHLE", vec![1]), ("%", vec![1]), ("expense", vec![2]), ("_", vec![])] {
        let query = ListQuery { text: Some(text.to_owned()), ..of(5) };
        assert_eq!(all(&stage, query).await, requests(&expected), "{text}");
    }
    let either = ListQuery { text: Some("1,00".to_owned()), or_text: Some("100 %".to_owned()), ..of(5) };
    assert_eq!(all(&stage, either).await, requests(&[1]));
}

pub(super) async fn a_foreign_cursor_is_a_fault<S: RequestLog + Records>(stage: Stage<S>) {
    let inbox = ListQuery { approver: Some("ben".into()), ..of(5) };
    for (query, cursor) in [(of(5), "u1.1"), (of(5), "' OR 1=1"), (inbox.clone(), "n4"), (inbox, "u1")] {
        let query = ListQuery { cursor: Some(cursor.to_owned()), ..query };
        assert!(stage.store.list(&query).await.is_err(), "{query:?}");
    }
}

pub(super) async fn wakeups_come_in_order_and_say_when_the_next_is<S: RequestLog + Records>(stage: Stage<S>) {
    for (n, due) in [(1, Some(300)), (2, Some(100)), (3, None), (4, Some(200)), (5, Some(700))] {
        with(&stage, n, |row| row.next_wakeup = due.map(later)).await;
    }
    let before = stage.store.due(10).await.unwrap();
    assert_eq!((before.overdue, before.next, before.now), (Vec::new(), Some(later(100)), later(0)));
    stage.wait(300);
    let due = stage.store.due(10).await.unwrap();
    assert_eq!(due.overdue, vec![(request(2), later(100)), (request(4), later(200)), (request(1), later(300))]);
    assert_eq!((due.next, due.now), (Some(later(700)), later(300)));
    assert_eq!(stage.store.due(1).await.unwrap().overdue, vec![(request(2), later(100))]);
    stage.grow(2, 1, RequestRow { next_wakeup: Some(later(800)), ..row(2) }).await;
    stage.grow(4, 1, approved(4)).await;
    assert_eq!(stage.store.due(10).await.unwrap().overdue, vec![(request(1), later(300))]);
}

pub(super) async fn a_persons_parts_follow_the_row<S: RequestLog + Records>(stage: Stage<S>) {
    let people = |names: &[&str]| -> std::collections::BTreeSet<PersonId> { names.iter().map(|name| PersonId::from(*name)).collect() };
    let card = |amount: &str| Card { amount: Some(amount.to_owned()), needed: 2, involved: people(&["ana", "ben", "cleo"]), ..Card::default() };
    let part = |who: &str, part| ListQuery { part: Some((PersonId::from(who), part)), ..of(2) };
    for n in 1..=5 {
        with(&stage, n, |row| (row.card, row.waiting) = (card("7 USD"), people(&["ben", "cleo"]))).await;
    }
    let after = |n: u64| RequestRow { card: card("8 USD"), waiting: people(&["cleo"]), ..row(n) };
    for n in [2, 3, 4] {
        stage.grow(n, 1, after(n)).await;
    }
    stage.grow(3, 2, RequestRow { card: card("8 USD"), ..approved(3) }).await;
    let found = stage.store.load(request(3)).await.unwrap().unwrap().row.card;
    assert_eq!(found, card("8 USD"));
    for (query, expected) in [
        (part("ben", Part::Others), vec![4, 2]),
        (part("ben", Part::Done), vec![3]),
        (part("ana", Part::Others), vec![]),
        (part("ana", Part::Done), vec![3]),
        (part("cleo", Part::Others), vec![]),
        (part("dan", Part::Done), vec![]),
        (ListQuery { text: Some("4".into()), ..part("ben", Part::Others) }, vec![4]),
    ] {
        assert_eq!(all(&stage, query.clone()).await, requests(&expected), "{query:?}");
    }
    let shares = async |who: &str| stage.store.shares(&PersonId::from(who)).await.unwrap();
    assert_eq!(shares("ben").await, Shares { waiting: 2, others: 2, mine: 0, done: 1 });
    assert_eq!(shares("cleo").await, Shares { waiting: 4, others: 0, mine: 0, done: 1 });
    assert_eq!(shares("ana").await, Shares { waiting: 0, others: 0, mine: 4, done: 1 });
}

pub(super) async fn counts_follow<S: RequestLog + Records>(stage: Stage<S>) {
    for n in 1..=4 {
        stage.submit(n).await;
    }
    stage.grow(2, 1, RequestRow { dead_letter: true, ..approved(2) }).await;
    stage.owe(1, vec![owed(1, 1, "mail", 70), owed(2, 1, "chat", 50)]).await;
    let counts = stage.store.counts().await.unwrap();
    assert_eq!(counts.requests, vec![(StatusName::Pending, 3), (StatusName::Approved, 1)]);
    assert_eq!((counts.dead_letters, counts.position), (1, 5));
    assert_eq!((counts.outbox, counts.outbox_oldest), (2, Some(later(50))));
    stage.grow(2, 2, approved(2)).await;
    assert_eq!(stage.store.counts().await.unwrap().dead_letters, 0);
}

pub(super) async fn requests_about_the_same_thing_are_found<S: RequestLog + Records>(stage: Stage<S>) {
    let about = |subject: &'static str| move |row: &mut RequestRow| row.subject = Some(subject.to_owned());
    for (n, subject) in [(1, "ACME"), (2, "ACME"), (3, "Globex"), (4, "ACME")] {
        with(&stage, n, about(subject)).await;
    }
    with(&stage, 5, |row| (row.policy, row.subject) = ("deploy".into(), Some("ACME".to_owned()))).await;
    with(&stage, 6, |row| row.requester = "dan".into()).await;
    stage.grow(2, 1, RequestRow { subject: Some("ACME".to_owned()), ..approved(2) }).await;
    let same = |subject: &str| ListQuery { policy: Some("expense".into()), subject: Some(subject.to_owned()), ..of(2) };
    assert_eq!(all(&stage, same("ACME")).await, requests(&[4, 2, 1]));
    assert_eq!(all(&stage, same("acme")).await, requests(&[]));
    let again = ListQuery { policy: Some("expense".into()), requester: Some("ana".into()), ..of(2) };
    assert_eq!(all(&stage, again).await, requests(&[4, 3, 2, 1]));
}
