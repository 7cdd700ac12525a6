//! What both kinds of model server share: the messages that are sent, the form that is asked for, the exchange
//! with its bounds, and reading a draft out of whatever came back.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::check::Draft;
use super::{MODEL_TIMEOUT, PAYLOAD_BYTES_MAX, REPLY_BYTES_MAX, SummaryAsk, SummaryFault};
use crate::outbound::guard::Guard;
use crate::outbound::secret::Secret;
use crate::outbound::{Patience, client, describe, read};

/// The standing instruction.
const PROMPT: &str = include_str!("prompt.md");
/// Three short sentences in JSON; a model that rambles is stopped.
pub(super) const TOKENS_MAX: u32 = 400;
/// A local server is there or it is not.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A model's server: one URL, and no other host.
#[derive(Clone, Debug)]
pub(super) struct ModelServer {
    client: Client,
    url: Url,
}

impl ModelServer {
    /// `base` is `summary.url`; `path` is appended to it.
    pub(super) fn new(base: &str, path: &str) -> Result<Self, SummaryFault> {
        let wrong = |why: String| SummaryFault::Configuration(why);
        let base = base.trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|_| wrong("`summary.url` is not a url".to_owned()))?;
        let guard = Arc::new(Guard::only(&url));
        let url = guard.check(url.as_str()).map_err(|refused| wrong(format!("`summary.url`: {refused}")))?;
        let patience = Patience { total: MODEL_TIMEOUT, connect: CONNECT_TIMEOUT };
        let client = client(&guard, patience).map_err(|fault| wrong(fault.to_string()))?;
        Ok(Self { client, url })
    }

    /// Asks once and gives the JSON that came back.
    pub(super) async fn ask(&self, body: &Value, key: Option<&Secret>) -> Result<Value, SummaryFault> {
        let mut post = self.client.post(self.url.clone()).json(body);
        if let Some(key) = key {
            post = post.bearer_auth(key.expose());
        }
        let response = post.send().await.map_err(|fault| SummaryFault::Unreachable(describe(&fault)))?;
        if response.status() != StatusCode::OK {
            return Err(SummaryFault::Status(response.status().as_u16()));
        }
        let body = read(response, REPLY_BYTES_MAX).await;
        if !body.whole {
            return Err(SummaryFault::Unreachable("answer broken off or too long"));
        }
        serde_json::from_slice(&body.bytes).map_err(|_| SummaryFault::Garbled)
    }
}

/// The instruction, and the request as data in a message of its own. No `<` of the payload reaches the
/// model as one, so that no text in it can end the data.
pub(super) fn messages(ask: &SummaryAsk) -> Result<Value, SummaryFault> {
    let request = json!({ "policy": ask.policy, "requester": ask.requester_name, "title": ask.title, "payload": ask.payload });
    let request = request.to_string().replace('<', "\\u003c").replace('>', "\\u003e");
    if request.len() > PAYLOAD_BYTES_MAX {
        return Err(SummaryFault::TooLarge);
    }
    Ok(json!([
        { "role": "system", "content": PROMPT },
        { "role": "user", "content": format!("<request>\n{request}\n</request>") },
    ]))
}

/// The form of the answer, as JSON Schema.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "text": { "type": "string" },
            "impact": { "type": "string" },
            "risk": { "type": "string", "enum": ["low", "medium", "high"] },
        },
        "required": ["text", "impact", "risk"],
        "additionalProperties": false,
    })
}

#[derive(Deserialize)]
struct Reply {
    #[serde(alias = "summary")]
    text: String,
    impact: String,
    risk: String,
}

/// Reads the draft out of what the model said: the outermost object, whatever stands around it.
pub(super) fn draft(content: &str) -> Result<Draft, SummaryFault> {
    let garbled = SummaryFault::Garbled;
    let (start, end) = content.find('{').zip(content.rfind('}')).ok_or(garbled.clone())?;
    let object = content.get(start..=end).ok_or(garbled.clone())?;
    let reply: Reply = serde_json::from_str(object).map_err(|_| garbled.clone())?;
    let risk = reply.risk.parse().map_err(|_| garbled)?;
    Ok(Draft { text: reply.text, impact: reply.impact, risk })
}
