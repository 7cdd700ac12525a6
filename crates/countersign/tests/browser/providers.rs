//! Sign-in at identity providers, in the browser: the listed account, a second account of the same human after linking it,
//! and a look-alike.

use crate::accessible::check;
use crate::driver::{self, Browser, Scripts};
use crate::peers::Peer;
use crate::site::Site;
use tokio::net::TcpListener;

/// A site with two honest providers.
struct WithProviders {
    site: Site,
    _peer: Peer,
    _secret: tempfile::NamedTempFile,
}

async fn start() -> WithProviders {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let peer = tokio::task::spawn_blocking(move || Peer::start("provider.mjs", &[&base])).await.unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), peer.said["client"]["secret"].as_str().unwrap()).unwrap();
    let one = |id: &str| {
        let (issuer, secret) = (peer.said[id].as_str().unwrap(), secret.path().display());
        format!(
            "[[provider]]\nid = \"{id}\"\nname = \"{id} accounts\"\nissuer = \"{issuer}\"\nclient_id = \"countersign\"\nclient_secret = \"file:{secret}\"\n"
        )
    };
    let more = ["[webhooks]\nallow_networks = [\"127.0.0.0/8\"]\n", &one("alpha"), &one("beta")].concat();
    WithProviders { site: Site::start_on(listener, &more).await, _peer: peer, _secret: secret }
}

/// Signs in at the provider's own page.
async fn as_account(browser: &Browser, account: &str) {
    browser.type_into("input[name=account]", account).await;
    browser.press("button").await;
}

#[tokio::test]
async fn a_human_with_two_accounts_is_one_person_and_a_look_alike_is_nobody() {
    driver::with_several(|driver| async move {
        let with = start().await;
        let (site, ana) = (&with.site, driver.browser(Scripts::On).await);
        site.sign_in(&ana, "ana").await;
        for (provider, account, shown) in [("alpha", "nobody", "nobody@example.com"), ("beta", "m.stone", "stone@other.example")] {
            ana.open(&site.at("/me/sign-ins")).await;
            ana.press(&format!("form[action='/me/sign-ins/add/{provider}'] button")).await;
            ana.is_at(&format!("/me/sign-ins/add/{provider}")).await;
            ana.sees("Continue").await;
            ana.press("main a.button").await;
            as_account(&ana, account).await;
            ana.is_at("/me/sign-ins").await;
            ana.sees(shown).await;
        }
        check(&ana, "sign-ins").await;
        ana.picture("sign-ins").await;

        for (provider, account) in [("alpha", "nobody"), ("beta", "m.stone")] {
            // Without scripts too: it is all links and forms.
            let again = driver.browser(if provider == "alpha" { Scripts::On } else { Scripts::Off }).await;
            again.open(&site.at("/login?next=/me/sessions")).await;
            again.press(&format!("a[href*='/login/with/{provider}']")).await;
            as_account(&again, account).await;
            again.sees("Sign out").await;
            assert_eq!(again.text(".who-name").await, "Ana Costa");
        }
        let other = driver.browser(Scripts::On).await;
        other.open(&site.at("/me/sessions")).await;
        check(&other, "sign in first").await;
        other.picture("sign-in-with-a-provider").await;
        other.press("a[href*='/login/with/beta']").await;
        as_account(&other, "look-alike").await;
        other.sees("nothing was made").await;
        assert!(!other.has(".who-name").await, "a look-alike is nobody");
        check(&other, "an account that nobody has").await;
    })
    .await;
}
