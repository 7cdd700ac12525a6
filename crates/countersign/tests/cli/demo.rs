//! The demo: one command, a link for everybody, and a model only where one answers.

use crate::site::{err, out, program};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A running demo and what it said before its first notice.
struct Demo {
    child: Child,
    said: String,
}

impl Demo {
    fn start(folder: &Path, models: &str) -> Self {
        let mut command = program(folder);
        command.args(["demo", "--port", "0", "--models", models]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            said.push_str(&line);
            said.push('\n');
            if line.contains("Ctrl-C") {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        assert!(said.contains("Ctrl-C"), "the demo did not start: {said}");
        Self { child, said }
    }

    fn url(&self) -> &str {
        self.said.lines().next().unwrap().strip_prefix("countersign ready on ").unwrap()
    }

    /// Who is shown, and where they sign in.
    fn people(&self) -> Vec<(String, String)> {
        let pairs = self.said.lines().zip(self.said.lines().skip(1));
        pairs.filter(|(_, link)| link.contains("/login/")).map(|(who, link)| (who.trim().to_owned(), link.trim().to_owned())).collect()
    }

    fn key(&self) -> &str {
        self.said.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Submits as the printed line does, and waits for the model's word if there will be one.
fn summary(folder: &Path, demo: &Demo) -> Value {
    let keyed = |arguments: &[&str]| {
        let done = program(folder).args(arguments).env("COUNTERSIGN_URL", demo.url()).env("COUNTERSIGN_KEY", demo.key()).output().unwrap();
        assert!(done.status.success(), "{}", err(&done));
        serde_json::from_str::<Value>(&out(&done)).unwrap()
    };
    let made = keyed(&["--json", "submit", "expense", "--requester", "leo", "amount=12500.00 USD", "merchant=ACME"]);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let summary = keyed(&["--json", "show", made["id"].as_str().unwrap()])["summary"].clone();
        if demo.said.contains("are plain") || summary["by"] != "plain" || std::time::Instant::now() > until {
            return summary;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A server that speaks as much of Ollama's API as is asked of it.
fn models() -> String {
    let said = json!({ "text": "Leo Park asks to pay 12500.00 USD to ACME.", "impact": "The money leaves the account.", "risk": "high" }).to_string();
    let chat = move |Json(asked): Json<Value>| async move {
        assert_eq!(asked["model"], "qwen2.5:1.5b");
        Json(json!({ "message": { "content": said } }))
    };
    let tags = || async { Json(json!({ "models": [{ "name": "qwen2.5:1.5b" }] })) };
    let app = Router::new().route("/api/tags", get(tags)).route("/api/chat", post(chat));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap() });
    });
    url
}

#[test]
fn without_a_model_it_says_so_and_everybody_has_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), "http://127.0.0.1:1");
    assert!(demo.said.contains("Summaries are plain: no model's server answers at http://127.0.0.1:1."), "{}", demo.said);
    let wide = demo.said.lines().filter(|line| line.chars().count() > 80).collect::<Vec<_>>();
    assert_eq!(wide, [""; 0], "wraps on a terminal of 80 columns");
    let people = demo.people();
    let directory = include_str!("../../src/cli/init/directory.toml");
    let named = directory.lines().filter_map(|line| line.strip_prefix("name")).map(|rest| rest.split('"').nth(1).unwrap());
    for name in named {
        let (_, link) =
            people.iter().find(|(who, _)| who.starts_with(&format!("{name},"))).unwrap_or_else(|| panic!("{name} has no link: {people:?}"));
        let signed = program(folder.path()).args(["login", link]).output().unwrap();
        let first = name.split(' ').next().unwrap().to_lowercase();
        assert!(out(&signed).starts_with(&format!("signed in as {first}")), "{}{}", out(&signed), err(&signed));
    }
    assert_eq!(summary(folder.path(), &demo)["by"], "plain");
}

#[test]
fn where_a_models_server_answers_it_writes_the_summaries_of_what_the_visitor_does() {
    let folder = tempfile::tempdir().unwrap();
    let models = models();
    let demo = Demo::start(folder.path(), &models);
    assert!(demo.said.contains(&format!("Summaries are written by the model qwen2.5:1.5b at {models}.")), "{}", demo.said);
    let summary = summary(folder.path(), &demo);
    assert_eq!((&summary["by"], &summary["risk"]), (&json!("qwen2.5:1.5b"), &json!("high")), "{summary}");
}
