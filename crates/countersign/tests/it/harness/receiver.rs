//! A receiver on loopback: takes every POST, keeps it, answers what it was told to; waits are on arrival.

use super::PATIENCE;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// One POST that came.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Got {
    /// Its JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

/// The receiver.
#[derive(Clone)]
pub struct Receiver {
    base: String,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    got: Mutex<Vec<Got>>,
    answers: Mutex<BTreeMap<String, StatusCode>>,
    arrived: Notify,
}

impl Receiver {
    pub async fn start() -> Self {
        let inside = Arc::new(Inside::default());
        let router = Router::new().route("/{*path}", post(take)).with_state(inside.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, inside }
    }

    /// Its address.
    pub fn base(&self) -> String {
        self.base.clone()
    }

    /// From now on this path is answered so.
    pub fn answer(&self, path: &str, status: u16) {
        self.inside.answers.lock().unwrap().insert(path.to_owned(), StatusCode::from_u16(status).unwrap());
    }

    /// Everything that came so far to this path.
    pub fn got(&self, path: &str) -> Vec<Got> {
        self.inside.got.lock().unwrap().iter().filter(|got| got.path == path).cloned().collect()
    }

    /// The first POST to this path that the test accepts, as soon as it is there.
    pub async fn first(&self, path: &str, accept: impl Fn(&Got) -> bool) -> Got {
        let wait = async {
            loop {
                let arrival = self.inside.arrived.notified();
                if let Some(got) = self.got(path).into_iter().find(|got| accept(got)) {
                    return got;
                }
                arrival.await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("nothing fitting came to {path}"))
    }

    /// The first notice of this type to this path.
    pub async fn notice(&self, path: &str, kind: &str) -> Got {
        self.first(path, |got| got.json()["type"] == kind).await
    }
}

async fn take(State(inside): State<Arc<Inside>>, Path(path): Path<String>, headers: HeaderMap, bytes: Bytes) -> StatusCode {
    let path = format!("/{path}");
    let status = inside.answers.lock().unwrap().get(&path).copied().unwrap_or(StatusCode::OK);
    inside.got.lock().unwrap().push(Got { path, headers, bytes });
    inside.arrived.notify_waiters();
    status
}
