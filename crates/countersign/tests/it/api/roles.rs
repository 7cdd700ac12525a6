//! The table of who may do what, cell by cell over HTTP and in the pages; that it leaves no address out; and that what
//! one may not see is like what is not there.

use scene::{Scene, column};
use std::collections::BTreeSet;

mod addresses;
mod alike;
mod scene;

const TABLE: &str = include_str!("roles.txt");

/// One line: what is done, and what each column is answered.
struct Row {
    method: &'static str,
    path: &'static str,
    expected: Vec<&'static str>,
}

/// The names of the columns, and the rows.
fn table() -> (Vec<&'static str>, Vec<Row>) {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let names: Vec<&str> = lines.next().unwrap().split_whitespace().skip(1).collect();
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let expected: Vec<&str> = words.collect();
        assert_eq!(expected.len(), names.len(), "{line}");
        Row { method, path, expected }
    };
    let rows = lines.map(row).collect();
    (names, rows)
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_it_says() {
    let scene = Scene::start().await;
    let (names, rows) = table();
    let mut columns = Vec::new();
    for name in &names {
        columns.push(column(&scene.harness, name).await);
    }
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for row in &rows {
        for (at, expected) in row.expected.iter().enumerate().filter(|(_, expected)| **expected != "-") {
            let path = scene.address(row.method, row.path, &columns[at]).await;
            let answer = scene.ask(&columns[at], row.method, &path).await;
            cells += 1;
            if scene::signs_out(row.path) {
                columns[at] = column(&scene.harness, names[at]).await;
            }
            if answer.status.to_string() != *expected {
                wrong.push(format!(
                    "{} {} as {}: {} instead of {expected}: {}",
                    row.method, row.path, names[at], answer.status, answer.body["detail"]
                ));
            }
        }
    }
    assert!(wrong.is_empty() && cells > 1_000, "{cells} cells\n{}", wrong.join("\n"));
}

#[test]
fn every_address_of_the_description_and_of_the_pages_has_a_row() {
    let rows = table().1.into_iter().map(|row| (addresses::verb(row.method).to_owned(), addresses::plain(row.path))).collect::<BTreeSet<_>>();
    let there = addresses::all();
    assert!(there.len() > 100, "{}", there.len());
    let missing: Vec<_> = there.difference(&rows).collect();
    assert!(missing.is_empty(), "no row in roles.txt says who may do this: {missing:#?}");
    let gone: Vec<_> = rows.difference(&there).collect();
    assert!(gone.is_empty(), "roles.txt has rows for addresses that are not there: {gone:#?}");
}
