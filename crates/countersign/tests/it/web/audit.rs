//! The record searched, checked and taken away.

use super::desk::{Desk, location};
use crate::harness::{Harness, PATIENCE};
use serde_json::Value;
use std::collections::BTreeSet;

/// The places of the events on a page.
fn places(page: &str) -> Vec<u64> {
    let after = page.split("<p class=\"quiet small digest\">").skip(1);
    after.filter_map(|rest| rest.split(" · ").next()?.trim().parse().ok()).collect()
}

fn next(page: &str) -> Option<String> {
    let link = page.split("href=\"/audit?").nth(1)?.split(['"', '#']).next()?;
    Some(format!("/audit?{}", link.replace("&amp;", "&").replace("&#38;", "&")))
}

/// Waits until no check runs; each look is an answer of the server.
async fn checked(desk: &Desk<'_>) -> String {
    let looks = async {
        loop {
            let page = desk.open("/audit").await.text;
            if !page.contains(">Checking<") {
                return page;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.expect("the check should have ended")
}

#[tokio::test]
async fn those_who_read_everything_open_it_and_nobody_else() {
    let harness = Harness::start().await;
    harness.submit("5000 USD").await;
    for (who, status) in [("olga", 200), ("ada", 200), ("mia", 403), ("leo", 403)] {
        let desk = Desk::of(&harness, who).await;
        for path in ["/audit", "/audit?person=leo", "/audit/events.jsonl", "/audit/events.csv", "/audit/heads.jsonl", "/audit/heads.csv"] {
            assert_eq!(desk.open(path).await.status, status, "{who} {path}");
        }
        let begun = desk.press("/me", "/audit/verify", &[]).await.status;
        assert_eq!(begun, if status == 200 { 303 } else { 403 }, "{who}");
    }
    let german = Desk::of(&harness, "olga").await.german().open("/audit").await;
    assert!(german.text.contains("Ist das Protokoll ganz?") && german.text.contains("Stufe geöffnet"));
}

#[tokio::test]
async fn an_auditor_reads_and_checks_and_does_nothing_else() {
    let harness = Harness::start().await;
    let file = harness.folder().join("directory.toml");
    let people = std::fs::read_to_string(&file).unwrap() + "\n[[person]]\nid = \"aud\"\nname = \"Aud Itor\"\nroles = [\"auditor\"]\n";
    std::fs::write(&file, people).unwrap();
    assert_eq!(harness.sources.reload().await.wrong, []);
    let id = harness.submit("5000 USD").await;
    let aud = Desk::of(&harness, "aud").await;
    assert!(aud.open("/audit").await.text.contains(&id));
    assert_eq!(aud.open("/operations").await.status, 403);
    assert_eq!(aud.press("/audit", "/audit/verify", &[]).await.status, 303);
    assert_eq!(aud.press("/audit", &format!("/operations/requests/{id}/reassign"), &[("to", "ana")]).await.status, 403);
}

#[tokio::test]
async fn a_search_finds_by_person_request_kind_and_day() {
    let harness = Harness::start().await;
    let first = harness.submit("5000 USD").await;
    let second = harness.submit("20000 USD").await;
    harness.decide("bo", &second, "approve").await.ok();
    let olga = Desk::of(&harness, "olga").await;
    let bo = olga.open("/audit?person=bo&kind=decided").await.text;
    assert!(bo.contains(&second) && !bo.contains(&first) && places(&bo).len() == 1, "{bo}");
    let request = olga.open(&format!("/audit?request={first}")).await.text;
    assert!(request.contains("Submitted") && !request.contains(&second) && request.contains("#1<"));
    let nobody = olga.open("/audit?person=nobody").await.text;
    assert!(nobody.contains("No event fits"));
    let today = harness.engine.clock().now().to_string()[..10].to_owned();
    assert!(!places(&olga.open(&format!("/audit?from={today}&to={today}")).await.text).is_empty());
    assert!(places(&olga.open("/audit?to=2020-01-01").await.text).is_empty());
    assert!(places(&olga.open("/audit?from=2999-01-01").await.text).is_empty());
    let wrong = olga.open("/audit?from=yesterday&person=%3Cb%3E").await;
    assert!(wrong.status == 400 && wrong.text.contains("A day is written like") && wrong.text.contains("value=\"&#60;b&#62;\""), "{}", wrong.text);
    assert_eq!(olga.open("/audit?request=nonsense").await.status, 400);
}

#[tokio::test]
async fn paging_shows_every_event_once() {
    let harness = Harness::start().await;
    for _ in 0..20 {
        harness.submit("5000 USD").await;
    }
    let olga = Desk::of(&harness, "olga").await;
    let (mut seen, mut path, mut pages) = (Vec::new(), "/audit?kind=stage_opened".to_owned(), 0);
    for _ in 0..20 {
        let page = olga.open(&path).await.text;
        seen.extend(places(&page));
        pages += 1;
        match next(&page) {
            Some(link) => path = link,
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (20, 1));
    let (mut all, mut path, mut pages) = (Vec::new(), "/audit".to_owned(), 0);
    loop {
        let page = olga.open(&path).await.text;
        all.extend(places(&page));
        pages += 1;
        match next(&page) {
            Some(link) if pages < 20 => path = link,
            _ => break,
        }
    }
    let distinct: BTreeSet<u64> = all.iter().copied().collect();
    assert!(pages > 1 && all.len() == distinct.len() && distinct.contains(&1), "{pages} pages, {} events", all.len());
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "the newest first");
}

#[tokio::test]
async fn exports_hold_everything_and_no_payload() {
    let harness = Harness::start().await;
    let body = serde_json::json!({ "policy": "expense", "payload": { "amount": "5000 USD", "merchant": "=HYPERLINK(1)" }, "external_id": "=1+1" });
    let id = harness.person("leo").await.post("/v1/requests", body).await.id();
    let olga = Desk::of(&harness, "olga").await;
    // Heads before events: a notice that is delivered meanwhile adds one.
    let heads = olga.open("/audit/heads.jsonl").await.text;
    let jsonl = olga.open("/audit/events.jsonl").await;
    assert_eq!(jsonl.headers["content-type"], "application/jsonl; charset=utf-8");
    assert!(jsonl.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let events: Vec<Value> = jsonl.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["event"], "submitted");
    assert!(events.iter().all(|event| event["request"] == id.as_str() && event["hash"].as_str().unwrap().starts_with("sha256:")));
    assert!(!jsonl.text.contains("HYPERLINK"), "contents are named by digest alone");
    let csv = olga.open("/audit/events.csv?kind=submitted").await.text;
    assert!(csv.starts_with("position,request,number,at,event,facts,hash\r\n") && csv.lines().count() == 2, "{csv}");
    assert!(csv.lines().all(|line| !line.starts_with(['=', '+', '-', '@'])));
    let head: Value = serde_json::from_str(heads.lines().next().unwrap()).unwrap();
    let last = usize::try_from(head["events"].as_u64().unwrap()).unwrap() - 1;
    assert_eq!((head["request"].as_str(), &head["hash"]), (Some(id.as_str()), &events[last]["hash"]));
    assert!(olga.open("/audit/heads.csv").await.text.starts_with("request,events,hash\r\nreq_"));
    assert!(olga.open("/audit/events.csv?from=2999-01-01").await.text.lines().count() == 1);
    assert_eq!(olga.open("/audit/events.csv?from=never").await.status, 400);
}

#[tokio::test]
async fn a_check_says_that_the_record_is_whole_or_where_it_is_not() {
    let harness = Harness::start().await;
    let id = harness.submit("5000 USD").await;
    let olga = Desk::of(&harness, "olga").await;
    assert!(olga.open("/audit").await.text.contains("Verify now"));
    olga.refuses_foreign_forms("/audit", "/audit/verify", &[]).await;
    assert_eq!(location(&olga.press("/audit", "/audit/verify", &[]).await), "/audit#check");
    let whole = checked(&olga).await;
    assert!(whole.contains("Whole: 1 requests") && whole.contains("Olga Fern"), "{whole}");
    let file = rusqlite::Connection::open(harness.folder().join("countersign.db")).unwrap();
    file.execute_batch("DROP TRIGGER events_are_never_updated; UPDATE events SET hash = zeroblob(32) WHERE number = 2;").unwrap();
    location(&olga.press("/audit", "/audit/verify", &[]).await);
    let damaged = checked(&olga).await;
    assert!(damaged.contains("The record is damaged") && damaged.contains(&format!("request {id}, number 2")), "{damaged}");
}
