//! The real binary's `demo`, as its first user starts it, and what it printed.

use crate::driver::PATIENCE;
use crate::hands::Hands;
use crate::page::Browser;
use serde_json::{Value, json};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A running demo.
pub struct Demo {
    /// Where the pages are.
    pub base: String,
    /// Where the payment service shows what was executed.
    pub payments: String,
    printed: Vec<String>,
    key: String,
    _process: Child,
    _folder: TempDir,
}

impl Demo {
    /// Starts it on a free port and reads what it prints.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["demo", "--port", "0"]).current_dir(folder.path()).env("TMPDIR", folder.path()).kill_on_drop(true);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut printed = Vec::new();
        let greeting = async {
            while !printed.last().is_some_and(|line: &String| line.starts_with("Notices appear below")) {
                printed.push(lines.next_line().await.unwrap().expect("the demo ended before its greeting did"));
            }
        };
        tokio::time::timeout(PATIENCE, greeting).await.expect("the demo should greet");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let last_word = |words: &str| printed.iter().find(|line| line.contains(words)).unwrap().split(' ').next_back().unwrap().to_owned();
        let (base, payments) = (last_word("ready on"), last_word("shown by the payment service"));
        let key = printed.iter().find_map(|line| Some(line.split_once("Bearer ")?.1.split('\'').next()?.to_owned())).unwrap();
        Self { base, payments, printed, key, _process: process, _folder: folder }
    }

    /// An address of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Follows the printed link of a person and signs in.
    pub async fn open_as(&self, browser: &Browser, hands: Hands, person: &str) {
        let place = self.printed.iter().position(|line| line.trim_start().starts_with(person)).unwrap_or_else(|| panic!("no link for {person}"));
        browser.open(self.printed[place + 1].trim()).await;
        browser.sees(person).await;
        hands.press(browser, "main form button").await;
        browser.is_at("/").await;
    }

    /// Finds a request in one of the lists by its title and opens it.
    pub async fn find(&self, browser: &Browser, hands: Hands, tab: &str, title: &str) {
        if tab != "waiting" {
            hands.press(browser, &format!("#tab-{tab}")).await;
            browser.sees_that(&format!("document.querySelector('#tab-{tab}').matches('[aria-current]')")).await;
        }
        hands.search(browser, "#q", title).await;
        browser.sees_that("location.search.includes('q=')").await;
        hands.press(browser, "a.row-title").await;
        browser.sees_that("location.pathname.startsWith('/requests/') && document.readyState === 'complete'").await;
        browser.sees(title).await;
    }

    /// What the printed `curl` line does, with another sum.
    pub async fn submit(&self, amount: &str, merchant: &str) -> String {
        let body = json!({ "policy": "expense", "requester": "leo", "payload": { "amount": amount, "merchant": merchant } });
        let request = reqwest::Client::new().post(self.at("/v1/requests")).bearer_auth(&self.key).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The request as the API tells it.
    pub async fn request(&self, id: &str) -> Value {
        let request = reqwest::Client::new().get(self.at(&format!("/v1/requests/{id}"))).bearer_auth(&self.key);
        request.send().await.unwrap().json().await.unwrap()
    }
}
