//! The local receiver of notices and actions: each waiter is told when the POST for its request arrives.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::oneshot;

type Waiters = Arc<Mutex<HashMap<String, Slot>>>;

enum Slot {
    Waiting(oneshot::Sender<Instant>),
    Arrived(Instant),
}

/// A receiver on loopback.
#[derive(Clone)]
pub(crate) struct Receiver {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    waiters: Waiters,
}

impl Receiver {
    /// Starts one; it lives as long as the runtime.
    pub(crate) async fn start() -> Self {
        let waiters = Waiters::default();
        let app = Router::new().route("/notice", post(notice)).route("/pay", post(pay)).with_state(waiters.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, waiters }
    }

    /// When the notice for this request arrives.
    pub(crate) async fn notice(&self, id: &str) -> Instant {
        self.arrival(&format!("notice {id}")).await
    }

    /// When the action for this request arrives.
    pub(crate) async fn action(&self, id: &str) -> Instant {
        self.arrival(&format!("pay {id}")).await
    }

    async fn arrival(&self, key: &str) -> Instant {
        let waiting = {
            let mut waiters = self.waiters.lock().unwrap();
            if let Some(Slot::Arrived(at)) = waiters.remove(key) {
                return at;
            }
            let (sender, waiting) = oneshot::channel();
            waiters.insert(key.to_owned(), Slot::Waiting(sender));
            waiting
        };
        waiting.await.unwrap()
    }
}

fn arrived(waiters: &Waiters, key: String) {
    let now = Instant::now();
    let mut waiters = waiters.lock().unwrap();
    match waiters.remove(&key) {
        Some(Slot::Waiting(sender)) => drop(sender.send(now)),
        _ => drop(waiters.insert(key, Slot::Arrived(now))),
    }
}

async fn notice(State(waiters): State<Waiters>, body: Bytes) {
    if body.starts_with(b"{\"type\":\"approval.requested\"") || body.windows(20).any(|part| part == b"\"approval.requested\"") {
        arrived(&waiters, format!("notice {}", id_in(&body)));
    }
}

async fn pay(State(waiters): State<Waiters>, body: Bytes) {
    arrived(&waiters, format!("pay {}", id_in(&body)));
}

/// The first request id in a body: reading all of it as JSON would bill the driver's work to the server.
fn id_in(body: &[u8]) -> String {
    let start = body.windows(4).position(|part| part == b"req_").unwrap_or(0);
    String::from_utf8_lossy(&body[start..(start + 36).min(body.len())]).into_owned()
}
