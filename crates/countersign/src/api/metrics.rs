//! What is counted, for Prometheus: the door's own traffic as it happens, the record's events and sizes at each
//! scrape. No label says anything about anybody.

use crate::engine::Engine;
use crate::wire::status_word;
use countersign_store::Fault;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;
use tokio::sync::Mutex;

/// Seconds; fine where answers should be, coarse where they should not.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Events counted per scrape at most; the rest waits for the next one.
const COUNTED_MAX: usize = 10_000;
/// Events read at once.
const BATCH: usize = 200;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Traffic {
    method: String,
    route: String,
    status: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Named {
    name: &'static str,
}

/// All of it.
pub(crate) struct Metrics {
    registry: Registry,
    traffic: Family<Traffic, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
    problems: Family<Named, Counter>,
    events: Family<Named, Counter>,
    requests: Family<Named, Gauge>,
    outbox: Gauge,
    outbox_age: Gauge,
    dead_letters: Gauge,
    /// Up to where the record's events are counted; `None` before the first scrape.
    counted: Mutex<Option<u64>>,
}

impl Metrics {
    /// Nothing counted yet; commits are timed by the engine.
    pub(crate) fn new(engine: &Engine) -> Self {
        let traffic = Family::default();
        let duration = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let (problems, events, requests) = (Family::default(), Family::default(), Family::default());
        let (outbox, outbox_age, dead_letters) = (Gauge::default(), Gauge::default(), Gauge::default());
        let mut registry = Registry::with_prefix("countersign");
        registry.register("http_requests", "HTTP requests by route and status", Family::clone(&traffic));
        registry.register("http_request_duration_seconds", "Time to answer, by route", duration.clone());
        registry.register("problems", "Refusals and other problems answered, by code", Family::clone(&problems));
        registry.register(
            "events",
            "Events recorded since the first scrape, by name: decided, notice_delivered, execution_succeeded …",
            Family::clone(&events),
        );
        registry.register("commit_duration_seconds", "Time from asking the store to write until it was on disk", engine.commit_times());
        registry.register("requests", "Requests by status", Family::clone(&requests));
        registry.register("outbox_rows", "Work owed to the outside", outbox.clone());
        registry.register("outbox_oldest_age_seconds", "Age of the oldest work that is due", outbox_age.clone());
        registry.register("dead_letter_requests", "Requests with an action or notice that failed for good", dead_letters.clone());
        let counted = Mutex::new(None);
        Self { registry, traffic, duration, problems, events, requests, outbox, outbox_age, dead_letters, counted }
    }

    /// Counts one answer.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration, problem: Option<&'static str>) {
        self.traffic.get_or_create(&Traffic { method: method.to_owned(), route: route.to_owned(), status: status.into() }).inc();
        self.duration.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
        if let Some(name) = problem {
            self.problems.get_or_create(&Named { name }).inc();
        }
    }

    /// Everything as text, with the store's numbers of this moment.
    pub(crate) async fn scrape(&self, engine: &Engine) -> Result<String, Fault> {
        let counts = engine.counts().await?;
        for (status, count) in &counts.requests {
            self.requests.get_or_create(&Named { name: status_word(*status) }).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        self.outbox.set(i64::try_from(counts.outbox).unwrap_or(i64::MAX));
        self.dead_letters.set(i64::try_from(counts.dead_letters).unwrap_or(i64::MAX));
        let now = engine.clock().now();
        self.outbox_age.set(counts.outbox_oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0)));
        self.count_events(engine, counts.position).await?;
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|error| Fault::Store(error.to_string()))?;
        Ok(text)
    }

    async fn count_events(&self, engine: &Engine, position: u64) -> Result<(), Fault> {
        let mut counted = self.counted.lock().await;
        let mut after = counted.unwrap_or(position);
        for _ in 0..COUNTED_MAX / BATCH {
            let (names, end) = engine.event_names_after(after, BATCH).await?;
            for name in &names {
                self.events.get_or_create(&Named { name }).inc();
            }
            after = end;
            if names.len() < BATCH {
                break;
            }
        }
        *counted = Some(after);
        Ok(())
    }
}
