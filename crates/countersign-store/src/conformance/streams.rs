//! The stream of all events, the heads, and the check of everything.

use super::*;
use crate::record::{chain, encode, genesis};
use crate::records::{Kind, Put};

pub(super) async fn the_tail_is_in_order_and_complete<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(2).await;
    stage.submit(1).await;
    stage.grow(2, 1, row(2)).await;
    let all = stage.store.tail(0, 10).await.unwrap();
    let places: Vec<_> = all.iter().map(|one| (one.position, one.request, one.number)).collect();
    assert_eq!(places, vec![(1, request(2), 1), (2, request(1), 1), (3, request(2), 2)]);
    assert_eq!((all[2].event.name(), all[2].at), ("voice_uncounted", samples::moment()));
    assert_eq!(stage.store.tail(1, 1).await.unwrap(), all[1..2]);
    assert!(stage.store.tail(3, 10).await.unwrap().is_empty());
    assert!(stage.store.tail(u64::MAX, 10).await.unwrap().is_empty());
}

pub(super) async fn heads_chain_from_the_request_id<S: RequestLog + Records>(stage: Stage<S>) {
    for n in [2, 3, 1] {
        stage.submit(n).await;
    }
    stage.grow(1, 1, row(1)).await;
    let heads = stage.store.heads(None, 10).await.unwrap();
    assert_eq!(heads.iter().map(|head| (head.request, head.events)).collect::<Vec<_>>(), vec![(request(1), 2), (request(2), 1), (request(3), 1)]);
    let loaded = stage.store.load(request(1)).await.unwrap().unwrap();
    let hash = loaded.events.iter().fold(genesis(request(1)), |hash, (at, event)| chain(hash, &encode(*at, event).unwrap()));
    assert_eq!(heads[0].hash, hash);
    assert_eq!(stage.store.heads(Some(request(1)), 1).await.unwrap(), heads[1..2]);
    assert_eq!(stage.store.tail(3, 1).await.unwrap()[0].hash, hash);
}

pub(super) async fn what_is_sound_verifies<S: RequestLog + Records>(stage: Stage<S>) {
    stage.submit(1).await;
    stage.submit(2).await;
    stage.grow(1, 1, approved(1)).await;
    for (expected, kind) in [(0, Kind::PolicyVersion), (0, Kind::Directory), (1, Kind::Directory)] {
        let put = Put { kind, key: "k".to_owned(), expected, bytes: Some(vec![u8::try_from(expected).unwrap(); 9]) };
        stage.store.put(put).await.unwrap();
    }
    let verified = stage.store.verify().await.unwrap();
    assert_eq!(verified.problems, Vec::new());
    assert_eq!((verified.requests, verified.events, verified.contents, verified.policies), (2, 3, 2, 1));
    let before = verified.heads_digest;
    stage.grow(2, 1, row(2)).await;
    assert_ne!(stage.store.verify().await.unwrap().heads_digest, before);
    let mut missing = growth(2, 2, row(2));
    missing.append.as_mut().unwrap().events = vec![Event::Commented { by: Actor::Engine, comment: Digest::of(b"nowhere") }];
    stage.store.commit(missing).await.unwrap();
    let problems = stage.store.verify().await.unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].place.contains(&request(2).to_string()), "{problems:?}");
}
