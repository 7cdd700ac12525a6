//! Whether a model's server runs on this machine: asked once, quickly, so that the demo starts as fast without one.

use crate::config::{Provider, SummaryConfig};
use reqwest::Client;
use serde::Deserialize;
use std::time::Duration;

/// A server on this machine is there at once, or it is not there.
const CONNECT_WITHIN: Duration = Duration::from_millis(200);
/// Listing what it has takes it no time either.
const ANSWER_WITHIN: Duration = Duration::from_millis(600);
/// Taken where it is there; any other model otherwise.
const PREFERRED: &str = "llama3.2";
/// More models than anybody has fit into this.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Who writes the summaries of this demo.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Writer {
    /// This model of the server that was found.
    Model(String),
    /// Nobody answered, or had a model: the plain writer.
    Plain,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// Asks the server at this address, which speaks Ollama's API, what it has.
pub(super) async fn find(url: &str) -> Writer {
    names(url).await.and_then(chosen).map_or(Writer::Plain, Writer::Model)
}

async fn names(url: &str) -> Option<Vec<String>> {
    let client = Client::builder().connect_timeout(CONNECT_WITHIN).timeout(ANSWER_WITHIN).redirect(reqwest::redirect::Policy::none());
    let answer = client.no_proxy().build().ok()?.get(format!("{}/api/tags", url.trim_end_matches('/'))).send().await.ok()?;
    let bytes = answer.error_for_status().ok()?.bytes().await.ok().filter(|bytes| bytes.len() <= ANSWER_BYTES_MAX)?;
    let tags: Tags = serde_json::from_slice(&bytes).ok()?;
    Some(tags.models.into_iter().map(|tag| tag.name).collect())
}

fn chosen(names: Vec<String>) -> Option<String> {
    let preferred = names.iter().find(|name| name.split(':').next() == Some(PREFERRED)).cloned();
    preferred.or_else(|| names.into_iter().find(|name| !name.is_empty()))
}

impl Writer {
    /// The same configuration, with this writer.
    pub(super) fn into_config(self, url: &str, config: &SummaryConfig) -> Option<SummaryConfig> {
        match self {
            Self::Plain => None,
            Self::Model(model) => Some(SummaryConfig { provider: Provider::Ollama, url: url.to_owned(), model, ..config.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_model_is_taken_or_else_the_first() {
        let of = |names: &[&str]| chosen(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(of(&["qwen2.5:1.5b", "llama3.2:latest"]).as_deref(), Some("llama3.2:latest"));
        assert_eq!(of(&["qwen2.5:1.5b", "mistral"]).as_deref(), Some("qwen2.5:1.5b"));
        assert_eq!(of(&[]), None);
    }

    #[tokio::test]
    async fn where_nobody_answers_it_is_known_at_once() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        for url in [format!("http://{}", silent.local_addr().unwrap()), "http://127.0.0.1:1".into(), "no address".into()] {
            let began = std::time::Instant::now();
            assert_eq!(find(&url).await, Writer::Plain);
            assert!(began.elapsed() < Duration::from_secs(5), "{url}");
        }
    }
}
