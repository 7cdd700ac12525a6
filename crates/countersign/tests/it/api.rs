//! The HTTP door.

mod body;
mod decisions;
mod events;
mod executions;
mod keys;
mod lists;
mod openapi;
mod permit;
mod policies;
mod requests;
mod roles;
mod sessions;

/// A page as a browser with this cookie gets it.
async fn page(harness: &crate::harness::Harness, cookie: &str, path: &str) -> crate::harness::Answer {
    let nobody = harness.nobody();
    nobody.send(nobody.request(reqwest::Method::GET, path).header("cookie", cookie)).await
}
