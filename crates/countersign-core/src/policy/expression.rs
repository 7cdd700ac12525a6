//! Conditions.

/// A condition, checked when its policy was loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    source: String,
}

impl Condition {
    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}
