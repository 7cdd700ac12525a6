//! Payloads from the command line: JSON as it is, from a file or standard input, or `field=value` pairs read
//! by the types of the policy's fields.

use super::Failure;
use super::server::Server;
use super::terminal::clean;
use crate::wire::explain::PolicyBody;
use serde_json::{Map, Value};
use std::io::Read;

/// A payload is refused beyond this by every server.
const BYTES_MAX: u64 = 1 << 20;

/// What is proposed.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct PayloadArgs {
    /// The payload as JSON; `@FILE` reads a file, `-` standard input.
    #[arg(long, short, value_name = "JSON|@FILE|-")]
    pub(crate) payload: Option<String>,
    /// Fields of the payload, over those of --payload.
    #[arg(value_name = "FIELD=VALUE")]
    pub(crate) fields: Vec<String>,
}

impl PayloadArgs {
    /// The payload, strictly read.
    pub(crate) async fn read(&self, server: &Server, policy: &str) -> Result<Map<String, Value>, Failure> {
        let mut payload = self.payload.as_deref().map_or_else(|| Ok(Map::new()), json)?;
        if self.fields.is_empty() {
            return Ok(payload);
        }
        let policy: PolicyBody = server.get(&["v1", "policies", policy], &[]).await?;
        for pair in &self.fields {
            let wrong = || Failure::usage(format!("`{}` is no FIELD=VALUE", clean(pair)));
            let (name, text) = pair.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
            let kind = policy.fields.iter().find(|field| field.name == name).map_or("text", |field| field.kind.as_str());
            payload.insert(name.to_owned(), value(name, kind, text)?);
        }
        Ok(payload)
    }
}

/// Reads the JSON object that this names.
pub(crate) fn json(named: &str) -> Result<Map<String, Value>, Failure> {
    let (what, text) = match named.strip_prefix('@') {
        Some(file) => {
            let failed = |error: std::io::Error| Failure::usage(format!("{file} cannot be read: {}", crate::config::reason(&error)));
            (file.to_owned(), bounded(std::fs::File::open(file).map_err(failed)?)?)
        }
        None if named == "-" => ("standard input".to_owned(), bounded(std::io::stdin())?),
        None => ("--payload".to_owned(), named.as_bytes().to_vec()),
    };
    let wrong = |why: crate::api::strict::Malformed| Failure::usage(format!("{what}: line {}, column {}: {}", why.line, why.column, why.message));
    match crate::api::strict::read(&text).map_err(wrong)? {
        Value::Object(object) => Ok(object),
        _ => Err(Failure::usage(format!("{what}: a JSON object is expected, as in {{\"amount\": \"12.50 USD\"}}"))),
    }
}

fn bounded(from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    from.take(BYTES_MAX + 1).read_to_end(&mut text).map_err(|error| Failure::fault(error.to_string()))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(Failure::usage("the payload is too long"));
    }
    Ok(text)
}

fn value(name: &str, kind: &str, text: &str) -> Result<Value, Failure> {
    let typed = match kind {
        "integer" | "bool" | "json" | "list" | "table" => crate::api::strict::read(text.as_bytes()).ok(),
        _ => Some(Value::from(text)),
    };
    typed.ok_or_else(|| Failure::usage(format!("`{}` is of type {kind}: `{}` is none", clean(name), clean(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_types() {
        assert_eq!(value("n", "integer", "12").unwrap(), Value::from(12));
        assert_eq!(value("n", "money", "12 USD").unwrap(), Value::from("12 USD"));
        assert_eq!(value("n", "text", "true").unwrap(), Value::from("true"));
        assert!(value("n", "bool", "maybe").unwrap_err().message.contains("of type bool"));
    }

    #[test]
    fn a_member_twice_is_refused_with_its_place() {
        let failure = json("{\"a\": 1, \"a\": 2}").unwrap_err();
        assert!(failure.message.contains("line 1"), "{}", failure.message);
        assert!(json("[1]").unwrap_err().message.contains("object"));
    }
}
