//! A payment service that is none: it checks each signature, keeps what arrives once per idempotency key,
//! and shows it. "Gone Ltd" has closed its account, so that a dead letter can be seen.

use crate::outbound::secret::Secret;
use crate::outbound::signature::Signer;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The running service.
pub struct Payments {
    /// Where it listens.
    pub address: SocketAddr,
    /// Signs what is sent to it: `whsec_…`.
    pub secret: String,
    serving: JoinHandle<()>,
}

/// One payment that was executed.
#[derive(Clone, Serialize)]
struct Payment {
    request: String,
    title: String,
    amount: String,
    decided: String,
}

#[derive(Clone)]
struct Till {
    signer: Arc<Signer>,
    payments: Arc<Mutex<BTreeMap<String, Payment>>>,
}

impl Payments {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) async fn start() -> std::io::Result<Self> {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let signer = Signer::new(&Secret::new(secret.clone())).map_err(|error| std::io::Error::other(error.to_string()))?;
        let till = Till { signer: Arc::new(signer), payments: Arc::default() };
        let app = Router::new().route("/payments", post(pay).get(list)).route("/", get(page)).with_state(till);
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(error = %error, "the demo's payment service ended");
            }
        });
        Ok(Self { address, secret, serving })
    }
}

impl Drop for Payments {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pay(State(till): State<Till>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, at, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    if till.signer.verify(id, at, signature, &body, jiff::Timestamp::now()).is_err() {
        return (StatusCode::UNAUTHORIZED, "the signature is not genuine");
    }
    let Ok(action) = serde_json::from_slice::<Value>(&body) else { return (StatusCode::BAD_REQUEST, "no JSON") };
    let text = |pointer: &str| action.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("/data/request/payload/merchant") == "Gone Ltd" {
        return (StatusCode::GONE, "this payee has closed their account");
    }
    let payment = Payment {
        request: text("/data/request/id"),
        title: text("/data/request/title"),
        amount: text("/data/request/payload/amount"),
        decided: text("/data/request/settled_at"),
    };
    // The key makes it once: a second attempt finds the first payment.
    till.payments.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_insert(payment);
    (StatusCode::OK, "paid")
}

async fn list(State(till): State<Till>) -> Json<Vec<Payment>> {
    Json(till.payments.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect())
}

async fn page(State(till): State<Till>) -> Html<String> {
    let payments: Vec<Payment> = till.payments.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
    let row = |payment: &Payment| {
        format!(
            "<tr><td>{}</td><td class=\"sum\">{}</td><td><code>{}</code></td><td>{}</td></tr>",
            escape(&payment.title),
            escape(&payment.amount),
            escape(&payment.request),
            escape(&payment.decided)
        )
    };
    let rows: String = payments.iter().rev().map(row).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"2\">\
         <title>Payments executed</title><style>:root{{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}}body{{max-width:60rem;margin:3rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.5rem .75rem;border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}}\
         .sum{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}code{{font-size:.8em}}div{{overflow-x:auto}}</style>\
         <h1>Payments executed</h1><p>{} so far. This sample service pays nobody; it shows what was sent to it, once per idempotency key.</p>\
         <div><table><tr><th>What</th><th class=\"sum\">Amount</th><th>Request</th><th>Settled</th></tr>{rows}</table></div></html>",
        payments.len()
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
