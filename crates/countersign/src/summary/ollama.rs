//! A model served by Ollama: one chat without streaming, in the form of a schema.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::check::accept;
use super::reply::{ModelServer, TOKENS_MAX, draft, messages, schema};
use super::{Summary, SummaryAsk, SummaryFault};
use crate::ports::Summarizer;

/// Loading a model takes longer than asking it: it stays loaded between requests.
const KEEP_ALIVE: &str = "30m";

/// Summaries by Ollama.
#[derive(Clone, Debug)]
pub struct Ollama {
    server: ModelServer,
    model: String,
}

impl Ollama {
    /// `url` and `model` are those of the configuration.
    pub fn new(url: &str, model: impl Into<String>) -> Result<Self, SummaryFault> {
        Ok(Self { server: ModelServer::new(url, "/api/chat")?, model: model.into() })
    }
}

#[async_trait]
impl Summarizer for Ollama {
    async fn summarise(&self, ask: &SummaryAsk) -> Result<Summary, SummaryFault> {
        let body = json!({
            "model": self.model,
            "messages": messages(ask)?,
            "format": schema(),
            "stream": false,
            "think": false,
            "keep_alive": KEEP_ALIVE,
            "options": { "temperature": 0, "num_predict": TOKENS_MAX },
        });
        let reply = self.server.ask(&body, None).await?;
        let content = reply.pointer("/message/content").and_then(Value::as_str).ok_or(SummaryFault::Garbled)?;
        accept(&draft(content)?, ask, &self.model)
    }

    fn model(&self) -> String {
        self.model.clone()
    }
}

#[cfg(test)]
#[path = "model_server.rs"]
mod tests;
