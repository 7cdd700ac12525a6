//! Confirm links in a browser that runs every script: opening one decides nothing, a person's choice decides once.

use crate::accessible::check;
use crate::driver::{self, Scripts};
use crate::hands::Hands;
use crate::screen::{DESK, PHONE};
use crate::site::Site;
use std::collections::BTreeSet;

#[tokio::test]
async fn a_hundred_openings_by_a_browser_that_runs_scripts_decide_nothing() {
    driver::with(|browser| async move {
        let site = Site::start().await;
        let mut requests = Vec::new();
        for nth in 0..10 {
            let id = site.submit_under("memo", &format!("memo {nth}")).await;
            requests.push((site.confirm_link("ana", &id).await, id));
        }
        for _ in 0..10 {
            for (link, _) in &requests {
                browser.open(link).await;
                browser.sees_that("document.readyState === 'complete' && document.querySelector('form input[type=radio]') !== null").await;
            }
        }
        let leo = site.cookie("leo").await;
        for (_, id) in &requests {
            let request = site.get(&format!("/v1/requests/{id}"), &leo).await.ok();
            assert_eq!((&request["status"], &request["stages"][0]["approved_by"]), (&"pending".into(), &serde_json::json!([])), "{request}");
        }
    })
    .await;
}

/// A choice by link, and the link after it.
async fn decides(hands: Hands, scripts: Scripts, screen: (u32, u32)) {
    driver::with_several(|driver| async move {
        let (site, browser) = (Site::start().await, driver.browser(scripts).await);
        browser.on(screen).await;
        let id = site.submit_under("memo", "a memo").await;
        let (link, late) = (site.confirm_link("ana", &id).await, site.confirm_link("bo", &id).await);
        browser.open(&link).await;
        browser.sees("Ana Costa").await;
        browser.fits().await;
        let places = browser.run("return [...document.querySelectorAll('nav a')].map((link) => link.href)").await;
        assert_eq!(
            places.as_array().unwrap().iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
            BTreeSet::new(),
            "one question, no navigation"
        );
        if scripts == Scripts::On {
            browser.picture("confirm-link").await;
            check(&browser, "a confirm link").await;
        }
        // With the keyboard the group is entered and its first choice taken by the space bar.
        hands.choose(&browser, "input[name=decision][value=approve]").await;
        hands.press(&browser, "form.decide button[type=submit]").await;
        browser.sees("You approved it").await;
        browser.fits().await;
        for link in [&link, &late] {
            browser.open(link).await;
            browser.sees("Ana Costa").await;
            assert!(!browser.has("form.decide").await, "a link that is over asks nothing");
            if scripts == Scripts::On {
                check(&browser, "a link that is over").await;
            }
        }
        let leo = site.cookie("leo").await;
        assert_eq!(site.get(&format!("/v1/requests/{id}"), &leo).await.ok()["status"], "approved");
    })
    .await;
}

#[tokio::test]
async fn a_choice_by_link_decides_once() {
    decides(Hands::Pointer, Scripts::On, DESK).await;
}

#[tokio::test]
async fn a_choice_by_link_needs_neither_scripts_nor_a_pointer_nor_a_desk() {
    decides(Hands::Keyboard, Scripts::Off, PHONE).await;
}
