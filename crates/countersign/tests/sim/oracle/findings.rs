//! What the oracle found: rules broken, and how often each rule had anything to judge.

use std::collections::BTreeMap;

/// The rules that the oracle judges.
pub(crate) const RULES: [u32; 21] = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 20, 21, 22, 23, 27, 29];

/// See the module.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) broken: Vec<(u32, String)>,
    pub(crate) exercised: BTreeMap<u32, u64>,
    /// The digest of all heads, as one number.
    pub(crate) heads: u64,
}

impl Findings {
    /// A rule had something to judge.
    pub(crate) fn saw(&mut self, rule: u32) {
        *self.exercised.entry(rule).or_default() += 1;
    }

    /// A rule is broken.
    pub(crate) fn fail(&mut self, rule: u32, what: impl Into<String>) {
        self.broken.push((rule, what.into()));
    }

    /// Judges: seen, and broken unless it holds.
    pub(crate) fn hold(&mut self, rule: u32, holds: bool, what: impl FnOnce() -> String) {
        self.saw(rule);
        if !holds {
            self.fail(rule, what());
        }
    }
}
