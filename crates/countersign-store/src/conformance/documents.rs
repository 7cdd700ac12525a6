//! Versioned records.

use super::*;
use crate::records::{Kind, Put, PutError};

fn put(key: &str, expected: u64, text: &str) -> Put {
    Put { kind: Kind::Policy, key: key.to_owned(), expected, bytes: Some(text.as_bytes().to_vec()) }
}

pub(super) async fn versions_count_up_and_history_stays<S: RequestLog + Records>(stage: Stage<S>) {
    assert_eq!(stage.store.get(Kind::Policy, "a").await.unwrap(), None);
    assert_eq!(stage.store.put(put("a", 0, "one")).await.unwrap(), 1);
    stage.wait(5);
    assert_eq!(stage.store.put(put("a", 1, "two")).await.unwrap(), 2);
    let now = stage.store.get(Kind::Policy, "a").await.unwrap().unwrap();
    assert_eq!((now.key.as_str(), now.version, now.at, now.bytes.as_slice()), ("a", 2, later(5), b"two".as_slice()));
    let history = stage.store.history(Kind::Policy, "a").await.unwrap();
    assert_eq!((history.len(), history[0].bytes.as_slice(), history[0].at), (2, b"one".as_slice(), later(0)));
    assert_eq!(history[1], now);
    assert_eq!(stage.store.get(Kind::Key, "a").await.unwrap(), None);
}

pub(super) async fn a_stale_version_is_a_conflict<S: RequestLog + Records>(stage: Stage<S>) {
    assert!(matches!(stage.store.put(put("a", 1, "x")).await, Err(PutError::Conflict)));
    stage.store.put(put("a", 0, "one")).await.unwrap();
    for stale in [0, 2] {
        assert!(matches!(stage.store.put(put("a", stale, "x")).await, Err(PutError::Conflict)));
    }
    let (a, b) = tokio::join!(stage.store.put(put("a", 1, "x")), stage.store.put(put("a", 1, "y")));
    assert!(a.is_ok() != b.is_ok());
    assert_eq!(stage.store.history(Kind::Policy, "a").await.unwrap().len(), 2);
}

pub(super) async fn a_removed_record_is_gone_from_lists_and_can_come_back<S: RequestLog + Records>(stage: Stage<S>) {
    let remove = |expected| Put { bytes: None, ..put("a", expected, "") };
    assert!(matches!(stage.store.put(remove(0)).await, Err(PutError::Conflict)));
    stage.store.put(put("a", 0, "one")).await.unwrap();
    stage.store.put(remove(1)).await.unwrap();
    assert_eq!(stage.store.get(Kind::Policy, "a").await.unwrap(), None);
    assert!(stage.store.list_kind(Kind::Policy, None, 10).await.unwrap().is_empty());
    assert_eq!(stage.store.history(Kind::Policy, "a").await.unwrap().len(), 1);
    assert!(matches!(stage.store.put(put("a", 2, "x")).await, Err(PutError::Conflict)));
    assert_eq!(stage.store.put(put("a", 0, "again")).await.unwrap(), 3);
    assert_eq!(stage.store.get(Kind::Policy, "a").await.unwrap().unwrap().version, 3);
    assert_eq!(stage.store.verify().await.unwrap().problems, Vec::new());
}

pub(super) async fn kinds_are_listed_by_key_in_pages<S: RequestLog + Records>(stage: Stage<S>) {
    for key in ["d", "a", "c", "b"] {
        stage.store.put(put(key, 0, key)).await.unwrap();
    }
    stage.store.put(put("b", 1, "newer")).await.unwrap();
    stage.store.put(Put { kind: Kind::Session, ..put("aa", 0, "other") }).await.unwrap();
    let keys = |records: Vec<crate::Record>| records.into_iter().map(|record| record.key).collect::<Vec<_>>();
    assert_eq!(keys(stage.store.list_kind(Kind::Policy, None, 2).await.unwrap()), ["a", "b"]);
    assert_eq!(keys(stage.store.list_kind(Kind::Policy, Some("b"), 9).await.unwrap()), ["c", "d"]);
    assert_eq!(stage.store.list_kind(Kind::Policy, Some("a"), 1).await.unwrap()[0].bytes, b"newer");
}
