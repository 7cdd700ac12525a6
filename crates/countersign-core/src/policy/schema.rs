//! The JSON Schema of policy files, for editors.

/// The schema.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    serde_json::json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object" })
}
