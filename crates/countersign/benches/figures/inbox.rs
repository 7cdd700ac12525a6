//! The inbox with many waiting requests: its first byte while others decide, its weight, how soon a decision is told to
//! an open one, and what an open one costs. Beside a bare handler that returns a fixed page.

use super::lifecycle::{Target, client, decide, submit_many};
use super::process::{Server, Site};
use super::receiver::Receiver;
use super::spread::{ms, percentile, row};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use futures_util::stream::{self, StreamExt};
use reqwest::{Client, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Decisions a second while pages are asked for.
const DECISIONS_PER_SECOND: u32 = 200;
/// As many samples of each latency.
const SAMPLES: usize = 1_000;
/// As many decisions are awaited at an open inbox.
const TOLD: usize = 200;
/// Between two of those: longer than the stream gathers its news.
const APART: Duration = Duration::from_millis(150);
/// Both of them are told nothing but by their pages.
const PEOPLE: &str = "[[person]]\nid = \"leo\"\nname = \"Leo Park\"\n\n[[person]]\nid = \"ana\"\nname = \"Ana Ruiz\"\n";

/// How many wait, and how many inboxes are open: smaller ones show that the part works.
fn wanted(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// A signed-in person before a server.
#[derive(Clone)]
struct Visitor {
    client: Client,
    url: String,
    cookie: String,
}

/// The part.
pub(crate) async fn figures() {
    let receiver = Receiver::start().await;
    let site = Site::new(receiver.address);
    std::fs::write(site.folder.path().join("directory.toml"), PEOPLE).unwrap();
    let waiting = wanted("COUNTERSIGN_BENCH_WAITING", 100_000);
    let server = site.serve();
    let target = Target::of(&site, &server);
    let ids = submit_many(&target, waiting as u64).await;
    let (told, rest) = ids.split_at(TOLD.min(ids.len() / 2));
    let visitor = Visitor::enter(&site, &server).await;
    let (page, whole) = visitor.weight().await;
    row("inbox: bytes of the page / with its style, scripts and picture", &format!("{} / {whole}", page.len()), "", "");
    first_byte(&visitor, &target, rest, waiting, page).await;
    told_of(&visitor, &target, told).await;
    open(&visitor, &server).await;
}

/// First bytes while decisions are made at their rate, and those of a fixed page of the same length beside the same load.
async fn first_byte(visitor: &Visitor, target: &Target, ids: &[String], waiting: usize, page: String) {
    let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let deciding = tokio::spawn(decide_steadily(target.clone(), ids.to_vec(), stop.clone(), made.clone()));
    let (began, mut ours) = (Instant::now(), Vec::new());
    for _ in 0..SAMPLES {
        ours.push(visitor.first_byte("/").await);
    }
    let bare = fixed(page, visitor).await;
    let mut plain = Vec::new();
    for _ in 0..SAMPLES {
        plain.push(bare.first_byte("/").await);
    }
    stop.store(true, Ordering::Relaxed);
    deciding.await.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = made.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    let words = |samples: &mut [Duration]| format!("{} / {}", ms(percentile(samples, 0.5)), ms(percentile(samples, 0.99)));
    let figure = format!("inbox: first byte with {waiting} waiting and {rate:.0} decisions a second, p50 / p99");
    let ratio = percentile(&mut ours, 0.99).as_secs_f64() / percentile(&mut plain, 0.99).as_secs_f64();
    row(&figure, &words(&mut ours), &words(&mut plain), &format!("{ratio:.2}"));
}

/// Each decision starts at its own time, whether or not others are done.
async fn decide_steadily(target: Target, ids: Vec<String>, stop: Arc<AtomicBool>, made: Arc<AtomicUsize>) {
    let (client, began) = (client(), Instant::now());
    let mut flights = Vec::new();
    for (number, id) in (0_u32..).zip(ids) {
        tokio::time::sleep_until((began + Duration::from_secs(1) / DECISIONS_PER_SECOND * number).into()).await;
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (client, target, made) = (client.clone(), target.clone(), made.clone());
        flights.push(tokio::spawn(async move {
            decide(&client, &target, &id).await;
            made.fetch_add(1, Ordering::Relaxed);
        }));
    }
    for flight in flights {
        flight.await.unwrap();
    }
}

/// A handler that returns this page and does nothing else.
async fn fixed(page: String, visitor: &Visitor) -> Visitor {
    let page: &'static str = Box::leak(page.into_boxed_str());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(move || async move { Html(page) }))).await.unwrap() });
    Visitor { url, ..visitor.clone() }
}

/// From a decision's request leaving to its word in an open inbox's stream, and to the page as it is then.
async fn told_of(visitor: &Visitor, target: &Target, ids: &[String]) {
    let (client, mut stream) = (client(), visitor.listen().await);
    let (mut words, mut pages) = (Vec::new(), Vec::new());
    for id in ids {
        tokio::time::sleep(APART).await;
        let began = Instant::now();
        let (deciding, there, what) = (client.clone(), target.clone(), id.clone());
        let decided = tokio::spawn(async move { decide(&deciding, &there, &what).await });
        heard(&mut stream, id).await;
        words.push(began.elapsed());
        visitor.get("/").await.bytes().await.unwrap();
        pages.push(began.elapsed());
        decided.await.unwrap();
    }
    let spread = |samples: &mut [Duration]| format!("{} / {}", ms(percentile(samples, 0.5)), ms(percentile(samples, 0.99)));
    row("inbox: a decision elsewhere to its word at an open inbox, p50 / p99", &spread(&mut words), "", "");
    row("inbox: and to the page brought up to date, p50 / p99", &spread(&mut pages), "", "");
}

/// Reads the stream until it says this.
async fn heard(stream: &mut Response, words: &str) {
    let mut said = String::new();
    while !said.contains(words) {
        said.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().expect("the stream should go on")));
    }
}

