//! What failed for good: on record, loud, listed, and in an operator's hands (rules 21 and 22).

use super::bench::{Bench, person};
use countersign_core::event::{Decision, Event};
use countersign_store::{ListQuery, Loaded};

/// Every stored body is another one than was settled.
fn forge(loaded: &mut Loaded) {
    let bodies: Vec<_> = loaded
        .events
        .iter()
        .flat_map(|(_, event)| match event {
            Event::Settled { actions, .. } => actions.iter().filter_map(|action| action.body).collect(),
            _ => Vec::new(),
        })
        .collect();
    loaded.contents.iter_mut().filter(|content| bodies.contains(&content.id)).for_each(|content| content.bytes.push(b' '));
}

#[tokio::test]
async fn bytes_that_were_altered_are_a_dead_letter_at_once_and_are_never_sent() {
    let bench = Bench::start().await;
    bench.store.load_like(Some(Box::new(forge)));
    let id = bench.submit("10 USD").await;
    bench.work().await;
    let names = bench.names(id).await;
    assert!(names.contains(&"execution_dead_lettered") && !names.contains(&"execution_started"), "{names:?}");
    assert_eq!(bench.receiver.got("/pay").len(), 0, "nothing was sent");
    assert_eq!(bench.receiver.notice("/ana", "approval.dead_lettered").await.json()["data"]["approval_id"], id.to_string(), "the owner hears");
    assert_eq!(bench.engine.counts().await.unwrap().outbox, 0, "nothing is left to be tried again");
    let listed = ListQuery { dead_letter: true, limit: 9, ..ListQuery::default() };
    assert_eq!(bench.engine.list(&person("olga"), listed).await.unwrap().items[0].id, id);
    bench.engine.retry_execution(&person("olga"), id, "pay".into()).await.unwrap();
    bench.work().await;
    assert_eq!(bench.receiver.got("/pay").len(), 0, "a retry by hand checks again");
    bench.store.load_like(None);
    bench.engine.retry_execution(&person("olga"), id, "pay".into()).await.unwrap();
    bench.work().await;
    assert_eq!(bench.receiver.got("/pay").len(), 1);
    assert_eq!(bench.see(id).await.request.executions[0].status(), "succeeded");
}

#[tokio::test]
async fn a_worker_that_looked_longer_ago_than_its_lease_lasts_begins_nothing() {
    let bench = Bench::start().await;
    let id = bench.submit("5000 USD").await;
    bench.decide("mia", id, Decision::Approve).await.unwrap();
    bench.store.load_like(Some(Box::new(|loaded| loaded.now -= jiff::SignedDuration::from_hours(2))));
    bench.work().await;
    bench.store.load_like(None);
    let names = bench.names(id).await;
    assert!(names.contains(&"settled") && !names.contains(&"execution_started"), "another may have begun meanwhile: {names:?}");
}
