//! Sessions under a clock that is set by hand.

use super::*;
use crate::engine::{Ports, Settings};
use crate::ports::{Clock, SystemRandom};
use countersign_core::people::{Person, Roster};
use countersign_store::{ManualClock, MemoryStore, Records, StoreClock};
use std::collections::BTreeSet;
use std::sync::Arc;

struct Set(Arc<ManualClock>);

#[async_trait::async_trait]
impl Clock for Set {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    async fn sleep_until(&self, _: Timestamp) {}
}

struct Scene {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    engine: Engine,
}

fn scene() -> Scene {
    let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let ports = Ports { log: store.clone(), records: store.clone(), clock: Arc::new(Set(clock.clone())), random: Arc::new(SystemRandom) };
    let settings = Settings {
        public_url: "http://sign.example".into(),
        summary_budget: None,
        hooks: Vec::new(),
        sessions: SessionRules::default(),
        confirm_links: false,
    };
    let engine = Engine::new(ports, settings);
    engine.shelf().set_people(crate::engine::shelf::People { roster: roster(&["mia", "leo"]), ..Default::default() });
    Scene { clock, store, engine }
}

fn roster(active: &[&str]) -> Arc<Roster> {
    let person = |id: &str| Person {
        id: id.into(),
        name: id.into(),
        email: None,
        manager: None,
        limit: None,
        roles: BTreeSet::new(),
        active: active.contains(&id),
    };
    let people = ["mia", "leo"].map(|id| (PersonId::from(id), person(id))).into();
    Arc::new(Roster { version: 1, people, ..Roster::default() })
}

fn arrival() -> Arrival {
    Arrival { by: SignedBy::Link, device: "Firefox on Linux".into(), address: "192.0.2.7".into() }
}

async fn open(scene: &Scene, person: &str) -> String {
    scene.engine.open_session(&PersonId::from(person), &arrival()).await.unwrap()
}

async fn opens(scene: &Scene, secret: &str) -> bool {
    scene.engine.caller_of_session(secret, Door::Web).await.unwrap().is_some()
}

