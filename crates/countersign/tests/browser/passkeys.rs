//! Passkeys, with a device that Chromium plays: enrolled, signing in, signing approvals; and nothing else passes.

use crate::accessible::check;
use crate::driver::{self, Browser};
use crate::site::Site;
use crate::verifier::verify;
use countersign_core::canonical::{Digest, canonical};
use reqwest::Method;
use serde_json::{Value, json};

/// In the page: has the device answer a question, and gives the answer as our API takes it.
const ANSWER: &str = "
    const unpack = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
    const pack = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
    const asked = given[0].publicKey;
    const publicKey = { ...asked, challenge: unpack(asked.challenge),
        allowCredentials: asked.allowCredentials.map((known) => ({ ...known, id: unpack(known.id) })) };
    const made = await navigator.credentials.get({ publicKey }), said = made.response;
    return { id: made.id, rawId: pack(made.rawId), type: made.type, extensions: {}, response: {
        authenticatorData: pack(said.authenticatorData), clientDataJSON: pack(said.clientDataJSON), signature: pack(said.signature),
        userHandle: said.userHandle ? pack(said.userHandle) : null } };";

/// Signs a person in and enrols a passkey of theirs through the page.
async fn enrol(site: &Site, browser: &Browser, person: &str, name: &str) {
    site.sign_in(browser, person).await;
    browser.open(&site.at("/me/passkeys")).await;
    browser.sees("You have no passkey yet.").await;
    browser.type_into("form[data-passkey=enrol] input[name=name]", name).await;
    browser.press("form[data-passkey=enrol] button[type=submit]").await;
    browser.sees(&format!("Remove {name}")).await;
}

/// Asks for a signature of this decision; the whole question.
async fn ask(site: &Site, who: &str, id: &str, decision: &str) -> Value {
    site.post(&format!("/v1/requests/{id}/passkey"), who, json!({ "decision": decision, "revision": 1 })).await.ok()
}

async fn answer(browser: &Browser, question: &Value) -> Value {
    browser.call(ANSWER, vec![question["options"].clone()]).await
}

fn signed(decision: &str, question: &Value, credential: &Value) -> Value {
    json!({ "decision": decision, "revision": 1, "passkey": { "ceremony": question["ceremony"], "credential": credential } })
}

fn decisions(id: &str) -> String {
    format!("/v1/requests/{id}/decisions")
}

#[tokio::test]
async fn a_passkey_is_enrolled_signs_in_and_signs_an_approval_that_others_can_verify() {
    driver::with(|browser| async move {
        let site = Site::start().await;
        browser.add_authenticator().await;
        enrol(&site, &browser, "ana", "Blue key").await;
        browser.picture("passkeys").await;
        check(&browser, "passkeys").await;
        browser.press("header form[action='/logout'] button").await;
        browser.sees("You are signed out").await;
        browser.open(&site.at("/login")).await;
        browser.picture("sign-in-with-a-passkey").await;
        browser.press("form[data-passkey=enter] button").await;
        browser.is_at("/").await;
        browser.sees("Ana Costa").await;

        let id = site.submit("the crown").await;
        browser.open(&site.at(&format!("/requests/{id}"))).await;
        browser.press("button[name=decision][value=approve]").await;
        browser.sees("Sign your approval").await;
        browser.sees("the crown").await;
        let page = browser.text("main").await;
        browser.type_into("form[data-passkey=decide] textarea", "I have seen it").await;
        browser.picture("sign-an-approval").await;
        check(&browser, "the signature of an approval").await;
        browser.press("form[data-passkey=decide] button[type=submit]").await;
        browser.is_at(&format!("/requests/{id}")).await;

        browser.sees("signed with a passkey").await;
        let leo = site.cookie("leo").await;
        let request = site.get(&format!("/v1/requests/{id}"), &leo).await.ok();
        assert_eq!(request["status"], "approved");
        assert_eq!(request["stages"][0]["require"], "passkey");
        let digest = request["payload_digest"].as_str().unwrap();
        assert!(page.contains(&digest["sha256:".len()..][..16]), "the digest's first characters are not on the page: {page}");
        verified_elsewhere(&site, &id, &leo, digest).await;
    })
    .await;
}

