//! Signing in at identity providers: real ones, and one that lies.

use crate::harness::{Browser, Page, WithProviders};
use serde_json::json;

/// People whom accounts may mean: addresses for some, a listed subject for one.
const MORE: &str = r#"
[[person]]
id = "mona"
name = "Mona Stone"
email = "mia@example.com"

[[person]]
id = "lea"
name = "Lea Park"
subjects = ["alpha:leo-1"]

[[person]]
id = "costa"
name = "Ana Costa"
email = "ana@example.com"

[[person]]
id = "past"
name = "Past Max"
email = "max@example.com"
active = false
"#;

async fn name(browser: &Browser) -> Option<String> {
    let page = browser.get("/me/sessions").await;
    page.text.split("class=\"who-name\"").nth(1).map(|rest| rest.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned())
}

#[track_caller]
fn refused(page: &Page) {
    told(page, 403, "signin_refused");
}

/// Holds that the page says this code, with a link to what it means.
#[track_caller]
fn told(page: &Page, status: u16, code: &str) {
    let names = format!("<a href=\"/errors/{code}\"><code>{code}</code></a>");
    assert!(page.status == status && page.text.contains(&names), "{} {}", page.status, page.text);
}

#[tokio::test]
async fn a_listed_subject_signs_in_and_goes_on_to_the_page_it_wanted() {
    let site = WithProviders::start(MORE).await;
    let browser = site.browser();
    let stopped = browser.get("/me/sessions?x=1").await;
    assert!(stopped.status == 401 && stopped.text.contains("Sign in with alpha accounts"), "{}", stopped.text);
    let start = stopped.link("/login/with/alpha");
    let callback = browser.to_callback(&start, "leo-1").await;
    let entered = browser.get(&callback).await;
    assert_eq!((entered.status, entered.location.as_deref()), (303, Some(format!("{}/me/sessions?x=1", site.harness.base).as_str())));
    assert_eq!(name(&browser).await.as_deref(), Some("Lea Park"));
    let sessions = browser.get("/me/sessions").await;
    assert!(sessions.text.contains("by alpha"), "{}", sessions.text);
    assert_eq!(browser.cookie("countersign-signin"), None, "what bound the way back is gone");
}

#[tokio::test]
async fn a_verified_address_joins_once_and_only_where_the_provider_is_trusted() {
    let site = WithProviders::start(MORE).await;
    let browser = site.browser();
    assert_eq!(browser.sign_in("alpha", "mia-1").await.status, 303);
    assert_eq!(name(&browser).await.as_deref(), Some("Mona Stone"));
    let recycled = site.browser();
    refused(&recycled.sign_in("alpha", "mia-2").await);
    assert_eq!(name(&recycled).await, None, "the same address, given to another account there, is somebody else");
    for (provider, account) in [("beta", "look-alike"), ("alpha", "unverified"), ("alpha", "gone-1"), ("alpha", "nobody"), ("beta", "m.stone")] {
        let browser = site.browser();
        let page = browser.sign_in(provider, account).await;
        refused(&page);
        assert!(page.text.contains("nothing was made") && page.text.contains(account), "{provider} {account}: {}", page.text);
        assert_eq!((name(&browser).await, browser.cookie("countersign")), (None, None), "{provider} {account}");
    }
    let again = site.browser();
    assert_eq!(again.sign_in("alpha", "mia-1").await.status, 303);
    assert_eq!(name(&again).await.as_deref(), Some("Mona Stone"));
}

#[tokio::test]
async fn an_account_that_leads_to_nobody_is_closed_after_ten_attempts() {
    let site = WithProviders::start(MORE).await;
    for _ in 0..10 {
        refused(&site.browser().sign_in("alpha", "nobody").await);
    }
    let closed = site.browser().sign_in("alpha", "nobody").await;
    assert!(closed.status == 429 && closed.text.contains("Too many attempts"), "{} {}", closed.status, closed.text);
    assert_eq!(site.browser().sign_in("alpha", "mia-1").await.status, 303, "another account is open");
}

