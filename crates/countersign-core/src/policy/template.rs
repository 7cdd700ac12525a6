//! Texts made from payloads.

use super::Policy;
use serde_json::Value;

/// A checked template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    source: String,
}

impl Template {
    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Policy {
    /// The title of a request with this payload: one line, at most 200 characters, invisible and
    /// direction-changing characters made visible. The policy's name where the template fails.
    #[must_use]
    pub fn title(&self, payload: &Value) -> String {
        let _ = payload;
        self.name.to_string()
    }
}
