//! Whole lives and decisions over HTTP, closed loop: each client submits, waits for the notice at the
//! receiver, decides, waits for the action at the receiver.

use super::bare::Bare;
use super::process::{Server, Site};
use super::receiver::Receiver;
use super::spread::{ms, percentile, row};
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 64;

/// Where the exchanges go: the product, or the bare program with the same routes.
#[derive(Clone)]
pub(crate) struct Target {
    /// Base URL.
    pub(crate) url: String,
    /// Submits.
    pub(crate) submit_key: String,
    /// Decides.
    pub(crate) relay_key: String,
}

impl Target {
    /// A running product.
    pub(crate) fn of(site: &Site, server: &Server) -> Self {
        Self { url: server.url.clone(), submit_key: site.submit_key.clone(), relay_key: site.relay_key.clone() }
    }
}

/// What a run came to.
pub(crate) struct Run {
    /// Per second.
    pub(crate) rate: f64,
    /// From a decision's request leaving to the action's arriving.
    pub(crate) to_action: Vec<Duration>,
    /// A decision's round trip.
    pub(crate) decisions: Vec<Duration>,
    /// How many.
    pub(crate) count: u64,
}

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// The lifecycle figure.
pub(crate) async fn whole(span: Duration) {
    let receiver = Receiver::start().await;
    let bare = Bare::start(receiver.address).await;
    let mut plain = lives(&bare.target(), &receiver, span).await;
    let bare_cpu = "-";
    drop(bare);
    let site = Site::new(receiver.address);
    let server = site.serve();
    let target = Target::of(&site, &server);
    let _warm = lives(&target, &receiver, Duration::from_secs(1)).await;
    let before = server.cpu();
    let mut run = lives(&target, &receiver, span).await;
    #[expect(clippy::cast_precision_loss, reason = "a count of lives")]
    let cpu = (server.cpu() - before).as_secs_f64() / run.count as f64 * 1000.0;
    row("lifecycles per second, 64 clients", &format!("{:.0}", run.rate), &format!("{:.0}", plain.rate), &format!("{:.2}", run.rate / plain.rate));
    row("CPU seconds of the server per 1,000 lifecycles", &format!("{cpu:.2}"), bare_cpu, "");
    row("resident memory at its peak", &format!("{} MiB", server.memory_mib("VmHWM")), "", "");
    let (p50, p99) = (percentile(&mut run.to_action, 0.5), percentile(&mut run.to_action, 0.99));
    let (b50, b99) = (percentile(&mut plain.to_action, 0.5), percentile(&mut plain.to_action, 0.99));
    row("decision to action's arrival under that load, p50 / p99", &format!("{} / {}", ms(p50), ms(p99)), &format!("{} / {}", ms(b50), ms(b99)), "");
    let (d50, d99) = (percentile(&mut run.decisions, 0.5), percentile(&mut run.decisions, 0.99));
    row("a decision's round trip under that load, p50 / p99", &format!("{} / {}", ms(d50), ms(d99)), "", "");
    let mut calm = one_by_one(&target, &receiver, 300).await;
    row(
        "decision to action's arrival, one at a time, p50 / p99",
        &format!("{} / {}", ms(percentile(&mut calm, 0.5)), ms(percentile(&mut calm, 0.99))),
        "",
        "",
    );
}

/// Acknowledged decisions per second: requests submitted before, decided by 64 clients.
pub(crate) async fn decisions(span: Duration) {
    let receiver = Receiver::start().await;
    let bare = Bare::start(receiver.address).await;
    let plain = decide_all(&bare.target(), span).await;
    drop(bare);
    let site = Site::new(receiver.address);
    let server = site.serve();
    let target = Target::of(&site, &server);
    let run = decide_all(&target, span).await;
    row(
        "acknowledged decisions per second, 64 clients",
        &format!("{:.0}", run.rate),
        &format!("{:.0}", plain.rate),
        &format!("{:.2}", run.rate / plain.rate),
    );
}

