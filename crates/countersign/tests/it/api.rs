//! The HTTP door.

mod attachments;
mod body;
mod dead_letters;
mod decisions;
mod documented;
mod events;
mod executions;
mod interventions;
mod keys;
mod layers;
mod lists;
mod openapi;
mod passkeys;
mod permit;
mod policies;
mod refusals;
mod requests;
mod roles;
mod sessions;

/// A page as a browser with this cookie gets it.
async fn page(harness: &crate::harness::Harness, cookie: &str, path: &str) -> crate::harness::Answer {
    let nobody = harness.nobody();
    nobody.send(nobody.request(reqwest::Method::GET, path).header("cookie", cookie)).await
}
