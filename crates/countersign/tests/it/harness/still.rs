//! The whole door without a network and without workers, over the in-memory store: time moves when the test says so,
//! and the store fails when the test says so. For what a running server is too quick or too healthy to show.

use super::{Answer, Meddled, PATIENCE, Through, write_files};
use axum::Router;
use axum::body::Body;
use countersign::api::{self, ApiSettings, ApiState};
use countersign::config::Config;
use countersign::engine::{Engine, Ports, Settings};
use countersign::ports::{SystemClock, SystemRandom};
use countersign::sources::Sources;
use countersign_core::id::PersonId;
use countersign_store::memory::{Call, Weather};
use countersign_store::{MemoryStore, StoreClock};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A door whose time and weather a test makes.
pub struct Still {
    pub clock: Arc<Hand>,
    /// Commits fail while this is set.
    pub broken: Arc<AtomicBool>,
    /// Reaches into its store.
    pub meddled: Arc<Through<Meddled>>,
    pub engine: Arc<Engine>,
    /// The files that are in force.
    pub sources: Sources,
    router: Router,
    folder: tempfile::TempDir,
}

/// A clock that stands, or that moves on by a step whenever it is read.
pub struct Hand {
    at: AtomicI64,
    step: AtomicI64,
}

impl Hand {
    /// Moves on once.
    pub fn advance(&self, by: SignedDuration) {
        self.at.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Where it stands, without looking.
    pub fn stands_at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at.load(Ordering::SeqCst)).unwrap()
    }

    /// Moves on by so much at every look.
    pub fn run_by(&self, step: SignedDuration) {
        self.step.store(i64::try_from(step.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl StoreClock for Hand {
    fn now(&self) -> Timestamp {
        let step = self.step.load(Ordering::SeqCst);
        Timestamp::from_millisecond(self.at.fetch_add(step, Ordering::SeqCst) + step).unwrap()
    }
}

impl Still {
    /// With the sample people and policies, and these routes beside the door's own.
    pub async fn start(settings: ApiSettings, beside: Router) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), "http://127.0.0.1:9");
        let config = Config::load(Some(&folder.path().join("countersign.toml")), &BTreeMap::new()).unwrap();
        let clock = Arc::new(Hand { at: AtomicI64::new(Timestamp::now().as_millisecond()), step: AtomicI64::new(0) });
        let broken = Arc::new(AtomicBool::new(false));
        let store = Arc::new(MemoryStore::with_faults(clock.clone(), {
            let broken = broken.clone();
            Arc::new(move |call| if call == Call::Commit && broken.load(Ordering::SeqCst) { Weather::FailBefore } else { Weather::Fine })
        }));
        let meddled = Meddled::over(store.clone());
        let ports = Ports { log: meddled.clone(), records: store, clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) };
        let settings_of = Settings {
            public_url: "http://127.0.0.1:1".into(),
            summary_budget: None,
            hooks: Vec::new(),
            sessions: Default::default(),
            confirm_links: false,
        };
        let engine = Arc::new(Engine::new(ports, settings_of));
        let sources = Sources::new(engine.clone(), &config, false);
        let standing = sources.reload().await;
        assert_eq!(standing.wrong, [], "the sample files must load");
        let router = api::router(ApiState::new(engine.clone(), settings, CancellationToken::new()), beside);
        Self { clock, broken, meddled, engine, sources, router, folder }
    }

    /// Where its files are.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Asks it something; a body makes it a POST.
    pub async fn ask(&self, token: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        let request = match body {
            Some(body) => request.method("POST").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let answered = tokio::time::timeout(PATIENCE, self.router.clone().oneshot(request.unwrap())).await.unwrap().unwrap();
        let (parts, body) = answered.into_parts();
        let text = String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, body }
    }

    /// A person's session, opened through a sign-in link.
    pub async fn person(&self, id: &str) -> String {
        let link = self.engine.create_login_link(&PersonId::from(id)).await.unwrap();
        self.ask("", "/v1/login", Some(json!({ "link": link }))).await.ok()["session"].as_str().unwrap().to_owned()
    }

    /// Leo asks under a policy; the request's id.
    pub async fn submit(&self, policy: &str, payload: Value) -> String {
        let leo = self.person("leo").await;
        self.ask(&leo, "/v1/requests", Some(json!({ "policy": policy, "payload": payload }))).await.id()
    }

    /// A person decides on the first revision.
    pub async fn decide(&self, person: &str, id: &str, decision: &str) -> Answer {
        let token = self.person(person).await;
        self.ask(&token, &format!("/v1/requests/{id}/decisions"), Some(json!({ "decision": decision, "revision": 1 }))).await
    }

    /// The names of the request's events.
    pub async fn events(&self, id: &str) -> Vec<String> {
        let olga = self.person("olga").await;
        let page = self.ask(&olga, &format!("/v1/requests/{id}/events"), None).await.ok();
        page["items"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }
}
