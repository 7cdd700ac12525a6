//! What one may not see is like what is not there: for every row of the table about a request and every column that
//! may not read it, the answers about somebody's request and about none are the same, but for the id they were asked.

use super::scene::{NONE, Scene, column};
use super::{Row, table};
use crate::harness::Answer;

/// Everything of an answer that its reader can tell apart.
fn told(mut answer: Answer, id: &str) -> (u16, String, Vec<(String, String)>) {
    for name in ["x-request-id", "date"] {
        answer.headers.remove(name);
    }
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().replace(id, "")));
    (answer.status, answer.text.replace(id, ""), headers.collect())
}

/// A key that acts for the requester takes their requests back, or runs what was approved, and need not read them (rule 8).
fn reaches_unseen(name: &str, row: &Row) -> bool {
    name == "submit" && ["/withdraw", "/revisions", "/run"].iter().any(|end| row.path.ends_with(end))
}

#[tokio::test]
async fn what_one_may_not_see_is_like_what_is_not_there() {
    let scene = Scene::start().await;
    let (names, rows) = table();
    let sees = rows.iter().find(|row| (row.method, row.path) == ("GET", "/v1/requests/{id}")).unwrap();
    let blind = names.iter().enumerate().filter(|(at, _)| sees.expected[*at] != "200");
    let mut compared = 0;
    for (at, name) in blind {
        let column = column(&scene.harness, name).await;
        for row in rows.iter().filter(|row| row.path.contains("{id}") && row.expected[at] != "-" && !reaches_unseen(name, row)) {
            let there = scene.address(row.method, row.path, &column).await;
            let id = there.split(['/', '=']).find(|part| part.starts_with("req_")).unwrap().to_owned();
            let gone = there.replace(&id, NONE);
            let there = told(scene.ask(&column, row.method, &there).await, &id);
            let gone = told(scene.ask(&column, row.method, &gone).await, NONE);
            assert_eq!(there, gone, "{name} {} {}", row.method, row.path);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn somebody_elses_session_and_passkey_are_like_none() {
    let scene = Scene::start().await;
    let column = column(&scene.harness, "stranger").await;
    let theirs = scene.address("DELETE", "/v1/sessions/{session}", &column).await;
    let id = theirs.rsplit('/').next().unwrap().to_owned();
    let none = "ses_00000000000070008000000000000000";
    for (method, path) in [("DELETE", "/v1/sessions/"), ("FORM", "/me/sessions/")] {
        let end = if method == "FORM" { "/end" } else { "" };
        let there = told(scene.ask(&column, method, &format!("{path}{id}{end}")).await, &id);
        let gone = told(scene.ask(&column, method, &format!("{path}{none}{end}")).await, none);
        assert_eq!((there.0, &there), (404, &gone), "{method} {path}");
    }
}

#[tokio::test]
async fn marking_a_request_in_bulk_says_nothing_of_one_that_is_not_seen() {
    let scene = Scene::start().await;
    let column = column(&scene.harness, "stranger").await;
    for path in ["/bulk", "/bulk/decide"] {
        let there = told(scene.press(&column, path, &scene.shared).await, &scene.shared);
        let gone = told(scene.press(&column, path, NONE).await, NONE);
        assert_eq!(there, gone, "{path}");
        assert!(there.0 == 200 && !there.1.contains("ACME"), "{path}: {}", there.1);
    }
}
