//! Writes a policy's file: one rule, one stage, no actions.

use super::config::Timeout;
use super::infer::{Field, Kind, Shape};
use super::names::quoted;
use std::fmt::Write as _;

/// Requests stay open at least so long, and a week where the script never gave up on its own.
const EXPIRE_MINUTES_MIN: u64 = 72 * 60;
const EXPIRE_MINUTES_DEFAULT: u64 = 7 * 24 * 60;
/// How many timeouts long a request stays open: time for those asked at the escalation to answer.
const TIMEOUTS_UNTIL_EXPIRY: u64 = 7;
/// What a title shows, the first two that every request has.
const TELLING_NAMES: [&str; 14] =
    ["title", "subject", "vendor", "merchant", "supplier", "customer", "recipient", "to", "employee", "name", "amount", "total", "cost", "value"];

/// A policy to be written.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) action_type: String,
    /// Person ids; all of them must agree.
    pub(super) approvers: Vec<String>,
    pub(super) timeout: Option<Timeout>,
    /// A selector.
    pub(super) escalate_to: Option<String>,
    pub(super) shape: Shape,
    pub(super) thresholds: Vec<String>,
    pub(super) config_file: String,
}

impl Draft {
    /// Whether the escalation adds nobody.
    pub(super) fn escalates_in_vain(&self) -> bool {
        let to = self.escalate_to.as_deref().and_then(|selector| selector.strip_prefix("user:"));
        to.is_some_and(|id| self.approvers.iter().any(|approver| approver == id))
    }

    /// The file.
    pub(super) fn text(&self) -> String {
        let mut owner: Vec<String> = self.approvers.iter().map(|id| quoted(&format!("user:{id}"))).collect();
        owner.extend(self.escalate_to.as_deref().map(quoted).filter(|selector| !owner.contains(selector)));
        let mut text = format!(
            "# From the script's action type {}, approver from {} or its pending lines.\n\
             # Nothing is executed when a request is approved: for that, add [[on.approved]].\n\n\
             policy = {}\ntitle  = {}\nowner  = [{}]     # asked when a rule cannot be evaluated\n\n",
            quoted(&self.action_type),
            quoted(&self.config_file),
            quoted(&self.name),
            quoted(&self.title()),
            owner.join(", ")
        );
        text.push_str(&self.payload());
        text.push_str(&self.rule());
        text
    }

    fn title(&self) -> String {
        let words = self.name.replace(['-', '_'], " ");
        let Shape::Fields(fields) = &self.shape else { return words };
        let shown = |field: &&Field| !field.optional && !matches!(field.kind, Kind::Json | Kind::Texts);
        let telling = TELLING_NAMES.iter().filter_map(|name| fields.iter().filter(shown).find(|field| field.name == *name));
        let shown: Vec<String> = telling.take(2).map(|field| format!("{{{{ {} }}}}", field.name)).collect();
        if shown.is_empty() { words } else { format!("{words}: {}", shown.join(", ")) }
    }

    fn payload(&self) -> String {
        let fields = match &self.shape {
            Shape::Whole { optional, reason } => {
                let field = Field { name: "data".to_owned(), kind: Kind::Json, optional: *optional };
                return format!("# One field for all of it, since {reason}.\n[payload]\n{}\n", field.text(4));
            }
            Shape::Fields(fields) => fields,
        };
        let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        let mut text = "# The types hold every value that the script's lines had; correct what you know better.\n[payload]\n".to_owned();
        fields.iter().for_each(|field| text.push_str(&field.text(width)));
        text + "\n"
    }

    fn rule(&self) -> String {
        let mut text = String::new();
        for threshold in &self.thresholds {
            let _ = writeln!(text, "# The script's configuration has {} here. It is not carried over: every request is asked.", quoted(threshold));
            text.push_str("# To let smaller ones pass, add above this rule one with a `when` and `verdict = \"allow\"`.\n");
        }
        let approvers: Vec<String> = self.approvers.iter().map(|id| quoted(&format!("user:{id}"))).collect();
        let _ = writeln!(
            text,
            "[[rule]]\nname = \"the script's approver\"\n  [[rule.stage]]\n  name      = \"review\"\n  approvers = [{}]",
            approvers.join(", ")
        );
        if self.approvers.len() > 1 {
            let _ = writeln!(text, "  quorum    = {}     # the line names them all", self.approvers.len());
        }
        text.push_str(&self.timers());
        text
    }

    fn timers(&self) -> String {
        let Some(timeout) = self.timeout else {
            let expire = duration(EXPIRE_MINUTES_DEFAULT);
            return format!("  expire    = {{ after = {} }}     # the script had no timeout; here every request ends some day\n", quoted(&expire));
        };
        let after = quoted(&duration(timeout.minutes));
        let expire = timeout.minutes.saturating_mul(TIMEOUTS_UNTIL_EXPIRY).max(EXPIRE_MINUTES_MIN);
        let (mark, to) = self.escalate_to.as_deref().map_or(("# ", "group:somebody"), |to| ("", to));
        format!(
            "  {mark}escalate  = [{{ after = {after}, to = [{}] }}]     # the script's timeout_hours\n  \
             expire    = {{ after = {} }}     # the script never gave up; {TIMEOUTS_UNTIL_EXPIRY} timeouts, at least 72h, leave time to answer\n",
            quoted(to),
            quoted(&duration(expire))
        )
    }
}

impl Field {
    fn text(&self, width: usize) -> String {
        let kind = self.kind.name();
        let mut options = match self.kind {
            Kind::Text { max_length } => format!(", max_length = {max_length}"),
            Kind::Texts => ", of = \"text\"".to_owned(),
            _ => String::new(),
        };
        if self.optional {
            options.push_str(", optional = true");
        }
        match options.as_str() {
            "" => format!("{:width$} = \"{kind}\"\n", self.name),
            options => format!("{:width$} = {{ type = \"{kind}\"{options} }}\n", self.name),
        }
    }
}

fn duration(minutes: u64) -> String {
    if minutes.is_multiple_of(60) { format!("{}h", minutes / 60) } else { format!("{minutes}m") }
}
