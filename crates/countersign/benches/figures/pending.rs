//! The engine without HTTP: its rate beside a bare loop that writes the same rows, its latency with a million
//! pending, its timers.

use super::process::{Site, policy};
use super::receiver::Receiver;
use super::same_rows;
use super::spread::{ms, percentile, row};
use countersign::engine::deed::Verdict;
use countersign::engine::shelf::{DIRECTORY_KEY, People, PolicySources};
use countersign::engine::submit::Submission;
use countersign::engine::{Caller, Engine, Ports, Settings};
use countersign::ports::{SystemClock, SystemRandom};
use countersign::workers::wakeups;
use countersign_core::event::{Decision, Door, Event};
use countersign_core::id::{PersonId, PolicyName, RequestId, Revision};
use countersign_core::people::{Person, Roster};
use countersign_store::{Kind, Put, Records, RequestLog, SqliteStore};
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Callers side by side.
const AT_ONCE: usize = 512;
const MILLION: usize = 1_000_000;

/// Submissions and decisions per second through the engine, beside the same rows from a bare loop.
pub(crate) async fn engine_alone(span: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let (engine, store) = engine_in(folder.path(), &policy("127.0.0.1:9".parse().unwrap())).await;
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < span {
        let ids = submit_many(&engine, 4_096).await;
        decide_many(&engine, &ids).await;
        count += 8_192;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    drop((engine, store));
    let bare = same_rows::rate(&folder.path().join("countersign.db"), span);
    row("engine alone, commands per second (half submit, half decide)", &format!("{rate:.0}"), &format!("{bare:.0}"), &format!("{:.2}", rate / bare));
}

/// Latency at a thousand and at a million pending; timers over that million; then the real server's start and
/// memory on that file.
pub(crate) async fn at_a_million(latency: bool, timers: bool) {
    let receiver = Receiver::start().await;
    let site = Site::new(receiver.address);
    {
        let (engine, store) = engine_in(site.folder.path(), &policy(receiver.address)).await;
        let mut few = Vec::new();
        submit_many(&engine, 1_000).await;
        sample(&engine, &mut few).await;
        for _ in 0..MILLION / 50_000 {
            submit_many(&engine, 50_000).await;
        }
        if latency {
            let mut many = Vec::new();
            sample(&engine, &mut many).await;
            compare(&mut few, &mut many);
        }
        if timers {
            due_each_second(&engine, &store).await;
        }
    }
    if latency {
        let server = site.serve();
        row("start to ready at 1,000,000 pending", &ms(server.ready_in), "", "");
        row("resident memory then", &format!("{} MiB", server.memory_mib("VmRSS")), "", "");
    }
}

fn compare(few: &mut [Duration], many: &mut [Duration]) {
    let (small, large) = (percentile(few, 0.99), percentile(many, 0.99));
    row(
        "submit and decide, p99, at 1,000 / 1,000,000 pending",
        &format!("{} / {}", ms(small), ms(large)),
        "",
        &format!("{:.2}", large.as_secs_f64() / small.as_secs_f64()),
    );
}

/// One after the other, so that it is latency and not throughput.
async fn sample(engine: &Arc<Engine>, samples: &mut Vec<Duration>) {
    for _ in 0..1_000 {
        let began = Instant::now();
        let ids = submit_many(engine, 1).await;
        samples.push(began.elapsed());
        let began = Instant::now();
        decide_many(engine, &ids).await;
        samples.push(began.elapsed());
    }
}

/// Lateness at 1,000 due a second, among the million that are not due.
async fn due_each_second(engine: &Arc<Engine>, store: &Arc<SqliteStore>) {
    let soon = policy("127.0.0.1:9".parse().unwrap()).replace("policy = \"bench\"", "policy = \"soon\"").replace("after = \"8h\"", "after = \"15s\"");
    put_policy(engine, store, "soon.toml", &soon).await;
    let from = head(store).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(wakeups::run(engine.clone(), stop.clone()));
    let began = Instant::now();
    for second in 0..10_u32 {
        submit_under(engine, "soon", 1_000).await;
        tokio::time::sleep_until((began + Duration::from_secs(u64::from(second) + 1)).into()).await;
    }
    let late = lateness(store, from, 10_000).await;
    row("timers, 1,000 due a second over 1,000,000 pending: lateness p50 / p99 / early", &late, "", "");
    stop.cancel();
    worker.await.unwrap();
}

/// The last position, found by halving.
async fn head(store: &Arc<SqliteStore>) -> u64 {
    let (mut low, mut high) = (0, 1 << 40);
    while low < high {
        let middle = low + (high - low) / 2;
        if store.tail(middle, 1).await.unwrap().is_empty() { high = middle } else { low = middle + 1 }
    }
    low
}

/// How long 100,000 overdue take after an outage.
pub(crate) async fn drain() {
    let folder = tempfile::tempdir().unwrap();
    let source = policy("127.0.0.1:9".parse().unwrap()).replace("after = \"8h\"", "after = \"1s\"");
    let (engine, store) = engine_in(folder.path(), &source).await;
    submit_many(&engine, 100_000).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    while store.due(1).await.unwrap().overdue.len() == 1 {
        wakeups::run_once(&engine).await.unwrap();
    }
    row("100,000 overdue timers drained in", &format!("{:.1} s", began.elapsed().as_secs_f64()), "", "");
}

/// Reads the escalations' own word on how late they were.
async fn lateness(store: &Arc<SqliteStore>, mut after: u64, wanted: usize) -> String {
    let mut samples = Vec::new();
    while samples.len() < wanted {
        let page = store.tail(after, 1_000).await.unwrap();
        if page.is_empty() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for positioned in page {
            after = positioned.position;
            if let Event::Escalated(escalated) = positioned.event
                && let countersign_core::event::EscalationCause::Due { late_ms } = escalated.cause
            {
                samples.push(late_ms);
            }
        }
    }
    let early = samples.iter().filter(|late| **late < 0).count();
    let mut spans: Vec<Duration> = samples.iter().map(|late| Duration::from_millis(u64::try_from(*late).unwrap_or(0))).collect();
    format!("{} / {} / {early}", ms(percentile(&mut spans, 0.5)), ms(percentile(&mut spans, 0.99)))
}

async fn engine_in(folder: &Path, source: &str) -> (Arc<Engine>, Arc<SqliteStore>) {
    let store = Arc::new(SqliteStore::open(&folder.join("countersign.db"), &countersign_store::sqlite::OpenOptions::default()).unwrap());
    let (log, records): (Arc<dyn RequestLog>, Arc<dyn Records>) = (store.clone(), store.clone());
    let ports = Ports { log, records: records.clone(), clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) };
    let settings = Settings {
        public_url: "http://127.0.0.1".into(),
        summary_budget: None,
        hooks: Vec::new(),
        sessions: Default::default(),
        confirm_links: false,
    };
    let engine = Arc::new(Engine::new(ports, settings));
    put_policy(&engine, &store, "bench.toml", source).await;
    let person =
        |id: &str| Person { id: id.into(), name: id.into(), email: None, manager: None, limit: None, roles: Default::default(), active: true };
    let people = ["leo", "ana"].map(|id| (PersonId::from(id), person(id)));
    let kept = records.get(Kind::Directory, DIRECTORY_KEY).await.unwrap();
    let (expected, bytes) = kept.map_or((0, b"{}".to_vec()), |record| (record.version, record.bytes));
    let put = Put { kind: Kind::Directory, key: DIRECTORY_KEY.into(), expected, bytes: Some(bytes) };
    let version = records.put(put).await.unwrap();
    let roster = Roster { version, people: people.into_iter().collect(), groups: BTreeMap::new() };
    engine.shelf().set_people(People { roster: Arc::new(roster), ..People::default() });
    (engine, store)
}

