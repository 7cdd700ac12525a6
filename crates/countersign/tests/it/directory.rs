//! People change while requests wait: the real files, read again, and the engine's own look at what is open.

use crate::harness::Still;
use countersign::api::ApiSettings;
use countersign::app::{App, install_tls};
use countersign::config::Config;
use countersign::engine::caller::Caller;
use countersign::engine::deed::Verdict;
use countersign::engine::submit::Submission;
use countersign_core::event::{Decision, Door};
use countersign_core::id::{PersonId, RequestId, Revision};
use countersign_store::{Kind, ListQuery, Put, Records, RequestLog, StatusName};
use std::collections::BTreeMap;
use std::path::Path;

const POLICY: &str = "policy = \"pair\"\ntitle = \"{{ what }}\"\nowner = \"user:zoe\"\n[payload]\nwhat = \"text\"\n\
    [[rule]]\nname = \"two\"\n[[rule.stage]]\nname = \"review\"\napprovers = [\"group:team\"]\nquorum = 2\nexpire = { after = \"72h\" }\n";

fn person(id: &str) -> Caller {
    Caller::Person { id: PersonId::from(id), door: Door::Api }
}

/// Everybody in the directory, but these are in the team and those have left.
fn people(folder: &Path, team: &[&str], left: &[&str]) {
    let mut text = String::new();
    for id in ["leo", "ana", "bo", "cy", "zoe"] {
        text += &format!(
            "[[person]]\nid = \"{id}\"\nname = \"{id}\"\nactive = {}\nroles = [{}]\n",
            !left.contains(&id),
            if id == "zoe" { "\"operator\"" } else { "" }
        );
    }
    text += &format!("[[group]]\nid = \"team\"\nmembers = {team:?}\n");
    std::fs::write(folder.join("directory.toml"), text).unwrap();
}

async fn start(folder: &Path) -> App {
    install_tls();
    let config = Config::load(Some(&folder.join("countersign.toml")), &BTreeMap::new()).unwrap();
    let app = App::assemble(config, "127.0.0.1:7171".parse().unwrap(), None).await.unwrap();
    assert_eq!(app.sources.standing().wrong, []);
    app
}

async fn begin() -> (tempfile::TempDir, App, RequestId) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/pair.toml"), POLICY).unwrap();
    std::fs::write(folder.path().join("countersign.toml"), "[summary]\nprovider = \"plain\"\n").unwrap();
    people(folder.path(), &["ana", "bo"], &[]);
    let app = start(folder.path()).await;
    app.sources.catch_up().await;
    let payload = serde_json::json!({ "what": "a car" });
    let submission = Submission { policy: "pair".into(), requester: "leo".into(), payload, idempotency_key: None, external_id: None };
    let made = app.engine.submit(&person("leo"), submission).await.unwrap();
    (folder, app, made.handled.id())
}

async fn approve(app: &App, who: &str, id: RequestId) {
    let verdict = Verdict { decision: Decision::Approve, revision: Revision::FIRST, comment: None, person: None };
    app.engine.decide(&person(who), id, verdict).await.unwrap();
}

async fn status(app: &App, id: RequestId) -> StatusName {
    app.engine.see(&person("zoe"), id).await.unwrap().status()
}

async fn inbox(app: &App, who: &str) -> usize {
    let query = ListQuery { approver: Some(who.into()), limit: 10, ..ListQuery::default() };
    app.engine.list(&person(who), query).await.unwrap().items.len()
}

