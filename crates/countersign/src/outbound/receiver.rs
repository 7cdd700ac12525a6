//! A real receiver on loopback, for tests: answers by path, keeps what it got.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::guard::Guard;
use super::secret::{SecretRef, Secrets};
use super::{Outbound, Patience};
use std::time::Duration;

/// What one POST brought.
pub(crate) type Got = (HeaderMap, Bytes);

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    pub(crate) connections: Arc<std::sync::atomic::AtomicUsize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let got = Arc::new(Mutex::new(Vec::new()));
        let app = axum::Router::new().route("/{what}", post(answer)).with_state(Arc::clone(&got));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, connections) = (listener.local_addr().unwrap(), Arc::default());
        let listener = Counted { listener, connections: Arc::clone(&connections) };
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, got, connections }
    }

    pub(crate) fn url(&self, what: &str) -> String {
        format!("http://{}/{what}", self.address)
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

/// A way out to loopback that loses patience early.
pub(crate) fn way_out(allowed: &[SecretRef]) -> Outbound {
    let patience = Patience { total: Duration::from_millis(1500), connect: Duration::from_millis(500) };
    let guard = Guard::allowing(["127.0.0.0/8".parse().unwrap()]);
    Outbound::with_patience(guard, Secrets::allowing(allowed.to_vec()), patience).unwrap()
}

async fn answer(State(got): State<Arc<Mutex<Vec<Got>>>>, Path(what): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let echo = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    got.lock().unwrap().push((headers, body));
    match &*what {
        "gone" => StatusCode::GONE.into_response(),
        "later" => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")], "busy").into_response(),
        "elsewhere" => (StatusCode::FOUND, [("location", "/good")]).into_response(),
        "hang" => std::future::pending().await,
        "drip" => (StatusCode::OK, Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())).into_response(),
        "huge" => {
            let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 8192])));
            Body::from_stream(endless).into_response()
        }
        "echo" => echo.unwrap_or_default().into_response(),
        _ => "thanks".into_response(),
    }
}

struct Counted {
    listener: tokio::net::TcpListener,
    connections: Arc<std::sync::atomic::AtomicUsize>,
}

impl axum::serve::Listener for Counted {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let accepted = self.listener.accept().await.unwrap();
        self.connections.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
