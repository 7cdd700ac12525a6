//! Policies as people read them.

use super::desk::Desk;
use crate::harness::Harness;

/// Stages beside each other, seats, people whom nobody knows, and text that is markup.
const WIDE: &str = r#"
policy = "wide"
title = "<b>{{ note }}</b>"
owner = "user:ana"

[payload]
note = "text"

[[rule]]
name = "no <script>"
when = 'note == "<no>"'
verdict = "deny"

[[rule]]
name = "many"
  [[rule.stage]]
  name = "legal"
  seats = [{ from = ["group:finance"] }, { from = ["user:eva", "user:gus"], count = 2 }]
  remind = { every = "90m" }
  escalate = [{ after = "8h", to = ["group:finance-directors"], mode = "replace" }]
  expire = { after = "36h" }
  on_expiry = "reject"
  [[rule.stage]]
  name = "security"
  with = "legal"
  approvers = ["group:nosuch", "user:bo"]
  expire = { after = "3d" }
"#;

async fn put(harness: &Harness, name: &str, source: &str) {
    std::fs::write(harness.folder().join(format!("policies/{name}.toml")), source).unwrap();
    harness.sources.reload().await;
}

#[tokio::test]
async fn a_policy_is_a_table_a_picture_and_its_warnings() {
    let harness = Harness::start().await;
    put(&harness, "wide", WIDE).await;
    let zoe = Desk::of(&harness, "zoe").await;
    let list = zoe.open("/policies").await;
    assert!(list.status == 200 && list.text.contains("href=\"/policies/wide\"") && list.text.contains("Ana Costa"));
    let page = zoe.open("/policies/wide").await;
    assert_eq!(page.status, 200);
    for part in [
        "no &#60;script&#62;",
        "note == &#34;&#60;no&#62;&#34;",
        "&#60;b&#62;{{ note }}&#60;/b&#62;",
        "Rejected",
        "1 from group finance",
        "2 from Eva Noor or Gus Hill",
        "Today: Ana Costa, Bo Lind, Eva Noor, Gus Hill, Leo Park",
        "Reminds every 1 hour 30 minutes",
        "After 8 hours asks group finance-directors instead",
        "Gives up after 36 hours: rejected",
        "beside legal",
        "the directory has no group `nosuch`",
        "wide.toml:",
        "role=\"img\" aria-label=\"Asked, then legal (3 people) beside security (one person), then approved.\"",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("style=") && !page.text.contains("no <script>") && !page.text.contains(harness.folder().to_str().unwrap()));
    let german = Desk::of(&harness, "zoe").await.german().open("/policies/wide").await;
    for part in ["lang=\"de\"", "Fragt nach 8 Stunden stattdessen Gruppe finance-directors", "Gibt nach 3 Tagen auf: abgelaufen", "Einen Blick wert"]
    {
        assert!(german.text.contains(part), "{part}");
    }
    assert_eq!(zoe.open("/policies/nosuch").await.status, 404);
}

#[tokio::test]
async fn two_versions_are_compared_line_by_line() {
    let harness = Harness::start().await;
    let file = harness.folder().join("policies/expense.toml");
    let source = std::fs::read_to_string(&file).unwrap();
    put(&harness, "expense", &source.replace("\"1000 USD\"", "\"800 USD\"")).await;
    let zoe = Desk::of(&harness, "zoe").await;
    let page = zoe.open("/policies/expense").await.text;
    assert_eq!(page.matches("In force").count(), 1);
    let link = page.split("href=\"/policies/expense?").nth(1).unwrap().split(['"', '#']).next().unwrap().replace("&amp;", "&");
    let compared = zoe.open(&format!("/policies/expense?{link}")).await;
    assert_eq!(compared.status, 200);
    assert!(
        compared.text.contains("<span class=\"removed\">- when    = &#39;amount &#60;= money(&#34;1000 USD&#34;)&#39;</span>"),
        "{}",
        compared.text
    );
    assert!(compared.text.contains("<span class=\"added\">+ when    = &#39;amount &#60;= money(&#34;800 USD&#34;)&#39;</span>"));
    let foreign = zoe.open("/policies/release?from=sha256:00&to=sha256:00").await;
    assert!(foreign.status == 200 && !foreign.text.contains("class=\"difference\""), "what is no version of it is not compared");
}

#[tokio::test]
async fn trying_says_the_verdict_the_rule_and_why_not_the_others() {
    let harness = Harness::start().await;
    let zoe = Desk::of(&harness, "zoe").await;
    let form = [("do", "try"), ("requester", "leo"), ("f/amount", "5000"), ("f/merchant", "ACME")];
    let tried = zoe.press("/policies/expense", "/policies/expense", &form).await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    let preview = tried.text.split("id=\"preview\"").nth(1).unwrap();
    for part in [
        "one signature",
        "One of: Mia Stone",
        "petty cash",
        "does not apply",
        "<code class=\"value\">false</code>",
        "<code class=\"value\">5000 USD</code>",
        "is not reached",
    ] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    let nobody =
        zoe.press("/policies/expense", "/policies/expense", &[("do", "try"), ("requester", "max"), ("f/amount", "5"), ("f/merchant", "A")]).await;
    assert!(nobody.status == 422 && nobody.text.contains("requester-wrong"), "{}", nobody.text);
    let wrong = zoe.press("/policies/expense", "/policies/expense", &[("do", "try"), ("requester", "leo"), ("f/amount", "much")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("value=\"much\"") && wrong.text.contains("f-merchant-wrong"));
    zoe.refuses_foreign_forms("/policies/expense", "/policies/expense", &form).await;
    assert_eq!(harness.person("olga").await.get("/v1/requests").await.ok()["items"].as_array().unwrap().len(), 0);
}