/// Latency of decisions at a given rate, open loop: each starts at its own time whether or not others are done.
pub(crate) async fn decisions_at(rate: u32, span: Duration) {
    let receiver = Receiver::start().await;
    let site = Site::new(receiver.address);
    let server = site.serve();
    let target = Target::of(&site, &server);
    let client = client();
    let total = rate * u32::try_from(span.as_secs()).unwrap();
    let ids = submit_many(&target, u64::from(total)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let mut flights = Vec::new();
    for (number, id) in ids.into_iter().enumerate() {
        let due = began + Duration::from_secs_f64(1.0 / f64::from(rate)) * u32::try_from(number).unwrap();
        tokio::time::sleep_until(due.into()).await;
        let (client, target) = (client.clone(), target.clone());
        flights.push(tokio::spawn(async move {
            decide(&client, &target, &id).await;
            due.elapsed()
        }));
    }
    let mut samples = Vec::new();
    for flight in flights {
        samples.push(flight.await.unwrap());
    }
    let (p50, p99) = (percentile(&mut samples, 0.5), percentile(&mut samples, 0.99));
    row(&format!("decision latency at {rate}/s, p50 / p99"), &format!("{} / {}", ms(p50), ms(p99)), "", "");
}

pub(crate) async fn lives(target: &Target, receiver: &Receiver, span: Duration) -> Run {
    let (client, until, began) = (client(), Instant::now() + span, Instant::now());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (client, target, receiver) = (client.clone(), target.clone(), receiver.clone());
        clients.push(tokio::spawn(async move {
            let mut samples = Vec::new();
            while Instant::now() < until {
                samples.push(one_life(&client, &target, &receiver).await);
            }
            samples
        }));
    }
    gather(clients, began).await
}

async fn one_life(client: &Client, target: &Target, receiver: &Receiver) -> (Duration, Duration) {
    let id = submit(client, target).await;
    receiver.notice(&id).await;
    let deciding = Instant::now();
    decide(client, target, &id).await;
    let decided = deciding.elapsed();
    let arrived = receiver.action(&id).await;
    (arrived.saturating_duration_since(deciding), decided)
}

async fn one_by_one(target: &Target, receiver: &Receiver, count: u32) -> Vec<Duration> {
    let client = client();
    let mut samples = Vec::new();
    for _ in 0..count {
        samples.push(one_life(&client, target, receiver).await.0);
    }
    samples
}

async fn decide_all(target: &Target, span: Duration) -> Run {
    let ids = Arc::new(submit_many(target, 9_000 * span.as_secs()).await);
    let (client, next, began, until) = (client(), Arc::new(AtomicU64::new(0)), Instant::now(), Instant::now() + span);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (client, target, ids, next) = (client.clone(), target.clone(), ids.clone(), next.clone());
        clients.push(tokio::spawn(async move {
            let mut samples = Vec::new();
            while Instant::now() < until {
                let index = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
                let Some(id) = ids.get(index) else { break };
                let deciding = Instant::now();
                decide(&client, &target, id).await;
                samples.push((deciding.elapsed(), deciding.elapsed()));
            }
            samples
        }));
    }
    gather(clients, began).await
}

async fn gather(clients: Vec<tokio::task::JoinHandle<Vec<(Duration, Duration)>>>, began: Instant) -> Run {
    let (mut to_action, mut decisions) = (Vec::new(), Vec::new());
    for client in clients {
        for (action, decision) in client.await.unwrap() {
            to_action.push(action);
            decisions.push(decision);
        }
    }
    let count = to_action.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = count as f64 / began.elapsed().as_secs_f64();
    Run { rate, to_action, decisions, count }
}

/// Submits so many, by clients side by side; their ids.
pub(crate) async fn submit_many(target: &Target, count: u64) -> Vec<String> {
    let client = client();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (client, target) = (client.clone(), target.clone());
        clients.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..count.div_ceil(CLIENTS) {
                ids.push(submit(&client, &target).await);
            }
            ids
        }));
    }
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all
}

async fn submit(client: &Client, target: &Target) -> String {
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let body = json!({ "policy": "bench", "requester": "leo", "payload": { "amount": "12500.00 USD", "merchant": format!("ACME {serial}") } });
    let answer = client.post(format!("{}/v1/requests", target.url)).bearer_auth(&target.submit_key).header("idempotency-key", serial.to_string());
    let answer = answer.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    let made: Value = answer.json().await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// Decides by the relay.
pub(crate) async fn decide(client: &Client, target: &Target, id: &str) {
    let body = json!({ "decision": "approve", "revision": 1, "person": "ana" });
    let answer = client.post(format!("{}/v1/requests/{id}/decisions", target.url)).bearer_auth(&target.relay_key).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// A client that keeps its connections.
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().pool_max_idle_per_host(256).build().unwrap()
}
