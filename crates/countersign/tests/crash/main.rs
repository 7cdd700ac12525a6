//! kill -9 in the middle of load, again and again: nothing acknowledged is lost, each action has one key and
//! one body, and the record verifies. `COUNTERSIGN_CRASH_ROUNDS` says how often (20 without it).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use countersign_core::canonical::Digest;
use process::{Server, Site};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[path = "../process/mod.rs"]
mod process;

const CLIENTS: usize = 8;
/// How long after the last round the server has to finish what it owes.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

/// What was acknowledged, kept outside the product.
#[derive(Default)]
struct Ledger {
    submitted: BTreeMap<String, String>,
    approved: BTreeSet<String>,
    /// For each action's request: the keys and body digests that arrived.
    arrived: BTreeMap<String, BTreeSet<(String, String)>>,
}

type Shared = Arc<Mutex<Ledger>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds: u32 = std::env::var("COUNTERSIGN_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let ledger = Shared::default();
    let site = Arc::new(Site::new(receiver(ledger.clone()).await));
    for round in 0..rounds {
        let server = site.serve();
        let load = load(&site, &server, &ledger, round);
        // The moment of death differs from round to round; no assertion depends on it.
        tokio::time::sleep(Duration::from_millis(150 + u64::from(round * 37 % 400))).await;
        server.kill();
        for client in load {
            client.await.unwrap();
        }
    }
    let server = site.serve();
    check_ledger(&site, &server, &ledger).await;
    drop(server);
    let verified = site.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
    let ledger = ledger.lock().unwrap();
    if let Some(folder) = std::env::var_os("COUNTERSIGN_COUNTS") {
        std::fs::write(std::path::Path::new(&folder).join("kills"), format!("kills {rounds}\n")).unwrap();
    }
    println!(
        "{rounds} kills, {} submissions and {} approvals acknowledged, none lost; {} actions arrived, one key each",
        ledger.submitted.len(),
        ledger.approved.len(),
        ledger.arrived.len()
    );
    assert!(ledger.approved.len() > 50, "the load was too light to mean anything");
}

async fn receiver(ledger: Shared) -> SocketAddr {
    let app = Router::new().route("/notice", post(|| async {})).route("/pay", post(pay)).with_state(ledger);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn pay(State(ledger): State<Shared>, headers: HeaderMap, body: Bytes) {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let request = key.split(':').next().unwrap().to_owned();
    ledger.lock().unwrap().arrived.entry(request).or_default().insert((key, Digest::of(&body).to_string()));
}

/// Clients that submit and approve until the server is gone; only what was answered 2xx enters the ledger.
fn load(site: &Arc<Site>, server: &Server, ledger: &Shared, round: u32) -> Vec<tokio::task::JoinHandle<()>> {
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    (0..CLIENTS)
        .map(|number| {
            let (client, site, ledger, url) = (client.clone(), site.clone(), ledger.clone(), server.url.clone());
            tokio::spawn(async move {
                for serial in 0_u32.. {
                    let key = format!("{round}-{number}-{serial}");
                    let Some(id) = submit(&client, &url, &site.submit_key, &key).await else { return };
                    ledger.lock().unwrap().submitted.insert(key, id.clone());
                    if !approve(&client, &url, &site.relay_key, &id).await {
                        return;
                    }
                    ledger.lock().unwrap().approved.insert(id);
                }
            })
        })
        .collect()
}

async fn submit(client: &Client, url: &str, key: &str, idempotency: &str) -> Option<String> {
    let body = json!({ "policy": "bench", "requester": "leo", "payload": { "amount": "12500.00 USD", "merchant": format!("ACME {idempotency}") } });
    let sent = client.post(format!("{url}/v1/requests")).bearer_auth(key).header("idempotency-key", idempotency).json(&body).send().await;
    let answer = sent.ok().filter(|answer| answer.status().is_success())?;
    Some(answer.json::<Value>().await.ok()?["id"].as_str().unwrap().to_owned())
}

async fn approve(client: &Client, url: &str, key: &str, id: &str) -> bool {
    let body = json!({ "decision": "approve", "revision": 1, "person": "ana" });
    let sent = client.post(format!("{url}/v1/requests/{id}/decisions")).bearer_auth(key).json(&body).send().await;
    sent.is_ok_and(|answer| answer.status().is_success())
}

async fn check_ledger(site: &Site, server: &Server, ledger: &Shared) {
    let client = Client::builder().no_proxy().build().unwrap();
    let (submitted, approved) = {
        let ledger = ledger.lock().unwrap();
        (ledger.submitted.clone(), ledger.approved.clone())
    };
    for (key, id) in &submitted {
        let again = submit(&client, &server.url, &site.submit_key, key).await;
        assert_eq!(again.as_ref(), Some(id), "the key {key} no longer finds the request that was acknowledged");
    }
    let quiet = tokio::time::Instant::now() + QUIET_WITHIN;
    for id in &approved {
        while done(&client, server, site, id).await != ("approved".into(), "succeeded".into()) {
            assert!(
                tokio::time::Instant::now() < quiet,
                "{id} was acknowledged as approved and did not finish: {:?}",
                done(&client, server, site, id).await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let ledger = ledger.lock().unwrap();
    for id in &approved {
        let arrived = ledger.arrived.get(id).unwrap_or_else(|| panic!("{id} was approved and its action never arrived"));
        assert_eq!(arrived.len(), 1, "{id}: attempts under several keys or with several bodies: {arrived:?}");
    }
}

async fn done(client: &Client, server: &Server, site: &Site, id: &str) -> (String, String) {
    let answer = client.get(format!("{}/v1/requests/{id}", server.url)).bearer_auth(&site.submit_key).send().await.unwrap();
    let request: Value = answer.json().await.unwrap();
    (request["status"].as_str().unwrap_or_default().to_owned(), request["executions"][0]["status"].as_str().unwrap_or_default().to_owned())
}
