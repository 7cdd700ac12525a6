//! The pages.

use crate::harness::{Answer, Harness};
use reqwest::Method;

mod audit;
mod confirm;
mod dangers;
pub mod desk;
mod inbox;
mod live;
mod me;
mod new;
mod operations;
mod policies;
mod provider;
mod request;
mod signin;
mod thread;

/// A page as a browser with this cookie gets it.
async fn open(harness: &Harness, cookie: &str, path: &str) -> Answer {
    let nobody = harness.nobody();
    nobody.send(nobody.request(Method::GET, path).header("cookie", cookie)).await
}

/// What guards the forms of a page.
fn token(page: &str) -> &str {
    page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// A form as a browser sends it.
async fn press_at(harness: &Harness, cookie: &str, path: &str, form: &[(String, String)]) -> Answer {
    let nobody = harness.nobody();
    let request = nobody.request(Method::POST, path).header("cookie", cookie).header("origin", &harness.base);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    nobody.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}