async fn put_policy(engine: &Arc<Engine>, store: &Arc<SqliteStore>, file: &str, source: &str) {
    let records: Arc<dyn Records> = store.clone();
    let sources = PolicySources { file: file.into(), source: source.to_owned(), rates: None };
    engine.shelf().put_policy(sources.load().unwrap(), &sources, &records).await.unwrap();
}

async fn submit_many(engine: &Arc<Engine>, count: usize) -> Vec<RequestId> {
    submit_under(engine, "bench", count).await
}

async fn submit_under(engine: &Arc<Engine>, policy: &str, count: usize) -> Vec<RequestId> {
    let caller = Caller::Person { id: "leo".into(), door: Door::Api };
    stream::iter(0..count)
        .map(|number| {
            let (engine, caller, policy) = (engine.clone(), caller.clone(), PolicyName::from(policy));
            spawned(async move {
                let payload = json!({ "amount": "12500.00 USD", "merchant": format!("ACME {number}") });
                let requester = PersonId::from("leo");
                let submission = Submission { policy, requester, payload, idempotency_key: None, external_id: None };
                engine.submit(&caller, submission).await.unwrap().handled.id()
            })
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn decide_many(engine: &Arc<Engine>, ids: &[RequestId]) {
    let caller = Caller::Person { id: "ana".into(), door: Door::Api };
    let decide = |id: &RequestId| {
        let (engine, caller, id) = (engine.clone(), caller.clone(), *id);
        spawned(async move {
            let verdict = Verdict { decision: Decision::Approve, revision: Revision::FIRST, comment: None, person: None };
            engine.decide(&caller, id, verdict).await.unwrap();
        })
    };
    stream::iter(ids).map(decide).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// On whichever core is free, as requests over HTTP are.
async fn spawned<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(work).await.unwrap()
}
