//! A model behind any server that speaks the OpenAI chat completions: one completion, in the form of a schema.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::check::accept;
use super::reply::{ModelServer, TOKENS_MAX, draft, messages, schema};
use super::{Summary, SummaryAsk, SummaryFault};
use crate::outbound::secret::Secret;
use crate::ports::Summarizer;

/// Summaries by an OpenAI-compatible server.
#[derive(Clone, Debug)]
pub struct OpenAi {
    server: ModelServer,
    model: String,
    key: Option<Secret>,
}

impl OpenAi {
    /// `url` and `model` are those of the configuration; a local server needs no key.
    pub fn new(url: &str, model: impl Into<String>, key: Option<Secret>) -> Result<Self, SummaryFault> {
        let base = url.trim_end_matches('/').trim_end_matches("/v1");
        Ok(Self { server: ModelServer::new(base, "/v1/chat/completions")?, model: model.into(), key })
    }
}

#[async_trait]
impl Summarizer for OpenAi {
    async fn summarise(&self, ask: &SummaryAsk) -> Result<Summary, SummaryFault> {
        let body = json!({
            "model": self.model,
            "messages": messages(ask)?,
            "response_format": { "type": "json_schema", "json_schema": { "name": "summary", "strict": true, "schema": schema() } },
            "temperature": 0,
            "max_tokens": TOKENS_MAX,
        });
        let reply = self.server.ask(&body, self.key.as_ref()).await?;
        let content = reply.pointer("/choices/0/message/content").and_then(Value::as_str).ok_or(SummaryFault::Garbled)?;
        accept(&draft(content)?, ask, &self.model)
    }

    fn model(&self) -> String {
        self.model.clone()
    }
}