#[tokio::test]
async fn an_idle_session_ends_and_a_used_one_goes_on_until_its_absolute_end() {
    let scene = scene();
    let (idle, used) = (open(&scene, "mia").await, open(&scene, "mia").await);
    for _ in 0..(7 * 24 / 11) {
        scene.clock.advance(SignedDuration::from_hours(11));
        assert!(opens(&scene, &used).await);
    }
    assert!(!opens(&scene, &idle).await);
    scene.clock.advance(SignedDuration::from_hours(3));
    assert!(!opens(&scene, &used).await, "seven days are over");
    assert!(scene.engine.sessions_of(&PersonId::from("mia")).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_last_use_is_written_at_most_once_a_minute() {
    let scene = scene();
    let secret = open(&scene, "mia").await;
    for _ in 0..150 {
        scene.clock.advance(SignedDuration::from_secs(1));
        assert!(opens(&scene, &secret).await);
    }
    let records = scene.store.history(Kind::Session, &key_of(&secret).unwrap()).await.unwrap();
    assert_eq!(records.len(), 3, "once at sign-in, once after each of two minutes");
}

#[tokio::test]
async fn the_secret_is_not_kept() {
    let scene = scene();
    let secret = open(&scene, "mia").await;
    let records = scene.store.list_kind(Kind::Session, None, 10).await.unwrap();
    let kept = format!("{} {}", records[0].key, String::from_utf8_lossy(&records[0].bytes));
    assert!(records.len() == 1 && !kept.contains(&secret));
    for other in [&kept, "", "css_", records[0].key.as_str(), &secret[1..], &format!("{secret}A")] {
        assert!(!opens(&scene, other).await, "{other}");
    }
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions_only() {
    let scene = scene();
    let (first, second, other) = (open(&scene, "mia").await, open(&scene, "mia").await, open(&scene, "leo").await);
    let (mia, leo) = (PersonId::from("mia"), PersonId::from("leo"));
    assert_eq!(scene.engine.sessions_of(&mia).await.unwrap().len(), 2);
    let of_leo = scene.engine.sessions_of(&leo).await.unwrap().remove(0);
    assert_eq!((of_leo.device.as_str(), of_leo.address.as_str()), ("Firefox on Linux", "192.0.2.7"));
    let caller = |person: &PersonId| Caller::Person { id: person.clone(), door: Door::Web };
    assert_eq!(scene.engine.end_sessions(&caller(&mia), None, Some(&of_leo.id)).await.unwrap(), 0);
    assert!(opens(&scene, &other).await);
    let id = scene.engine.session(&first).await.unwrap().unwrap().id;
    assert_eq!(scene.engine.end_sessions(&caller(&mia), None, Some(&id)).await.unwrap(), 1);
    assert!(!opens(&scene, &first).await && opens(&scene, &second).await);
    assert_eq!(scene.engine.end_sessions(&caller(&mia), Some(&mia), None).await.unwrap(), 1);
    assert!(!opens(&scene, &second).await && opens(&scene, &other).await);
}

#[tokio::test]
async fn whoever_leaves_is_signed_out_and_stays_so_when_they_come_back() {
    let scene = scene();
    let secret = open(&scene, "leo").await;
    let (with, without) = (roster(&["mia", "leo"]), roster(&["mia"]));
    for (before, after) in [(&with, &without), (&without, &with)] {
        let people = crate::engine::shelf::People { roster: after.clone(), ..Default::default() };
        scene.engine.shelf().set_people(people);
        scene.engine.directory_put(before).await.unwrap();
    }
    assert!(!opens(&scene, &secret).await);
}

#[tokio::test]
async fn more_sessions_than_a_page_holds_are_all_ended() {
    let scene = scene();
    for _ in 0..(PAGE + 5) {
        open(&scene, "mia").await;
    }
    let mia = Caller::Person { id: "mia".into(), door: Door::Web };
    assert_eq!(scene.engine.end_sessions(&mia, None, None).await.unwrap(), PAGE + 5);
    assert!(scene.engine.sessions_of(&PersonId::from("mia")).await.unwrap().is_empty());
}

/// Sweeps until everything was looked at once; how many were removed, and in how many steps.
async fn sweep(scene: &Scene) -> (usize, usize) {
    let (mut place, mut removed) = (crate::engine::sweep::SweepPlace::default(), 0);
    for step in 1..100 {
        let swept = scene.engine.sweep_step(&mut place).await.unwrap();
        removed += swept.removed;
        if swept.through {
            return (removed, step);
        }
    }
    panic!("a sweep comes to its end");
}

async fn kept(scene: &Scene, kind: Kind) -> usize {
    scene.store.list_kind(kind, None, 10_000).await.unwrap().len()
}

#[tokio::test]
async fn what_has_ended_is_swept_away_and_nothing_else() {
    let scene = scene();
    for _ in 0..450 {
        scene.engine.create_login_link(&PersonId::from("leo")).await.unwrap();
        open(&scene, "leo").await;
    }
    assert_eq!(sweep(&scene).await.0, 0, "all of it is good");
    scene.clock.advance(SignedDuration::from_hours(25));
    let (link, session) = (scene.engine.create_login_link(&PersonId::from("mia")).await.unwrap(), open(&scene, "mia").await);
    let (removed, steps) = sweep(&scene).await;
    assert_eq!((removed, kept(&scene, Kind::LoginLink).await, kept(&scene, Kind::Session).await), (900, 1, 1));
    assert!(steps >= 6, "{steps}: a step is small");
    assert!(opens(&scene, &session).await);
    assert!(scene.engine.use_login_link(&link, &arrival()).await.unwrap().is_some());
    assert_eq!(sweep(&scene).await.0, 0);
}

#[tokio::test]
async fn a_late_link_is_like_one_that_never_was_and_nothing_is_written_for_it() {
    let scene = scene();
    let link = scene.engine.create_login_link(&PersonId::from("mia")).await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(24));
    for secret in [link.as_str(), "unknown"] {
        assert!(scene.engine.peek_login_link(secret).await.unwrap().is_none());
        assert!(scene.engine.use_login_link(secret, &arrival()).await.unwrap().is_none());
    }
    assert_eq!((kept(&scene, Kind::LoginLink).await, kept(&scene, Kind::Session).await), (1, 0));
}

#[tokio::test]
async fn the_sweeping_worker_takes_away_what_has_ended() {
    let scene = scene();
    scene.engine.create_login_link(&PersonId::from("mia")).await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(24));
    crate::workers::sweep::run_once(&scene.engine, &mut crate::engine::sweep::SweepPlace::default()).await;
    assert_eq!(kept(&scene, Kind::LoginLink).await, 0);
}

#[tokio::test]
async fn what_a_person_chose_at_another_node_holds_when_they_look() {
    let scene = scene();
    let other = Engine::new(
        Ports { log: scene.store.clone(), records: scene.store.clone(), clock: Arc::new(Set(scene.clock.clone())), random: Arc::new(SystemRandom) },
        scene.engine.settings().clone(),
    );
    other.shelf().set_people(crate::engine::shelf::People { roster: roster(&["mia"]), ..Default::default() });
    let mia = PersonId::from("mia");
    let german = crate::engine::choices::Choices { language: Some("de".into()), time_zone: None };
    other.choose(&Caller::Person { id: mia.clone(), door: Door::Web }, german).await.unwrap();
    assert_eq!(scene.engine.shelf().people().languages.get(&mia), None);
    scene.engine.refresh_choices(&mia).await.unwrap();
    assert_eq!(scene.engine.shelf().people().languages.get(&mia).map(String::as_str), Some("de"));
}
