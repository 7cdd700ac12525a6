//! The reference adapter passes the suite, and its weather does what it says.

use super::*;
use crate::clock::ManualClock;
use crate::conformance;

#[tokio::test]
async fn it_passes_the_suite() {
    conformance::exercise(MemoryStore::new).await;
}

#[tokio::test]
async fn bad_weather_before_writes_nothing_and_after_writes_all() {
    let forecast = Arc::new(Mutex::new(vec![Weather::InDoubtAfter, Weather::FailBefore]));
    let faults = {
        let forecast = forecast.clone();
        move |call| if call == Call::Commit { forecast.lock().unwrap().pop().unwrap_or(Weather::Fine) } else { Weather::Fine }
    };
    let store = MemoryStore::with_faults(Arc::new(ManualClock::at(timestamp(1_000))), Arc::new(faults));
    let commit = || conformance::submission(1);
    assert!(matches!(store.commit(commit()).await, Err(CommitError::Fault(Fault::Store(_)))));
    assert!(store.load(conformance::request(1)).await.unwrap().is_none());
    assert!(matches!(store.commit(commit()).await, Err(CommitError::Fault(Fault::InDoubt))));
    assert!(store.load(conformance::request(1)).await.unwrap().is_some());
    assert!(matches!(store.commit(commit()).await, Err(CommitError::Conflict)));
}

#[tokio::test]
async fn an_altered_event_is_found_in_its_place() {
    let store = MemoryStore::new(Arc::new(ManualClock::at(timestamp(1_000))));
    store.commit(conformance::submission(1)).await.unwrap();
    assert_eq!(store.verify().await.unwrap().problems, Vec::new());
    store.state().requests.alter_first_event(conformance::request(1));
    let problems = store.verify().await.unwrap().problems;
    assert!(problems[0].place.contains("number 1"), "{problems:?}");
}
