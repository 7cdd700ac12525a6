//! Passkeys without a device: what is asked, of whom, for how long.

use super::ceremony::Purpose;
use super::*;
use crate::engine::sessions::{Arrival, SignedBy};
use crate::engine::shelf::People;
use crate::engine::{Ports, Settings};
use crate::ports::{Clock, SystemRandom};
use countersign_core::id::PersonId;
use countersign_core::people::{Person, Roster};
use countersign_store::{ManualClock, MemoryStore, StoreClock};
use jiff::SignedDuration;
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
    engine: Engine,
}

fn scene(public_url: &str) -> Scene {
    let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let ports = Ports { log: store.clone(), records: store, clock: Arc::new(Set(clock.clone())), random: Arc::new(SystemRandom) };
    let engine = Engine::new(
        ports,
        Settings { public_url: public_url.into(), summary_budget: None, hooks: Vec::new(), confirm_links: false, sessions: Default::default() },
    );
    let person = |id: &str| Person { id: id.into(), name: id.into(), email: None, manager: None, limit: None, roles: BTreeSet::new(), active: true };
    let people = ["ana", "bo"].map(|id| (PersonId::from(id), person(id))).into();
    engine.shelf().set_people(People { roster: Arc::new(Roster { version: 1, people, ..Roster::default() }), ..People::default() });
    Scene { clock, engine }
}

fn browser(person: &str) -> Caller {
    Caller::Person { id: person.into(), door: Door::Web }
}

async fn session(scene: &Scene, person: &str) -> String {
    let link = scene.engine.create_login_link(&PersonId::from(person)).await.unwrap();
    let arrival = Arrival { by: SignedBy::Link, device: "Firefox on Linux".into(), address: "192.0.2.7".into() };
    scene.engine.use_login_link(&link, &arrival).await.unwrap().unwrap().0
}

fn code<T: std::fmt::Debug>(refused: Result<T, EngineError>) -> &'static str {
    match refused {
        Err(EngineError::Passkey(fault)) => fault.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_passkey_is_asked_for_only_shortly_after_signing_in() {
    let scene = scene("https://sign.example");
    let secret = session(&scene, "ana").await;
    let asked = scene.engine.start_enrolment(&browser("ana"), &secret).await.unwrap();
    let options = &asked.options["publicKey"];
    assert_eq!(options["rp"]["id"], "sign.example");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
    scene.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(code(scene.engine.start_enrolment(&browser("ana"), &secret).await), "session_not_fresh");
    assert_eq!(code(scene.engine.start_enrolment(&browser("ana"), "unknown").await), "session_not_fresh");
}

#[tokio::test]
async fn under_an_address_there_are_no_passkeys() {
    for url in ["http://127.0.0.1:7171", "http://[::1]:7171", "nonsense"] {
        let scene = scene(url);
        let secret = session(&scene, "ana").await;
        assert_eq!(code(scene.engine.start_enrolment(&browser("ana"), &secret).await), "passkeys_unavailable", "{url}");
        assert_eq!(code(scene.engine.start_passkey_sign_in().await), "passkeys_unavailable", "{url}");
    }
}

#[tokio::test]
async fn a_question_is_taken_once_and_within_five_minutes() {
    let scene = scene("https://sign.example");
    let ask = || scene.engine.ask(Purpose::SignIn { challenge: [1; 32] });
    let (one, late) = (ask().await.unwrap(), ask().await.unwrap());
    assert!(matches!(scene.engine.asked(&one).await, Ok(Purpose::SignIn { challenge }) if challenge == [1; 32]));
    assert_eq!(code(scene.engine.asked(&one).await), "passkey_late");
    scene.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(code(scene.engine.asked(&late).await), "passkey_late");
    assert_eq!(code(scene.engine.asked("unknown").await), "passkey_late");
}

#[tokio::test]
async fn the_question_bears_the_challenge_that_was_chosen() {
    let scene = scene("https://sign.example");
    let options = scene.engine.question(&[], Digest([7; 32])).unwrap();
    assert_eq!(options["publicKey"]["challenge"], URL_SAFE_NO_PAD.encode([7; 32]));
    assert_eq!(options["publicKey"]["userVerification"], "required");
    let webauthn = scene.engine.webauthn().unwrap();
    let (_, state) = webauthn.start_passkey_authentication(&[]).unwrap();
    let state = serde_json::to_value(verify::under(&state, Digest([7; 32])).unwrap()).unwrap();
    assert_eq!(state["ast"]["challenge"], URL_SAFE_NO_PAD.encode([7; 32]));
}

#[tokio::test]
async fn a_handle_is_a_persons_own_and_stays() {
    let scene = scene("https://sign.example");
    let handle = async |person: &str| scene.engine.user_handle(&PersonId::from(person)).await.unwrap();
    assert_eq!(handle("ana").await, handle("ana").await);
    assert_ne!(handle("ana").await, handle("bo").await);
}

#[tokio::test]
async fn no_key_and_no_terminal_has_passkeys() {
    let scene = scene("https://sign.example");
    let terminal = Caller::Person { id: "ana".into(), door: Door::Cli };
    assert!(matches!(scene.engine.passkeys(&terminal, None).await, Err(EngineError::Forbidden(_))));
    assert!(matches!(scene.engine.passkeys(&browser("bo"), Some(&"ana".into())).await, Err(EngineError::Forbidden(_))));
    assert_eq!(scene.engine.passkeys(&browser("ana"), None).await.unwrap(), []);
    assert_eq!(code(scene.engine.remove_passkey(&browser("ana"), None, "unknown").await), "unknown_passkey");
}
