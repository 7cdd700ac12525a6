//! Rule 1 at the moment of the commit: the directory that counts is the one in force then, whoever changed it.

use super::bench::Bench;
use countersign::engine::EngineError;
use countersign::engine::shelf::DIRECTORY_KEY;
use countersign_core::event::{Decision, Event};
use countersign_core::refusal::Refusal;
use countersign_store::{Kind, Put, Records};
use futures_util::FutureExt;

/// Another process puts a directory in force in which one person has left.
fn somebody_leaves(bench: &Bench, who: &str) {
    let file = bench.folder().join("directory.toml");
    let (name, line) = (file.display().to_string(), format!("id       = \"{who}\"\n"));
    let source = std::fs::read_to_string(file).unwrap();
    assert!(source.contains(&line));
    let source = source.replace(&line, &format!("{line}active   = false\n"));
    let bytes = serde_json::to_vec(&serde_json::json!({ "file": name, "source": source })).unwrap();
    let store = bench.store.clone();
    bench.store.before_commit(Box::new(move || {
        async move {
            let version = store.get(Kind::Directory, DIRECTORY_KEY).await.unwrap().unwrap().version;
            store.put(Put { kind: Kind::Directory, key: DIRECTORY_KEY.into(), expected: version, bytes: Some(bytes) }).await.unwrap();
        }
        .boxed()
    }));
}

#[tokio::test]
async fn rule_1_who_leaves_between_load_and_commit_has_no_voice() {
    let bench = Bench::start().await;
    let id = bench.submit("5000 USD").await;
    somebody_leaves(&bench, "mia");
    let told = bench.decide("mia", id, Decision::Approve).await;
    assert!(matches!(told, Err(EngineError::Refused(Refusal::NotAnApprover))), "{told:?}");
    assert!(!bench.names(id).await.contains(&"decided"));
    assert_eq!(bench.engine.shelf().people().roster.version, 2, "the engine follows the directory of the store");
}

#[tokio::test]
async fn rule_1_a_stage_asks_by_the_directory_in_force_when_it_is_committed() {
    let bench = Bench::start().await;
    somebody_leaves(&bench, "mia");
    let id = bench.submit("5000 USD").await;
    let (_, events) = bench.engine.see_with_events(&super::bench::person("olga"), id).await.unwrap();
    let opened = events.iter().find_map(|(_, event)| if let Event::StageOpened(opened) = event { Some(opened) } else { None }).unwrap();
    assert_eq!((opened.directory, &opened.asked), (2, &vec![Vec::new()]), "mia, whom the stage would ask, has left");
    assert_eq!(bench.names(id).await[..4], ["submitted", "ruled", "stage_opened", "escalated"]);
}

#[tokio::test]
async fn a_directory_that_nobody_can_read_stops_decisions_and_says_so() {
    let bench = Bench::start().await;
    let id = bench.submit("5000 USD").await;
    let put = Put { kind: Kind::Directory, key: DIRECTORY_KEY.into(), expected: 1, bytes: Some(b"rubbish".to_vec()) };
    bench.store.put(put).await.unwrap();
    let told = bench.decide("mia", id, Decision::Approve).await.unwrap_err().to_string();
    assert!(told.contains("the directory"), "{told}");
    assert!(!bench.names(id).await.contains(&"decided"));
}
