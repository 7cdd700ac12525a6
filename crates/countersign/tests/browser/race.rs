//! Two people look at the same request: who comes second is told before they can click, and their click decides nothing.

use crate::demo::Demo;
use crate::driver::{self, Browser, Scripts};
use crate::hands::Hands;
use crate::screen::{DESK, PHONE};
use serde_json::json;

const APPROVE: &str = "form[data-decides] button[value=approve]";

/// Mia and Bo at the same request, which needs two people.
async fn both_at(demo: &Demo, id: &str, hands: Hands, mia: &Browser, bo: &Browser) {
    for (browser, name) in [(mia, "Mia Okafor"), (bo, "Bo Chen")] {
        demo.open_as(browser, hands, name).await;
        browser.open(&demo.at(&format!("/requests/{id}"))).await;
        browser.find(APPROVE).await;
    }
}

#[tokio::test]
async fn the_second_window_is_told_before_it_can_click() {
    driver::with_several(|driver| async move {
        let demo = Demo::start().await;
        let (mia, bo) = (driver.browser(Scripts::On).await, driver.browser(Scripts::On).await);
        bo.on(PHONE).await;
        // Ana has said yes: one voice more, and it is done.
        for (browser, name) in [(&mia, "Mia Okafor"), (&bo, "Bo Chen")] {
            demo.open_as(browser, Hands::Pointer, name).await;
            demo.find(browser, Hands::Pointer, "waiting", "Fabrikam").await;
            browser.find(APPROVE).await;
        }
        bo.run("window.unchanged = true").await;
        mia.press(APPROVE).await;
        bo.sees_that("document.querySelector('#news').textContent.trim() !== ''").await;
        bo.sees("Nothing is left to decide").await;
        bo.sees("Mia Okafor approved revision 1").await;
        assert!(!bo.has("[data-decides]").await, "there is nothing to press any more");
        assert_eq!(bo.run("return window.unchanged === true").await, json!(true), "the page was not loaded again");
        bo.fits().await;
        mia.sees("Nothing is left to decide").await;
    })
    .await;
}

#[tokio::test]
async fn a_voice_that_is_not_the_last_is_told_and_the_other_may_still_decide() {
    driver::with_several(|driver| async move {
        let demo = Demo::start().await;
        let (mia, bo) = (driver.browser(Scripts::On).await, driver.browser(Scripts::On).await);
        let id = demo.submit("12500.00 USD", "ACME").await;
        both_at(&demo, &id, Hands::Pointer, &mia, &bo).await;
        bo.type_into("#comment", "it is in the budget").await;
        mia.press(APPROVE).await;
        bo.sees("1 of 2 said yes").await;
        bo.sees("Mia Okafor approved revision 1").await;
        assert_eq!(bo.run("return document.querySelector('#comment').value").await, "it is in the budget", "what was typed stays");
        bo.press(APPROVE).await;
        bo.sees("Nothing is left to decide").await;
        assert_eq!(demo.request(&id).await["status"], "approved");
    })
    .await;
}

/// The second presses what they were shown before the first decided.
async fn is_late(hands: Hands, screen: (u32, u32)) {
    driver::with_several(|driver| async move {
        let demo = Demo::start().await;
        let (mia, bo) = (driver.browser(Scripts::Off).await, driver.browser(Scripts::Off).await);
        bo.on(screen).await;
        let id = demo.submit("12500.00 USD", "ACME").await;
        both_at(&demo, &id, hands, &mia, &bo).await;
        mia.type_into("#comment", "there is no budget for it").await;
        mia.press("form[data-decides] button[value=reject]").await;
        mia.sees("Nothing is left to decide").await;
        hands.press(&bo, APPROVE).await;
        bo.sees("Nothing is left to decide").await;
        bo.fits().await;
        let record = bo.text("#record").await;
        assert!(record.contains("Mia Okafor rejected") && !record.contains("Bo Chen approved"), "{record}");
        assert_eq!(demo.request(&id).await["status"], "rejected");
    })
    .await;
}

#[tokio::test]
async fn without_scripts_a_late_click_decides_nothing_and_says_what_became_of_it() {
    is_late(Hands::Pointer, PHONE).await;
}

#[tokio::test]
async fn with_the_keyboard_alone_a_late_press_decides_nothing_and_says_what_became_of_it() {
    is_late(Hands::Keyboard, DESK).await;
}

#[tokio::test]
async fn a_new_request_appears_in_an_open_inbox_without_a_reload() {
    driver::with(|mia| async move {
        let demo = Demo::start().await;
        demo.open_as(&mia, Hands::Pointer, "Mia Okafor").await;
        mia.run("window.unchanged = true").await;
        demo.submit("12500.00 USD", "ACME").await;
        mia.sees("ACME").await;
        assert_eq!(mia.run("return window.unchanged === true").await, json!(true), "the page was not loaded again");
    })
    .await;
}