/// Memory of the server with many open inboxes more.
async fn open(visitor: &Visitor, server: &Server) {
    let count = wanted("COUNTERSIGN_BENCH_OPEN", 2_000);
    let before = server.memory_mib("VmRSS");
    let streams: Vec<Response> = stream::iter(0..count).map(|_| visitor.listen()).buffer_unordered(64).collect().await;
    let after = server.memory_mib("VmRSS");
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let each = after.saturating_sub(before) as f64 * 1024.0 / count as f64;
    row(
        &format!("inbox: memory of {} open ones, and of one", streams.len()),
        &format!("{} MiB, {each:.1} KiB", after.saturating_sub(before)),
        "",
        "",
    );
}

impl Visitor {
    /// Signs Ana in by link.
    async fn enter(site: &Site, server: &Server) -> Self {
        let output = site.run(&["login-link", "ana"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let secret = text.split("/login/").nth(1).unwrap_or_else(|| panic!("no link in {text}{}", String::from_utf8_lossy(&output.stderr)));
        let secret = secret.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter))).next().unwrap();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let entered = client.post(format!("{}/login/{secret}", server.url)).header("origin", &server.url).send().await.unwrap();
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { client, url: server.url.clone(), cookie }
    }

    async fn get(&self, path: &str) -> Response {
        let answer = self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer
    }

    /// Until the head of the answer is there; the rest is read and not counted.
    async fn first_byte(&self, path: &str) -> Duration {
        let began = Instant::now();
        let answer = self.get(path).await;
        let first = began.elapsed();
        answer.bytes().await.unwrap();
        first
    }

    /// An open inbox: its stream, after its first word.
    async fn listen(&self) -> Response {
        let mut stream = self.get("/live").await;
        heard(&mut stream, "event: open").await;
        stream
    }

    /// The page, and how many bytes it is with all that it loads.
    async fn weight(&self) -> (String, usize) {
        let page = self.get("/").await.text().await.unwrap();
        let loaded = page.split('"').filter(|part| part.starts_with("/assets/"));
        let mut whole = page.len();
        for path in loaded {
            whole += self.get(path).await.bytes().await.unwrap().len();
        }
        (page, whole)
    }
}
