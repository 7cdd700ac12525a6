//! What the pages look like: pictures in `target/screenshots` on each run, of which some are chosen for the manual.

use crate::demo::Demo;
use crate::driver;
use crate::hands::Hands;
use crate::screen::{DESK, PHONE, Theme};

#[tokio::test]
async fn pictures_of_the_pages_are_kept() {
    driver::with(|browser| async move {
        let demo = Demo::start().await;
        demo.submit("12500.00 USD", "ACME").await;
        browser.on(DESK).await;
        browser.in_light(Theme::Light).await;
        demo.open_as(&browser, Hands::Pointer, "Mia Okafor").await;
        browser.sees("ACME").await;
        browser.picture("inbox").await;
        browser.in_light(Theme::Dark).await;
        browser.picture("inbox-dark").await;
        browser.in_light(Theme::Light).await;
        browser.strike("j").await;
        browser.strike("a").await;
        browser.sees_that("document.querySelector('dialog[data-confirms]')?.open").await;
        browser.picture("confirm").await;
        browser.strike("\u{e00c}").await;
        browser.on(PHONE).await;
        browser.open(&demo.base).await;
        browser.picture("inbox-phone").await;
        demo.find(&browser, Hands::Pointer, "waiting", "Fabrikam").await;
        browser.picture("request-phone").await;
        browser.on(DESK).await;
        browser.picture("request").await;
        browser.in_light(Theme::Dark).await;
        browser.picture("request-dark").await;
        browser.in_light(Theme::Light).await;
        browser.press("form[data-decides] button[value=approve]").await;
        browser.sees("Nothing is left to decide").await;
        browser.picture("request-approved").await;
        browser.sees_at(&demo.payments, "Fabrikam").await;
        browser.picture("payments").await;
    })
    .await;
}