/// Adds the account to whoever is signed in in this browser; the answer of the callback.
async fn add(browser: &Browser, provider: &str, account: &str) -> Page {
    let page = browser.get("/me/sign-ins").await;
    let ready = browser.press(&format!("/me/sign-ins/add/{provider}"), &format!("token={}", page.token())).await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let callback = browser.to_callback(&ready.link("http"), account).await;
    browser.get(&callback).await
}

#[tokio::test]
async fn two_accounts_of_one_human_are_one_person_and_one_voice() {
    let site = WithProviders::start(MORE).await;
    let harness = &site.harness;
    let browser = site.browser();
    browser.plant("countersign", harness.cookie("ana").await.split_once('=').unwrap().1);
    assert_eq!(add(&browser, "alpha", "nobody").await.status, 303);
    assert_eq!(add(&browser, "beta", "m.stone").await.status, 303);
    let list = browser.get("/me/sign-ins").await;
    assert!(list.text.contains("nobody@example.com") && list.text.contains("stone@other.example"), "{}", list.text);

    let id = harness.submit("50000 USD").await;
    for (provider, account) in [("alpha", "nobody"), ("beta", "m.stone")] {
        let browser = site.browser();
        assert_eq!(browser.sign_in(provider, account).await.status, 303);
        let page = browser.get(&format!("/requests/{id}")).await;
        assert!(page.text.contains("Ana Costa"), "{}", page.text);
        let form = format!("token={}&revision=1&decision=approve&comment=", page.token());
        assert_eq!(browser.press(&format!("/requests/{id}/decide"), &form).await.status, 303);
    }
    let request = harness.person("olga").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert_eq!((&request["status"], &request["stages"][0]["approved_by"]), (&json!("pending"), &json!(["ana"])), "one voice of two");

    let thief = site.browser();
    thief.plant("countersign", harness.cookie("zoe").await.split_once('=').unwrap().1);
    let taken = add(&thief, "beta", "m.stone").await;
    refused(&taken);
    assert!(taken.text.contains("somebody else"), "one account is one person: {}", taken.text);
    refused(&site.browser().sign_in("beta", "look-alike").await);

    let page = browser.get("/me/sign-ins").await;
    let line = page.text.split("<li ").find(|line| line.contains("stone@other.example")).unwrap();
    let remove = line.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    told(&thief.press(&remove, &format!("token={}", thief.get("/me/sign-ins").await.token())).await, 404, "unknown_signin");
    assert_eq!(browser.press(&remove, &format!("token={}", page.token())).await.status, 303);
    refused(&site.browser().sign_in("beta", "m.stone").await);
}

#[tokio::test]
async fn the_way_back_counts_once_and_in_the_browser_that_set_out() {
    let site = WithProviders::start(MORE).await;
    let (victim, attacker) = (site.browser(), site.browser());
    let callback = attacker.to_callback("/login/with/alpha", "leo-1").await;
    refused(&victim.get(&callback).await);
    let own = victim.get("/login/with/alpha").await;
    assert!(own.location.unwrap().contains("code_challenge_method=S256"));
    refused(&victim.get(&callback).await);
    assert_eq!(name(&victim).await, None, "nobody is signed in as the attacker");

    let sealed = attacker.cookie("countersign-signin").unwrap();
    let altered = callback.replace("state=", "state=x");
    refused(&attacker.get(&altered).await);
    attacker.plant("countersign-signin", &sealed);
    assert_eq!(attacker.get(&callback).await.status, 303);
    attacker.plant("countersign-signin", &sealed);
    refused(&attacker.get(&callback).await);

    let other = site.browser();
    let callback = other.to_callback("/login/with/alpha", "leo-1").await;
    refused(&other.get(&callback.replace("/with/alpha/", "/with/beta/")).await);
    told(&other.get("/login/with/nowhere").await, 404, "unknown_signin");
    told(&other.get("/login/with/nowhere/callback?code=x&state=y").await, 404, "unknown_signin");
}

