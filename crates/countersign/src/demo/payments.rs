//! A payment service that is none: it checks each signature, keeps what arrives once per idempotency key, and shows it,
//! with what it turned away. "Gone Ltd" has closed its account, so that a dead letter can be seen.

use crate::outbound::secret::Secret;
use crate::outbound::signature::Signer;
use crate::summary::visible::visible;
use crate::web::assets::STYLE;
use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// As many attempts that were turned away are remembered.
const TURNED_AWAY_MAX: usize = 20;
/// The page loads its own style sheet and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What policies call the one who is paid.
const PAYEES: [&str; 4] = ["merchant", "payee", "supplier", "vendor"];

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
    key: String,
    request: String,
    title: String,
    amount: String,
    payee: String,
    decided: String,
    executed: String,
    /// How often it was asked for; it was paid once.
    attempts: u32,
}

/// An attempt that paid nothing.
#[derive(Clone, Serialize)]
struct TurnedAway {
    at: String,
    key: String,
    why: &'static str,
}

#[derive(Default)]
struct Book {
    payments: BTreeMap<String, Payment>,
    turned_away: VecDeque<TurnedAway>,
}

#[derive(Clone)]
struct Till {
    signer: Arc<Signer>,
    book: Arc<Mutex<Book>>,
}

#[derive(Template)]
#[template(path = "payments.html")]
struct PaymentsPage {
    payments: Vec<Payment>,
    turned_away: Vec<TurnedAway>,
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
        let app = router(Till { signer: Arc::new(signer), book: Arc::default() });
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

fn router(till: Till) -> Router {
    let style = || async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) };
    Router::new().route("/payments", post(pay).get(list)).route("/style.css", get(style)).route("/", get(page)).with_state(till)
}

impl Drop for Payments {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Till {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_away(&self, status: StatusCode, key: &str, why: &'static str) -> (StatusCode, &'static str) {
        let mut book = self.book();
        book.turned_away.push_front(TurnedAway { at: now(), key: visible(key).chars().take(100).collect(), why });
        book.turned_away.truncate(TURNED_AWAY_MAX);
        (status, why)
    }
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn pay(State(till): State<Till>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, at, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    if till.signer.verify(id, at, signature, &body, Timestamp::now()).is_err() {
        return till.turn_away(StatusCode::UNAUTHORIZED, id, "the signature is not genuine");
    }
    let Ok(action) = serde_json::from_slice::<Value>(&body) else { return till.turn_away(StatusCode::BAD_REQUEST, id, "no JSON") };
    let text = |pointer: &str| action.pointer(pointer).and_then(Value::as_str).map(|text| visible(text).into_owned()).unwrap_or_default();
    let payee = PAYEES.iter().map(|name| text(&format!("/data/request/payload/{name}"))).find(|name| !name.is_empty()).unwrap_or_default();
    if payee == "Gone Ltd" {
        return till.turn_away(StatusCode::GONE, id, "this payee has closed their account");
    }
    let payment = Payment {
        key: visible(id).into_owned(),
        request: text("/data/request/id"),
        title: text("/data/request/title"),
        amount: text("/data/request/payload/amount"),
        payee,
        decided: text("/data/request/settled_at"),
        executed: now(),
        attempts: 0,
    };
    // The key makes it once: a second attempt finds the first payment.
    till.book().payments.entry(id.to_owned()).or_insert(payment).attempts += 1;
    (StatusCode::OK, "paid")
}

async fn list(State(till): State<Till>) -> Json<Vec<Payment>> {
    Json(till.book().payments.values().cloned().collect())
}

async fn page(State(till): State<Till>) -> Response {
    let (payments, turned_away) = {
        let book = till.book();
        // Keys begin with the request's id, which is in the order of time.
        (book.payments.values().rev().cloned().collect(), book.turned_away.iter().cloned().collect())
    };
    match (PaymentsPage { payments, turned_away }).render() {
        Ok(html) => ([(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    async fn send(app: &Router, key: &str, payee: &str, signed: bool) -> StatusCode {
        let body = serde_json::json!({ "data": { "request": { "id": "req_1", "title": "t", "payload": { "merchant": payee, "amount": "7 USD" } } } });
        let (body, at) = (body.to_string(), Timestamp::now());
        let signature = Signer::new(&Secret::new(KEY.to_owned())).unwrap().sign(key, at, body.as_bytes());
        let request = Request::post("/payments").header("webhook-id", key).header("webhook-timestamp", at.as_second().to_string());
        let request = request.header("webhook-signature", if signed { signature } else { "v1,AAAA".to_owned() });
        app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn what_is_signed_is_paid_once_and_shown_and_the_rest_is_turned_away() {
        let app = router(Till { signer: Arc::new(Signer::new(&Secret::new(KEY.to_owned())).unwrap()), book: Arc::default() });
        let payee = "<b>ACME</b>\u{202e}";
        assert_eq!(send(&app, "req_1:approved:pay", payee, true).await, StatusCode::OK);
        assert_eq!(send(&app, "req_1:approved:pay", payee, true).await, StatusCode::OK);
        assert_eq!(send(&app, "req_2:approved:pay", payee, false).await, StatusCode::UNAUTHORIZED);
        assert_eq!(send(&app, "req_3:approved:pay", "Gone Ltd", true).await, StatusCode::GONE);
        let answer = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        let page = String::from_utf8(axum::body::to_bytes(answer.into_body(), 100_000).await.unwrap().to_vec()).unwrap();
        for words in ["7 USD", "&#60;b&#62;ACME&#60;/b&#62;⟨U+202E⟩", "req_1:approved:pay", "verified", "2 attempts", "the signature is not genuine"]
        {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert_eq!(page.matches("<td class=\"sum\">7 USD").count(), 1, "paid once");
    }
}