/// The assertion of the record, in the hands of another library.
async fn verified_elsewhere(site: &Site, id: &str, who: &str, digest: &str) {
    let page = site.get(&format!("/v1/requests/{id}/assertions"), who).await.ok();
    let assertion = &page["items"][0];
    let statement: Value = serde_json::from_str(assertion["statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["request"], id);
    assert_eq!(statement["payload_digest"], digest);
    assert_eq!(statement["person"], "ana");
    assert_eq!(statement["decision"], "approve");
    assert_eq!(canonical(&statement), assertion["statement"].as_str().unwrap());
    assert_eq!(Digest::of(canonical(&statement).as_bytes()).to_string(), assertion["challenge"].as_str().unwrap());
    let question = |assertion: &Value| json!({ "assertion": assertion, "origin": site.base, "rpID": "localhost" });
    assert_eq!(verify(&question(assertion)).await.unwrap()["userVerified"], true);

    let mut altered = assertion.clone();
    altered["statement"] = altered["statement"].as_str().unwrap().replace("\"revision\":1", "\"revision\":2").into();
    assert!(verify(&question(&altered)).await.unwrap_err().contains("challenge"), "another statement must not verify");
    let mut forged = assertion.clone();
    forged["authenticator_data"] = format!("A{}", &forged["authenticator_data"].as_str().unwrap()[1..]).into();
    assert!(verify(&question(&forged)).await.is_err(), "other words of the authenticator must not verify");
}

#[tokio::test]
async fn nothing_but_the_persons_passkey_over_this_very_decision_passes_the_stage() {
    driver::with(|browser| async move {
        let site = Site::start().await;
        browser.add_authenticator().await;
        enrol(&site, &browser, "ana", "Blue key").await;
        let (ana, id, other) = (site.cookie("ana").await, site.submit("the crown").await, site.submit("the sceptre").await);
        let approve = json!({ "decision": "approve", "revision": 1 });
        let required = (403, "passkey_required");

        // A session, a terminal, a key, a relay: none of them signs.
        assert_eq!(site.post(&decisions(&id), &ana, approve.clone()).await.problem(), required);
        assert_eq!(site.post(&decisions(&id), &site.terminal("ana").await, approve.clone()).await.problem(), required);
        let relay = site.key(&["decide:on-behalf"]).await;
        let relayed = json!({ "decision": "approve", "revision": 1, "person": "ana" });
        assert_eq!(site.post(&decisions(&id), &relay, relayed.clone()).await.problem(), required);
        assert_eq!(site.post(&decisions(&id), &site.key(&["read:all"]).await, approve.clone()).await.problem(), (403, "forbidden"));

        // A signature for another request, another decision, another question.
        let (here, there, no) =
            (ask(&site, &ana, &id, "approve").await, ask(&site, &ana, &other, "approve").await, ask(&site, &ana, &id, "reject").await);
        let (for_here, for_there, for_no) = (answer(&browser, &here).await, answer(&browser, &there).await, answer(&browser, &no).await);
        assert_eq!(site.post(&decisions(&id), &ana, signed("approve", &there, &for_there)).await.problem(), (403, "passkey_mismatch"));
        assert_eq!(site.post(&decisions(&id), &ana, signed("approve", &no, &for_no)).await.problem(), (403, "passkey_mismatch"));
        let again = ask(&site, &ana, &id, "approve").await;
        assert_eq!(site.post(&decisions(&id), &ana, signed("approve", &again, &for_here)).await.problem(), (403, "passkey_refused"));

        // A terminal and a relay with a genuine signature.
        let mut through_relay = signed("approve", &here, &for_here);
        through_relay["person"] = "ana".into();
        assert_eq!(site.post(&decisions(&id), &relay, through_relay).await.problem(), (403, "forbidden"));
        let terminal = site.terminal("ana").await;
        assert_eq!(site.post(&decisions(&id), &terminal, signed("approve", &here, &for_here)).await.problem(), (403, "forbidden"));

        // Nothing of it counted; the genuine one does, once.
        assert_eq!(site.get(&format!("/v1/requests/{id}"), &ana).await.ok()["stages"][0]["approved_by"], json!([]));
        let done = site.post(&decisions(&id), &ana, signed("approve", &here, &for_here)).await.ok();
        assert_eq!(done["status"], "approved");
        assert_eq!(site.post(&decisions(&id), &ana, signed("approve", &here, &for_here)).await.problem(), (410, "passkey_late"));
        let replayed = site.post(&decisions(&other), &ana, signed("approve", &here, &for_here)).await;
        assert_eq!(replayed.problem(), (410, "passkey_late"));
    })
    .await;
}

#[tokio::test]
async fn another_persons_passkey_and_another_revision_are_refused() {
    driver::with(|browser| async move {
        let site = Site::start().await;
        browser.add_authenticator().await;
        enrol(&site, &browser, "ana", "Ana's").await;
        enrol(&site, &browser, "bo", "Bo's").await;
        let (ana, bo, id) = (site.cookie("ana").await, site.cookie("bo").await, site.submit("the crown").await);

        // Bo is asked; Ana's passkey answers his question.
        let mut for_bo = ask(&site, &bo, &id, "approve").await;
        let ours = ask(&site, &ana, &id, "approve").await;
        for_bo["options"]["publicKey"]["allowCredentials"] = ours["options"]["publicKey"]["allowCredentials"].clone();
        let by_ana = answer(&browser, &for_bo).await;
        assert_eq!(site.post(&decisions(&id), &bo, signed("approve", &for_bo, &by_ana)).await.problem(), (403, "passkey_refused"));

        // Bo carries Ana's question and answer under his own session.
        let genuine = answer(&browser, &ours).await;
        assert_eq!(site.post(&decisions(&id), &bo, signed("approve", &ours, &genuine)).await.problem(), (410, "passkey_late"));

        // The request is changed between the question and the answer.
        let before = ask(&site, &ana, &id, "approve").await;
        let answered = answer(&browser, &before).await;
        let leo = site.cookie("leo").await;
        site.post(&format!("/v1/requests/{id}/revisions"), &leo, json!({ "payload": { "what": "the sceptre" } })).await.ok();
        assert_eq!(site.post(&decisions(&id), &ana, signed("approve", &before, &answered)).await.problem(), (409, "stale_revision"));
        let mut claimed = signed("approve", &before, &answered);
        claimed["revision"] = 2.into();
        assert_eq!(site.post(&decisions(&id), &ana, claimed).await.problem(), (410, "passkey_late"));

        // Nobody enrols at a foreign or keyed door, nobody removes another's, but an admin may.
        let path = "/v1/passkeys";
        let key = site.key(&["read:all"]).await;
        assert_eq!(site.get(path, &key).await.problem(), (403, "forbidden"));
        assert_eq!(site.get(&format!("{path}?person=ana"), &bo).await.problem(), (403, "forbidden"));
        let anas = site.get(path, &ana).await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(site.send(Method::DELETE, &format!("{path}/{anas}"), Some(&bo), None).await.problem(), (404, "unknown_passkey"));
        let ada = site.cookie("ada").await;
        site.send(Method::DELETE, &format!("{path}/{anas}?person=ana"), Some(&ada), None).await.ok();
        let ask = json!({ "decision": "approve", "revision": 2 });
        assert_eq!(site.post(&format!("/v1/requests/{id}/passkey"), &ana, ask).await.problem(), (409, "no_passkey"));
        let unasked = site.post(&format!("/v1/requests/{id}/passkey"), &leo, json!({ "decision": "approve", "revision": 2 })).await;
        assert_eq!(unasked.problem(), (403, "own_request"));
    })
    .await;
}

#[tokio::test]
async fn a_passkey_whose_counter_goes_back_is_refused_from_then_on() {
    driver::with(|browser| async move {
        let site = Site::start().await;
        let device = browser.add_authenticator().await;
        enrol(&site, &browser, "ana", "Blue key").await;
        let sign_in = async || {
            let question = site.send(Method::POST, "/v1/passkeys/challenge", None, Some(json!({}))).await.ok();
            let credential = answer(&browser, &question).await;
            site.send(Method::POST, "/v1/passkeys/sign-in", None, Some(json!({ "ceremony": question["ceremony"], "credential": credential }))).await
        };
        for _ in 0..3 {
            let said = sign_in().await;
            let cookie = said.cookie.clone().expect("a session should come");
            assert_eq!(site.get("/v1/me", &cookie).await.ok()["id"], said.ok()["person"]);
        }
        let copy = browser.credentials(&device).await.remove(0);
        let ahead = copy["signCount"].as_u64().unwrap();
        assert!(ahead > 2, "the device should count: {copy}");
        let mut behind = copy;
        behind["signCount"] = 1.into();
        browser.replace_credential(&device, behind.clone()).await;
        assert_eq!(sign_in().await.problem(), (403, "passkey_suspected"));
        behind["signCount"] = 1000.into();
        browser.replace_credential(&device, behind).await;
        assert_eq!(sign_in().await.problem(), (403, "passkey_suspected"), "a suspected passkey stays refused");
        browser.open(&site.at("/me/passkeys")).await;
        browser.sees("counter went back").await;
        browser.press("form[action$='/remove'] button").await;
        browser.sees("You have no passkey yet.").await;
        assert_eq!(sign_in().await.problem(), (403, "passkey_refused"), "a removed passkey signs nobody in");
    })
    .await;
}