#[tokio::test]
async fn a_code_that_was_redeemed_is_redeemed_no_more() {
    let site = WithProviders::start(MORE).await;
    let (first, second) = (site.browser(), site.browser());
    let callback = first.to_callback("/login/with/alpha", "leo-1").await;
    assert_eq!(first.get(&callback).await.status, 303);
    let code = callback.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let own = second.get("/login/with/alpha").await.location.unwrap();
    let state = own.split("state=").nth(1).unwrap().split('&').next().unwrap();
    refused(&second.get(&format!("/login/with/alpha/callback?code={code}&state={state}")).await);
    assert_eq!(name(&second).await, None);
}

/// Comes back from the crooked provider with this code.
async fn crooked(site: &WithProviders, code: &str, more: &str) -> (Page, Browser) {
    let browser = site.browser();
    let away = browser.get("/login/with/liar").await.location.unwrap();
    browser.get(&away).await;
    let state = away.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let page = browser.get(&format!("/login/with/liar/callback?code={code}&state={state}{more}")).await;
    (page, browser)
}

#[tokio::test]
async fn a_token_that_proves_nothing_signs_nobody_in() {
    let site = WithProviders::start("[[person]]\nid = \"lia\"\nname = \"Lia\"\nsubjects = [\"liar:mia-1\"]\n").await;
    let (page, browser) = crooked(&site, "good", "").await;
    assert_eq!((page.status, name(&browser).await.as_deref()), (303, Some("Lia")), "{}", page.text);
    let faults = [
        "wrong-nonce",
        "no-nonce",
        "wrong-audience",
        "more-audiences",
        "wrong-issuer",
        "expired",
        "other-key",
        "unsigned",
        "shared-secret",
        "other-access-token",
        "long-subject",
    ];
    for fault in faults {
        let (page, browser) = crooked(&site, fault, "").await;
        assert_eq!((page.status, name(&browser).await), (403, None), "{fault}: {}", page.text);
    }
    for fault in ["huge", "redirect"] {
        let (page, browser) = crooked(&site, fault, "").await;
        assert!([403, 502].contains(&page.status) && name(&browser).await.is_none(), "{fault}: {} {}", page.status, page.text);
    }
    let (page, _) = crooked(&site, "good", "&iss=https%3A%2F%2Fanother.example").await;
    refused(&page);
    let (page, _) = crooked(&site, "good", "&error=access_denied&error_description=%3Cscript%3E").await;
    assert!(page.status == 403 && !page.text.contains("<script>"), "{}", page.text);
}

#[tokio::test]
async fn groups_follow_the_claim_of_the_last_sign_in() {
    let site = WithProviders::start(MORE).await;
    let finance = async || site.harness.person("olga").await.get("/v1/groups").await.ok()["items"].to_string();
    assert!(!finance().await.contains("mona"));
    assert_eq!(site.browser().sign_in("alpha", "mia-1").await.status, 303);
    assert!(finance().await.contains("mona"));
    let id = site.harness.submit("50000 USD").await;
    let request = site.harness.person("olga").await.get(&format!("/v1/requests/{id}")).await.ok();
    assert!(request["stages"][0]["approvers"].to_string().contains("mona"), "{request}");
    site.change("alpha", "mia-1", json!({ "groups": ["unheard-of"] })).await;
    assert_eq!(site.browser().sign_in("alpha", "mia-1").await.status, 303);
    assert!(!finance().await.contains("mona"));
    let decided = site.harness.decide("mona", &id, "approve").await;
    assert_eq!(decided.problem(), (403, "not_an_approver"), "whoever left the group decides no more");
}

#[tokio::test]
async fn a_sign_in_never_leads_to_another_host() {
    let site = WithProviders::start(MORE).await;
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example", "/%0d%0aset-cookie:x=1", "/%09/evil.example"] {
        let browser = site.browser();
        let callback = browser.to_callback(&format!("/login/with/alpha?next={evil}"), "leo-1").await;
        let entered = browser.get(&callback).await;
        assert_eq!(entered.location.as_deref(), Some(format!("{}/", site.harness.base).as_str()), "{evil}");
        assert_eq!(browser.cookie("x"), None);
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_said_so() {
    let site = WithProviders::start("").await;
    drop(site.peer);
    let browser = Browser::new(&site.harness.base);
    let page = browser.get("/login/with/alpha").await;
    told(&page, 502, "signin_unreachable");
    assert!(page.text.contains("did not answer"), "{}", page.text);
}
