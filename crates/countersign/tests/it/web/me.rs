//! What people see of themselves and choose for themselves.

use super::desk::{Desk, location};
use crate::harness::Harness;

#[tokio::test]
async fn my_page_says_who_i_am_and_where_notices_go() {
    let harness = Harness::start().await;
    let page = Desk::of(&harness, "leo").await.open("/me").await;
    assert_eq!(page.status, 200);
    for part in ["Leo Park", "Mia Stone", "finance", "Webhook", &harness.receiver().base(), "/me/sessions", "/me/sign-ins", "/me/passkeys"] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains(&format!("{}/leo", harness.receiver().base())), "the path of a webhook may be a secret");
    assert!(Desk::of(&harness, "olga").await.open("/me").await.text.contains("Operator"));
}

#[tokio::test]
async fn a_chosen_language_and_zone_stand_on_every_page_and_outlast_a_reading_of_the_directory() {
    let harness = Harness::start().await;
    let mia = Desk::of(&harness, "mia").await;
    assert!(mia.open("/policies").await.text.contains("lang=\"en\""));
    assert!(mia.open("/policies/expense").await.text.contains("CE"), "the zone of the directory");
    let form = [("language", "de"), ("time_zone", "Asia/Tokyo")];
    assert_eq!(location(&mia.press("/me", "/me/choices", &form).await), "/me");
    harness.sources.reload().await;
    harness.engine.restore_choices().await.unwrap();
    for path in ["/", "/new", "/policies", "/me", "/new/expense"] {
        assert!(mia.open(path).await.text.contains("lang=\"de\""), "{path}");
    }
    assert!(mia.open("/policies/expense").await.text.contains("JST"));
    let me = mia.open("/me").await.text;
    assert!(me.contains("value=\"Asia/Tokyo\"") && me.contains("<option value=\"de\" lang=\"de\" selected>"));
    assert!(Desk::of(&harness, "leo").await.open("/me").await.text.contains("lang=\"en\""), "others read on as before");
    location(&mia.press("/me", "/me/choices", &[("language", ""), ("time_zone", "")]).await);
    assert!(mia.open("/policies").await.text.contains("lang=\"en\"") && mia.open("/policies/expense").await.text.contains("CE"));
}

#[tokio::test]
async fn a_zone_that_is_none_is_said_and_kept_in_the_form() {
    let harness = Harness::start().await;
    let mia = Desk::of(&harness, "mia").await;
    let wrong = mia.press("/me", "/me/choices", &[("language", "de"), ("time_zone", "Mars/\"Olympus\"")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("zone-wrong") && wrong.text.contains("Mars/&#34;Olympus&#34;"), "{}", wrong.text);
    assert!(mia.open("/me").await.text.contains("lang=\"en\""), "nothing was changed");
    mia.refuses_foreign_forms("/me", "/me/choices", &[("language", "de")]).await;
    assert!(mia.open("/me").await.text.contains("lang=\"en\""));
}

#[tokio::test]
async fn a_test_notice_goes_through_my_own_road_and_the_answer_is_shown() {
    let harness = Harness::start().await;
    let mia = Desk::of(&harness, "mia").await;
    mia.refuses_foreign_forms("/me", "/me/channels/0/test", &[]).await;
    assert!(harness.receiver().got("/mia").is_empty());
    let shown = mia.press("/me", "/me/channels/0/test", &[]).await;
    assert!(shown.status == 200 && shown.text.contains("was taken; the answer was 200"), "{}", shown.text);
    let got = harness.receiver().notice("/mia", "countersign.test").await;
    assert_eq!(got.json()["data"]["person"], "mia");
    standardwebhooks::Webhook::new(crate::harness::SECRET).unwrap().verify(&got.bytes, &got.headers).unwrap();
    let again = mia.press("/me", "/me/channels/0/test", &[]).await;
    assert!(again.text.contains("only just now") && harness.receiver().got("/mia").len() == 1);
    let other = Desk::of(&harness, "gus").await.press("/me", "/me/channels/0/test", &[]).await;
    assert!(other.text.contains("no such channel"), "{}", other.text);
    harness.receiver().answer("/leo", 410);
    let refused = Desk::of(&harness, "leo").await.press("/me", "/me/channels/0/test", &[]).await;
    assert!(refused.text.contains("was not taken: 410"), "{}", refused.text);
}
