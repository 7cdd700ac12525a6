//! How a command ends: the exit code, and what is said about it.

use super::{print_findings, terminal};
use countersign_core::policy::diagnostic::Diagnostic;
use serde_json::{Value, json};
use std::process::ExitCode;

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It is done.
    Done,
    /// A rule, or the server, said no.
    Refused,
    /// The command line is wrong.
    Usage,
    /// The world failed.
    Fault,
    /// The request was rejected, has expired or was withdrawn.
    Turned,
    /// What the gated program ended with.
    Own(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Fault => 3,
            Exit::Turned => 4,
            Exit::Own(code) => code,
        })
    }
}

/// Why it is not done.
#[derive(Clone, Debug)]
pub struct Failure {
    /// With this code.
    pub exit: Exit,
    /// One sentence.
    pub message: String,
    /// What the server said, where it was the server.
    pub problem: Option<Value>,
    /// What is wrong in files, with places.
    pub found: Vec<Diagnostic>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), problem: None, found: Vec::new() }
    }

    /// A rule said no.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The world failed.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::new(Exit::Fault, message)
    }

    /// Files are wrong.
    pub fn findings(message: impl Into<String>, found: Vec<Diagnostic>) -> Self {
        Self { found, ..Self::new(Exit::Fault, message) }
    }

    /// Says it: to people on standard error, to machines as JSON there.
    pub fn print(&self, json: bool) {
        if json {
            let places = self.found.iter().map(finding_json).collect::<Vec<_>>();
            let mut body = json!({ "error": self.message });
            if let Some(fields) = body.as_object_mut() {
                if let Some(problem) = &self.problem {
                    fields.insert("problem".into(), problem.clone());
                }
                if !places.is_empty() {
                    fields.insert("findings".into(), places.into());
                }
            }
            return terminal::complain(&body.to_string());
        }
        print_findings(&self.found);
        terminal::complain(&format!("countersign: {}", terminal::clean(&self.message)));
    }
}

/// A finding for machines.
pub(crate) fn finding_json(found: &Diagnostic) -> Value {
    json!({ "file": found.file, "line": found.line, "column": found.column, "code": found.code,
        "severity": format!("{:?}", found.severity).to_lowercase(), "message": found.message, "suggestion": found.suggestion })
}
