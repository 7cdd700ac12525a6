//! The bare program: axum, reqwest and SQLite doing the same exchanges and about the same rows, with group
//! commit and full durability, and no engine: no law, no record, no retries, no permissions.

use super::lifecycle::Target;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// A row to write, and whom to tell when it is durable.
type Job = (&'static str, String, Vec<u8>, oneshot::Sender<()>);

/// A running bare program.
pub(crate) struct Bare {
    address: SocketAddr,
    _folder: tempfile::TempDir,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Kit {
    writer: mpsc::Sender<Job>,
    client: reqwest::Client,
    receiver: SocketAddr,
}

impl Bare {
    /// Starts it.
    pub(crate) async fn start(receiver: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (writer, jobs) = mpsc::channel();
        let connection = open(&folder.path().join("bare.db"));
        std::thread::spawn(move || write(connection, &jobs));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let kit = Kit { writer, client, receiver };
        let app = Router::new().route("/v1/requests", post(submit)).route("/v1/requests/{id}/decisions", post(decide)).with_state(kit);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, _folder: folder, serving }
    }

    /// Its routes.
    pub(crate) fn target(&self) -> Target {
        Target { url: format!("http://{}", self.address), submit_key: "none".into(), relay_key: "none".into() }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The same durability as the product.
fn open(file: &std::path::Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows(position INTEGER PRIMARY KEY, kind TEXT, request TEXT, bytes BLOB); CREATE INDEX by_request ON rows(request);").unwrap();
    connection
}

/// Group commit: takes what is queued, writes it in one transaction, answers after it is durable.
fn write(mut connection: Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(255)).collect();
        let transaction = connection.transaction().unwrap();
        for (kind, request, bytes, _) in &batch {
            let mut statement = transaction.prepare_cached("INSERT INTO rows(kind, request, bytes) VALUES (?, ?, ?)").unwrap();
            statement.execute(params![kind, request, bytes]).unwrap();
        }
        transaction.commit().unwrap();
        for (.., done) in batch {
            let _ = done.send(());
        }
    }
}

async fn keep(kit: &Kit, kind: &'static str, request: &str, bytes: Vec<u8>) {
    let (sender, done) = oneshot::channel();
    kit.writer.send((kind, request.to_owned(), bytes, sender)).unwrap();
    done.await.unwrap();
}

async fn submit(State(kit): State<Kit>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = format!("req_{}", uuid::Builder::from_random_bytes(rand_bytes()).into_uuid().simple());
    keep(&kit, "submitted", &id, serde_json::to_vec(&body).unwrap()).await;
    let notice = json!({ "type": "approval.requested", "data": { "approval_id": id, "request": body } });
    tokio::spawn(send(kit, "notice", id.clone(), notice));
    (StatusCode::CREATED, Json(json!({ "id": id, "payload": body })))
}

async fn decide(State(kit): State<Kit>, Path(id): Path<String>, Json(body): Json<Value>) -> Json<Value> {
    keep(&kit, "decided", &id, serde_json::to_vec(&body).unwrap()).await;
    let action = json!({ "type": "action", "data": { "request": { "id": id } } });
    tokio::spawn(send(kit, "pay", id.clone(), action));
    Json(json!({ "id": id, "status": "approved" }))
}

async fn send(kit: Kit, path: &'static str, id: String, body: Value) {
    kit.client.post(format!("http://{}/{path}", kit.receiver)).json(&body).send().await.unwrap();
    keep(&kit, "sent", &id, path.as_bytes().to_vec()).await;
}

fn rand_bytes() -> [u8; 16] {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
