//! From the first command, as a new user would: approve as the sample manager, see the payment, find the record; be
//! refused on one's own. With a pointer and with the keyboard alone, with scripts and without, on a desk and on a phone.

use crate::demo::Demo;
use crate::driver::{self, Scripts};
use crate::hands::Hands;
use crate::screen::{DESK, PHONE};
use serde_json::json;

/// Approves what Ana approved before, sees it paid, and finds what the record says.
async fn approves(hands: Hands, scripts: Scripts, screen: (u32, u32)) {
    driver::with_several(|driver| async move {
        let (demo, mia) = (Demo::start().await, driver.browser(scripts).await);
        mia.on(screen).await;
        demo.open_as(&mia, hands, "Mia Okafor").await;
        assert_eq!(mia.run("return window.countersign !== undefined").await, json!(scripts == Scripts::On));
        mia.fits().await;
        demo.find(&mia, hands, "waiting", "Fabrikam").await;
        mia.sees("46,750.00 USD").await;
        mia.sees("1 of 2 said yes").await;
        mia.fits().await;
        assert_eq!(mia.run("return document.activeElement === document.body").await, json!(true), "nothing is focused by itself");
        let id = mia.run("return location.pathname.split('/')[2]").await.as_str().unwrap().to_owned();
        hands.press(&mia, "form[data-decides] button[value=approve]").await;
        mia.sees("Nothing is left to decide").await;
        mia.fits().await;

        mia.sees_at(&demo.payments, "Fabrikam Lasers").await;
        mia.fits().await;
        mia.open(&demo.base).await;
        demo.find(&mia, hands, "done", "Fabrikam").await;
        mia.sees("Mia Okafor approved revision 1").await;
        mia.sees_at(&demo.at(&format!("/requests/{id}")), "succeeded").await;
        assert_eq!(mia.text("#top .badge").await, "Approved");
    })
    .await;
}

#[tokio::test]
async fn a_manager_approves_with_a_pointer_at_a_desk() {
    approves(Hands::Pointer, Scripts::On, DESK).await;
}

#[tokio::test]
async fn a_manager_approves_with_a_pointer_on_a_phone_without_scripts() {
    approves(Hands::Pointer, Scripts::Off, PHONE).await;
}

#[tokio::test]
async fn a_manager_approves_with_the_keyboard_alone() {
    approves(Hands::Keyboard, Scripts::On, DESK).await;
}

#[tokio::test]
async fn a_manager_approves_with_the_keyboard_alone_without_scripts() {
    approves(Hands::Keyboard, Scripts::Off, DESK).await;
}

/// Looks for the buttons on a request of one's own, and sends what they would send.
async fn is_refused(hands: Hands, scripts: Scripts, screen: (u32, u32)) {
    driver::with_several(|driver| async move {
        let (demo, leo) = (Demo::start().await, driver.browser(scripts).await);
        leo.on(screen).await;
        demo.open_as(&leo, hands, "Leo Park").await;
        demo.find(&leo, hands, "mine", "Fabrikam").await;
        leo.sees("Nobody decides their own request").await;
        leo.fits().await;
        assert!(!leo.has("[data-decides]").await, "there is nothing to press");
        // The form as an approver has it, in the page of somebody who may not.
        let id = leo.run("return location.pathname.split('/')[2]").await.as_str().unwrap().to_owned();
        let forged = "const form = document.createElement('form'); form.method = 'post'; form.action = location.pathname + '/decide'; \
                      const token = document.querySelector('input[name=token]').value; \
                      for (const [name, value] of [['token', token], ['revision', '1'], ['decision', 'approve']]) \
                          form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value })); \
                      form.append(Object.assign(document.createElement('button'), { id: 'forged', textContent: 'Approve' })); \
                      document.querySelector('main').prepend(form)";
        leo.run(forged).await;
        hands.press(&leo, "#forged").await;
        leo.sees("Nothing was changed").await;
        leo.open(&demo.at(&format!("/requests/{id}"))).await;
        assert_eq!(leo.text("#top .badge").await, "Pending");
    })
    .await;
}

#[tokio::test]
async fn a_requester_is_refused_on_their_own() {
    is_refused(Hands::Pointer, Scripts::On, DESK).await;
}

#[tokio::test]
async fn a_requester_is_refused_on_their_own_with_the_keyboard_on_a_phone_without_scripts() {
    is_refused(Hands::Keyboard, Scripts::Off, PHONE).await;
}

#[tokio::test]
async fn keys_open_a_confirm_with_the_facts_and_none_of_them_decides_alone() {
    driver::with(|mia| async move {
        let demo = Demo::start().await;
        demo.open_as(&mia, Hands::Keyboard, "Mia Okafor").await;
        let id = demo.submit("12500.00 USD", "ACME").await;
        mia.sees("ACME").await;
        mia.strike("/").await;
        mia.strike("acme\u{e007}").await;
        mia.sees_that("location.search.includes('q=acme') && document.readyState === 'complete'").await;
        mia.strike("j").await;
        mia.strike("a").await;
        mia.sees("Approve this?").await;
        assert!(mia.text("dialog[data-confirms]").await.contains("12,500.00 USD"), "the facts stand in the confirm");
        assert_eq!(demo.request(&id).await["stages"][0]["decisions"].as_array().map_or(0, Vec::len), 0, "a key alone decides nothing");
        mia.strike("\u{e00c}").await;
        mia.sees_that("document.querySelector('dialog[data-confirms]') === null").await;
        mia.strike("j").await;
        mia.strike("a").await;
        mia.sees("Approve this?").await;
        mia.strike("\u{e007}").await;
        mia.sees_that("location.pathname === '/' && location.search === ''").await;
        mia.open(&demo.at(&format!("/requests/{id}"))).await;
        mia.sees("Mia Okafor approved revision 1").await;
        mia.sees("1 of 2 said yes").await;
    })
    .await;
}
