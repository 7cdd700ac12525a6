//! Signing in by link.

use crate::harness::Harness;
use countersign_core::id::PersonId;
use reqwest::Method;

#[tokio::test]
async fn opening_a_link_asks_and_pressing_signs_in_once() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let path = format!("/login/{}", harness.engine.create_login_link(&PersonId::from("mia")).await.unwrap());
    for _ in 0..2 {
        let page = nobody.get(&path).await;
        assert!(page.status == 200 && page.text.contains("Sign in as Mia Stone"));
    }
    let foreign = nobody.send(nobody.request(Method::POST, &path).header("origin", "https://evil.example")).await;
    assert_eq!(foreign.status, 403);
    let press = || nobody.send(nobody.request(Method::POST, &path).header("origin", &harness.base));
    let pressed = press().await;
    let cookie = pressed.headers["set-cookie"].to_str().unwrap();
    assert_eq!(pressed.status, 303);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert_eq!(press().await.status, 410);
    assert_eq!(nobody.get(&path).await.status, 410);
}

#[tokio::test]
async fn a_form_of_ours_is_taken_as_browsers_send_it_and_a_foreign_one_is_not() {
    let harness = Harness::start().await;
    let nobody = harness.nobody();
    let path = format!("/login/{}", harness.engine.create_login_link(&PersonId::from("mia")).await.unwrap());
    let page = nobody.get(&path).await;
    assert_eq!(page.headers["referrer-policy"], "same-origin", "else browsers hide the origin of our own forms");
    let press = async |site: &str, origin: &str| {
        let request = nobody.request(Method::POST, &path).header("sec-fetch-site", site).header("origin", origin);
        nobody.send(request).await.status
    };
    for (site, origin) in [("cross-site", "null"), ("same-site", &harness.base), ("none", "null"), ("same-origin", "https://evil.example")] {
        assert_eq!(press(site, origin).await, 403, "{site} {origin}");
    }
    assert_eq!(press("same-origin", "null").await, 303);
}
