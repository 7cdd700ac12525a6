//! What an approver reads beside the facts: the plain summary from the start, the model's when it comes in
//! time and holds up. Advice, never input to a rule.

pub mod check;
mod facts;
mod markup;
pub mod ollama;
pub mod openai;
pub mod plain;
mod reply;
pub mod scripts;
mod tokens;
pub mod visible;
mod words;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `by` of the plain summary.
pub const PLAIN: &str = "plain";
/// A text longer than this is not read under time pressure.
pub const TEXT_CHARS_MAX: usize = 600;
/// The impact is one or two sentences.
pub const IMPACT_CHARS_MAX: usize = 300;
/// No model may hold a connection for longer, whatever the budget says.
pub const MODEL_TIMEOUT: Duration = Duration::from_secs(60);
/// A model's answer is a few hundred bytes; more is not an answer.
pub const REPLY_BYTES_MAX: usize = 64 * 1024;
/// A payload larger than this fills a small model's context and drowns its instructions.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024;

/// How much is at stake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Little.
    Low,
    /// The default of a policy that does not say.
    #[default]
    Medium,
    /// Much.
    High,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// Not one of `low`, `medium`, `high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a risk is `low`, `medium` or `high`")]
pub struct NotARisk;

impl FromStr for Risk {
    type Err = NotARisk;

    fn from_str(text: &str) -> Result<Self, NotARisk> {
        match text.trim().to_ascii_lowercase().as_str() {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            _ => Err(NotARisk),
        }
    }
}

/// What is to be summarised, and against what the model's answer is checked.
#[derive(Clone, PartialEq)]
pub struct SummaryAsk {
    /// The policy's name, which is the kind of action.
    pub policy: String,
    /// The request's title.
    pub title: String,
    /// The requester's name, as people know it.
    pub requester_name: String,
    /// The payload of the revision.
    pub payload: Value,
    /// The names of the people involved.
    pub people: Vec<String>,
    /// Words of the policy that a summary may use: stages, groups.
    pub policy_words: Vec<String>,
    /// Words with which a model's summary is discarded.
    pub forbidden: Vec<String>,
    /// The policy's own judgement, which the plain summary shows.
    pub risk_plain: Risk,
}

/// A payload belongs to the people of its request, not to a log.
impl fmt::Debug for SummaryAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SummaryAsk {{ policy: {} }}", self.policy)
    }
}

/// What an approver reads beside the facts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What is asked for.
    pub text: String,
    /// What follows from a yes.
    pub impact: String,
    /// How much is at stake.
    pub risk: Risk,
    /// `plain`, or the model's name.
    pub by: String,
}

impl Summary {
    /// The three lines that notices carry.
    pub fn wire_text(&self) -> String {
        format!("SUMMARY: {}\nIMPACT: {}\nRISK: {}", self.text, self.impact, self.risk)
    }
}

/// A summary speaks of people and amounts: it is not printed.
impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Summary {{ by: {}, risk: {} }}", self.by, self.risk)
    }
}

/// Why there is no summary from the model. The plain one goes out; the texts name no content.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SummaryFault {
    /// The configured URL or client cannot work.
    #[error("the summary model is not configured properly: {0}")]
    Configuration(String),
    /// No answer: nobody there, or too late.
    #[error("the model did not answer: {0}")]
    Unreachable(&'static str),
    /// Not a 200; an absent model is a 404.
    #[error("the model's server answered {0}")]
    Status(u16),
    /// The payload is too large to be read by a model.
    #[error("the payload is too large for the model")]
    TooLarge,
    /// Not the JSON that was asked for.
    #[error("the model's answer is not what was asked for")]
    Garbled,
    /// Nothing left to show.
    #[error("the model's answer is empty")]
    Empty,
    /// It says what the request does not (rule 24).
    #[error("the model's answer names a {0} that the request does not")]
    Unfounded(Unfounded),
    /// It uses a word that the policy forbids.
    #[error("the model's answer uses a word that the policy forbids")]
    Forbidden,
}

/// What a model made up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfounded {
    /// A run of digits, or a number in words.
    Number,
    /// A month or a day that no date of the payload explains.
    Date,
    /// A currency or a per cent sign.
    Unit,
    /// A capitalised word.
    Name,
}

impl fmt::Display for Unfounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::Unit => "unit",
            Self::Name => "name",
        })
    }
}
