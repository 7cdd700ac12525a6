//! Every page in every state is open to everybody: see `accessible`.

use crate::accessible::check;
use crate::demo::Demo;
use crate::driver::{self, Browser};
use crate::hands::Hands;
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};

/// Links that leave the pages: what is downloaded, the API, files.
const NOT_PAGES: [&str; 5] = ["/v1/", "/assets/", "/export", "/docs", "/openapi"];
/// The demo has no more kinds of pages than this.
const PAGES_MAX: usize = 60;

/// Where the page leads.
const LINKS: &str = "return [...document.querySelectorAll('a[href]:not([download])')].filter((link) => link.origin === location.origin)\
                     .map((link) => link.pathname + link.search)";

/// The kind of a page: its address without what names one thing of many.
fn kind(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path: Vec<&str> = path.split('/').map(|part| if part.len() > 20 { "*" } else { part }).collect();
    let place = |pair: &&str| pair.starts_with("cursor=") || pair.starts_with("before=");
    let query: Vec<&str> = query.split('&').map(|pair| if place(&pair) { pair.split('=').next().unwrap() } else { pair }).collect();
    format!("{}?{}", path.join("/"), query.join("&"))
}

/// Follows every link to every kind of page and checks each; the kinds.
async fn walk(demo: &Demo, browser: &Browser, who: &str) -> BTreeSet<String> {
    let (mut seen, mut queue) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    while let Some(address) = queue.pop_front() {
        if NOT_PAGES.iter().any(|other| address.contains(other)) || !seen.insert(kind(&address)) {
            continue;
        }
        assert!(seen.len() <= PAGES_MAX, "{seen:?}");
        browser.open(&demo.at(&address)).await;
        check(browser, &format!("{who} at {address}")).await;
        let links = browser.run(LINKS).await;
        queue.extend(links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()));
    }
    seen
}

#[tokio::test]
async fn every_page_that_a_manager_can_reach_is_open_to_everybody() {
    driver::with(|browser| async move {
        let demo = Demo::start().await;
        demo.open_as(&browser, Hands::Pointer, "Mia Okafor").await;
        let seen = walk(&demo, &browser, "Mia").await;
        assert!(seen.contains("/requests/*?") && seen.contains("/?group=done"), "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn every_page_that_an_operator_can_reach_is_open_to_everybody() {
    driver::with(|browser| async move {
        let demo = Demo::start().await;
        demo.open_as(&browser, Hands::Pointer, "Zoe Adler").await;
        let seen = walk(&demo, &browser, "Zoe").await;
        assert!(seen.contains("/?group=all"), "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn a_request_is_open_to_everybody_in_each_of_its_states() {
    driver::with(|browser| async move {
        let demo = Demo::start().await;
        demo.open_as(&browser, Hands::Pointer, "Leo Park").await;
        for (tab, title, state) in [
            ("mine", "Fabrikam", "Pending"),
            ("mine", "Contoso", "Returned"),
            ("mine", "Lisbon", "Nobody to ask"),
            ("done", "Northwind", "Approved"),
            ("done", "Gone Ltd", "Approved"),
            ("done", "Gold Plated", "Rejected"),
            ("done", "Duplicate", "Withdrawn"),
            ("done", "Corner Cafe", "Approved"),
            ("done", "Half price", "Expired"),
        ] {
            browser.open(&demo.base).await;
            demo.find(&browser, Hands::Pointer, tab, title).await;
            assert_eq!(browser.text("#top .badge").await, state, "{title}");
            browser.run("for (const folded of document.querySelectorAll('details')) folded.open = true").await;
            check(&browser, &format!("{title}, {state}")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn questions_answers_and_refusals_are_open_to_everybody() {
    driver::with(|browser| async move {
        let demo = Demo::start().await;
        browser.open(&demo.at("/login")).await;
        check(&browser, "sign in").await;
        browser.open(&demo.at("/login/nothing-of-the-kind")).await;
        check(&browser, "a link that is none").await;
        demo.open_as(&browser, Hands::Pointer, "Mia Okafor").await;
        browser.open(&demo.at("/?q=there+is+no+such+title")).await;
        check(&browser, "nothing found").await;
        browser.open(&demo.at("/requests/req_00000000000000000000000000000000")).await;
        check(&browser, "no such request").await;
        browser.open(&demo.base).await;
        browser.strike("?").await;
        browser.sees_that("document.querySelector('#keys').open").await;
        check(&browser, "the keys").await;
        browser.strike("\u{e00c}").await;
        for (key, name) in [("a", "the confirm of an approval"), ("r", "the confirm of a rejection")] {
            browser.strike("j").await;
            browser.strike(key).await;
            browser.sees_that("document.querySelector('dialog[data-confirms]')?.open").await;
            check(&browser, name).await;
            browser.strike("\u{e00c}").await;
            browser.sees_that("document.querySelector('dialog[data-confirms]') === null").await;
        }
        several(&demo, &browser).await;
        unreasoned(&demo, &browser).await;
        browser.press("header form[action='/logout'] button").await;
        browser.sees("You are signed out").await;
        check(&browser, "signed out").await;
        browser.open(&demo.payments).await;
        check(&browser, "the payment service").await;
    })
    .await;
}

/// A decision on several requests: the question, and what became of each.
async fn several(demo: &Demo, browser: &Browser) {
    browser.open(&demo.base).await;
    browser.run("for (const box of [...document.querySelectorAll('.row-mark input')].slice(0, 2)) box.click()").await;
    check(browser, "marked rows").await;
    browser.press("button[name=decision][value=approve]").await;
    browser.is_at("/bulk").await;
    check(browser, "a decision on several").await;
    browser.press("main form button.primary").await;
    browser.is_at("/bulk/decide").await;
    check(browser, "what became of several").await;
}

/// A rejection without a reason.
async fn unreasoned(demo: &Demo, browser: &Browser) {
    browser.open(&demo.base).await;
    browser.press("a.row-title").await;
    browser.press("form[data-decides] button[value=reject]").await;
    browser.sees("Nothing was decided yet").await;
    check(browser, "a rejection without a reason").await;
    let described = browser.run("return document.querySelector('#comment').getAttribute('aria-describedby') !== null").await;
    assert_eq!(described, json!(true), "the field says what is missing");
}