#[tokio::test]
async fn rule_6_one_who_has_approved_and_leaves_is_noticed_at_once() {
    let (folder, app, id) = begin().await;
    approve(&app, "ana", id).await;
    people(folder.path(), &["ana", "bo"], &["ana"]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    assert_eq!(status(&app, id).await, StatusName::Unroutable, "nobody waits for bo to find that out");
    people(folder.path(), &["bo", "cy"], &["ana"]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    assert_eq!((status(&app, id).await, inbox(&app, "cy").await), (StatusName::Pending, 1), "others are found again");
}

#[tokio::test]
async fn rule_14_a_look_at_the_directory_that_was_interrupted_is_taken_up_at_the_next_start() {
    let (folder, app, id) = begin().await;
    people(folder.path(), &["ana"], &[]);
    app.sources.reload().await;
    assert_eq!(status(&app, id).await, StatusName::Pending, "the directory is in force, and the process ends before it looked");
    drop(app);
    let app = start(folder.path()).await;
    app.sources.catch_up().await;
    assert_eq!(status(&app, id).await, StatusName::Unroutable);
    assert_eq!(app.engine.catch_up_with_directory().await.unwrap(), 0, "looked at once");
}

#[tokio::test]
async fn rule_6_whom_the_policy_names_now_is_asked_when_too_few_are_left() {
    let (folder, app, id) = begin().await;
    people(folder.path(), &["ana", "bo", "cy"], &[]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    approve(&app, "ana", id).await;
    assert_eq!((inbox(&app, "bo").await, inbox(&app, "cy").await), (1, 0), "cy joined after it was asked of the others");
    people(folder.path(), &["ana", "cy"], &[]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    assert_eq!((inbox(&app, "bo").await, inbox(&app, "cy").await), (0, 1), "bo may not decide any more, and is not shown it");
    let events = app.engine.see_with_events(&person("zoe"), id).await.unwrap().1.len();
    people(folder.path(), &["ana", "cy"], &["bo"]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    assert_eq!(app.engine.see_with_events(&person("zoe"), id).await.unwrap().1.len(), events, "and nothing is on record for it");
}

#[tokio::test]
async fn an_inbox_loses_what_its_owner_may_not_decide_any_more() {
    let (folder, app, _) = begin().await;
    people(folder.path(), &["ana", "bo", "cy"], &[]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    let payload = serde_json::json!({ "what": "a house" });
    let submission = Submission { policy: "pair".into(), requester: "leo".into(), payload, idempotency_key: None, external_id: None };
    let made = app.engine.submit(&person("leo"), submission).await.unwrap().handled.id();
    let events = app.engine.see_with_events(&person("zoe"), made).await.unwrap().1.len();
    people(folder.path(), &["ana", "bo"], &[]);
    app.sources.reload().await;
    app.sources.catch_up().await;
    assert_eq!(inbox(&app, "cy").await, 0);
    assert_eq!(app.engine.see_with_events(&person("zoe"), made).await.unwrap().1.len(), events, "the row says it, no event");
}

#[tokio::test]
async fn rule_14_a_look_goes_on_from_where_it_was_noted_with_this_directory_and_from_the_start_with_another() {
    for (behind, woken) in [(0, 2), (1, 3)] {
        let door = Still::start(ApiSettings::default(), axum::Router::new()).await;
        door.engine.catch_up_with_directory().await.unwrap();
        for deed in ["a", "b", "c"] {
            door.submit("notary", serde_json::json!({ "deed": deed })).await;
        }
        let file = door.folder().join("directory.toml");
        let people = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{people}\n[[person]]\nid = \"new\"\nname = \"New\"\n")).unwrap();
        assert_eq!(door.sources.reload().await.wrong, []);
        let version = door.meddled.list_kind(Kind::Directory, None, 1).await.unwrap()[0].version;
        let open = ListQuery { status: vec![StatusName::Unroutable, StatusName::Pending], limit: 1, ..ListQuery::default() };
        let cursor = door.meddled.list(&open).await.unwrap().next.unwrap();
        let noted = serde_json::json!({ "version": version - behind, "cursor": cursor }).to_string().into_bytes();
        door.meddled.put(Put { kind: Kind::Setting, key: "directory_looking".into(), expected: 0, bytes: Some(noted) }).await.unwrap();
        assert_eq!(door.engine.catch_up_with_directory().await.unwrap(), woken);
        assert_eq!(door.engine.catch_up_with_directory().await.unwrap(), 0, "looked at to the end");
    }
}
