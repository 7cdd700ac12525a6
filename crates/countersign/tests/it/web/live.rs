//! Word of changes reaches the pages that it concerns, and nobody else.

use crate::harness::{Harness, PATIENCE};
use std::time::Instant;

/// A page that listens.
struct Open(reqwest::Response, String);

impl Open {
    async fn at(harness: &Harness, who: &str, path: &str) -> Self {
        let nobody = harness.nobody();
        let request = nobody.request(reqwest::Method::GET, path).header("cookie", harness.cookie(who).await);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut open = Self(response, String::new());
        open.until("event: open").await;
        open
    }

    /// Reads until this has come.
    async fn until(&mut self, words: &str) {
        while !self.1.contains(words) {
            let chunk = tokio::time::timeout(PATIENCE, self.0.chunk()).await.expect("the stream should have said it").unwrap();
            self.1 += std::str::from_utf8(&chunk.expect("the stream ended")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_change_reaches_the_inboxes_that_it_concerns_at_once() {
    let harness = Harness::start().await;
    let mut mia = Open::at(&harness, "mia", "/live").await;
    let mut bo = Open::at(&harness, "bo", "/live").await;
    let began = Instant::now();
    let first = harness.submit("5000 USD").await;
    mia.until(&first).await;
    assert!(began.elapsed().as_millis() < 5_000, "word of it took {:?}", began.elapsed());
    let second = harness.submit("20000 USD").await;
    bo.until(&second).await;
    assert!(!bo.1.contains(&first), "the first one is no business of Bo: {}", bo.1);
}

#[tokio::test]
async fn a_request_page_hears_of_its_request_alone_and_strangers_of_none() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let mut page = Open::at(&harness, "leo", &format!("/live?request={id}")).await;
    let other = harness.submit("5000 USD").await;
    harness.decide("mia", &id, "approve").await.ok();
    page.until(&id).await;
    assert!(!page.1.contains(&other));
    let nobody = harness.nobody();
    let get = async |who: &str, path: &str| {
        let request = nobody.request(reqwest::Method::GET, path).header("cookie", harness.cookie(who).await);
        nobody.send(request).await.status
    };
    assert_eq!(get("zoe", &format!("/live?request={id}")).await, 404);
    assert_eq!(get("zoe", "/live?request=nonsense").await, 404);
    assert_eq!(get("zoe", "/live?all=1").await, 403);
    assert_eq!(nobody.get("/live").await.status, 401);
    let mut all = Open::at(&harness, "olga", "/live?all=1").await;
    assert_eq!(harness.engine.open_pages().count(), 2, "those refused opened nothing");
    let third = harness.submit("20000 USD").await;
    all.until(&third).await;
}
