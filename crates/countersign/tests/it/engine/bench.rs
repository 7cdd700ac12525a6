//! An engine with its performer over a meddled store, the sample files and a receiver on loopback. Nothing runs by
//! itself: a test does one round of work at a time.

use crate::harness::{Meddled, Through};
use crate::harness::{Receiver, write_files};
use countersign::app::install_tls;
use countersign::channel::webhook::Webhook;
use countersign::config::Config;
use countersign::engine::caller::Caller;
use countersign::engine::deed::Verdict;
use countersign::engine::submit::Submission;
use countersign::engine::{Engine, EngineError, Handled, Ports, Seen, Settings};
use countersign::executor::command::CommandExecutor;
use countersign::executor::http::HttpExecutor;
use countersign::outbound::Outbound;
use countersign::outbound::guard::Guard;
use countersign::outbound::retry::Schedule;
use countersign::outbound::secret::Secrets;
use countersign::ports::{SystemClock, SystemRandom};
use countersign::sources::Sources;
use countersign::workers::outbox;
use countersign::workers::perform::{Performer, Sinks};
use countersign_core::event::{Decision, Door, Event};
use countersign_core::id::{PersonId, RequestId, Revision};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// See the module.
pub struct Bench {
    pub engine: Arc<Engine>,
    pub store: Arc<Through<Meddled>>,
    pub sources: Arc<Sources>,
    pub receiver: Receiver,
    performer: Arc<Performer>,
    folder: tempfile::TempDir,
}

/// A person, signed in.
pub fn person(id: &str) -> Caller {
    Caller::Person { id: PersonId::from(id), door: Door::Api }
}

impl Bench {
    pub async fn start() -> Self {
        install_tls();
        let receiver = Receiver::start().await;
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &receiver.base());
        let config = Config::load(Some(&folder.path().join("countersign.toml")), &BTreeMap::new()).unwrap();
        let store = Meddled::over(Arc::default());
        let ports = Ports { log: store.clone(), records: store.clone(), clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) };
        let settings = Settings {
            public_url: "http://127.0.0.1".into(),
            summary_budget: None,
            hooks: Vec::new(),
            sessions: Default::default(),
            confirm_links: false,
        };
        let engine = Arc::new(Engine::new(ports, settings));
        let sources = Arc::new(Sources::new(engine.clone(), &config, false));
        assert_eq!(sources.reload().await.wrong, [], "the sample files must load");
        let performer = Arc::new(Performer::new(engine.clone(), sinks(&config), Schedule::of(config.retry.iter().copied())));
        Self { engine, store, sources, receiver, performer, folder }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leo asks for an expense of this amount.
    pub async fn submit(&self, amount: &str) -> RequestId {
        let payload = json!({ "amount": amount, "merchant": "ACME" });
        let (policy, requester) = ("expense".into(), "leo".into());
        let submission = Submission { policy, requester, payload, idempotency_key: None, external_id: None };
        self.engine.submit(&person("leo"), submission).await.unwrap().handled.id()
    }

    /// Somebody decides on the first revision.
    pub async fn decide(&self, who: &str, id: RequestId, decision: Decision) -> Result<Handled, EngineError> {
        let verdict = Verdict { decision, revision: Revision::FIRST, comment: None, person: None };
        self.engine.decide(&person(who), id, verdict).await
    }

    /// Performs what is owed now, until nothing is.
    pub async fn work(&self) {
        while outbox::run_once(&self.performer).await.unwrap() > 0 {}
    }

    /// As the operator sees it.
    pub async fn see(&self, id: RequestId) -> Seen {
        self.engine.see(&person("olga"), id).await.unwrap()
    }

    /// The names of everything on record.
    pub async fn names(&self, id: RequestId) -> Vec<&'static str> {
        let (_, events) = self.engine.see_with_events(&person("olga"), id).await.unwrap();
        events.iter().map(|(_, event)| Event::name(event)).collect()
    }
}

fn sinks(config: &Config) -> Sinks {
    let secrets = Secrets::allowing(config.secrets.iter().cloned());
    let outbound = Outbound::new(Guard::allowing(config.allow_networks.iter().copied()), secrets.clone()).unwrap();
    Sinks {
        webhook: Arc::new(Webhook::new(outbound.clone())),
        console: None,
        http: Arc::new(HttpExecutor::new(outbound)),
        command: Arc::new(CommandExecutor::new(false, secrets)),
        summarizer: None,
        random: Arc::new(SystemRandom),
    }
}
