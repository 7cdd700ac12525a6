//! Lighthouse gives every kind of page all points for accessibility.

use crate::driver::CHROMIUM;
use crate::peers::Peer;
use crate::site::Site;
use std::path::Path;

/// The kinds of pages that an admin opens; she owns the policies, so the request's page is hers too.
const PAGES: [&str; 13] = [
    "/",
    "/new",
    "/new/memo",
    "/policies",
    "/policies/vault",
    "/operations",
    "/audit",
    "/me",
    "/me/passkeys",
    "/me/sign-ins",
    "/me/sessions",
    "/me/sessions?person=bo",
    "/login",
];

#[tokio::test]
async fn lighthouse_gives_every_kind_of_page_all_points_for_accessibility() {
    assert!(Path::new(CHROMIUM).exists(), "{CHROMIUM} is missing: apt-get install chromium");
    let site = Site::start().await;
    let id = site.submit("the crown").await;
    let memo = site.submit_under("memo", "lunch").await;
    let link = site.confirm_link("ana", &memo).await;
    let mut paths: Vec<String> = PAGES.map(str::to_owned).into();
    paths.extend([format!("/requests/{id}"), format!("/requests/{memo}"), link.strip_prefix(&site.base).unwrap().to_owned()]);
    let (base, cookie, count) = (site.base.clone(), site.cookie("ada").await, paths.len());
    let asked = move || {
        let arguments: Vec<&str> = [CHROMIUM, &base, &cookie].into_iter().chain(paths.iter().map(String::as_str)).collect();
        Peer::start("lighthouse.mjs", &arguments).said.clone()
    };
    let said = tokio::task::spawn_blocking(asked).await.unwrap();
    let said = said.as_object().unwrap();
    assert_eq!(said.len(), count);
    for (path, page) in said {
        assert_eq!((page["status"].as_u64(), page["score"].as_f64()), (Some(200), Some(1.0)), "{path}: {page:#}");
        assert!(page["applied"].as_u64().unwrap() >= 15, "{path}: {page:#}");
    }
}
