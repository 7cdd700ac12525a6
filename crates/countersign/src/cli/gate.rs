//! `countersign gate`: a program runs once people agreed to exactly this program, these arguments, here.

use super::payload::PayloadArgs;
use super::requests::ended;
use super::server::{Server, ServerArgs};
use super::submit::{Proposal, deadline, outcome, submit, wait};
use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::wire::RequestBody;
use countersign_core::canonical::digest_of;
use serde_json::{Map, Value, json};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Run a program once it is approved; then its exit status is the exit status.
#[derive(clap::Args, Debug)]
pub(crate) struct Gate {
    /// Under which policy; it declares the fields `argv` and `cwd`.
    policy: String,
    #[command(flatten)]
    payload: PayloadArgs,
    /// In whose name; the person signed in without it.
    #[arg(long)]
    requester: Option<String>,
    /// Wait at most so long.
    #[arg(long, value_name = "TIME", default_value = "forever")]
    wait: String,
    /// Asks for the same run only once: of calls that wait together one runs it, and a call after the outcome runs nothing.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// The program and its arguments, never through a shell.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

impl Gate {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let until = deadline(&self.wait)?;
        let server = self.server.connect()?;
        let mut payload = self.payload.read(&server, &self.policy).await?;
        let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned));
        let cwd = cwd.ok_or_else(|| Failure::fault("the working folder has no name that can be shown"))?;
        let run = Run { argv: self.command, cwd };
        run.fill(&mut payload)?;
        let proposal = Proposal {
            policy: &self.policy,
            requester: self.requester.as_deref(),
            payload,
            external_id: None,
            idempotency_key: self.idempotency_key.as_deref(),
        };
        let (made, now) = submit(&server, proposal).await?;
        if !now && made.settled_at.is_some() {
            let message = format!("{} was {} before this call: one approval is one run; nothing was run", made.id, clean(&made.status));
            return Err(Failure::refused(message));
        }
        if made.settled_at.is_none() {
            terminal::complain(&format!("waiting for approval: {}", made.url));
        }
        let after = wait(&server, made, until).await?;
        match outcome(&after)? {
            Exit::Done => {}
            turned => {
                let say = if json {
                    serde_json::to_string(&after).unwrap_or_default()
                } else {
                    format!("{} was {}; nothing was run", after.id, ended(&after).unwrap_or_else(|| clean(&after.status)))
                };
                terminal::complain(&say);
                return Ok(turned);
            }
        }
        run.is_what_was_approved(&after)?;
        claim(&server, &after).await?;
        Err(run.exec())
    }
}

/// Claims the run before it starts: the first claim is the only one, and no answer is no.
async fn claim(server: &Server, approved: &RequestBody) -> Result<(), Failure> {
    let body = json!({ "payload_digest": approved.payload_digest });
    let claimed = server.post::<Value>(&["v1", "requests", &approved.id, "run"], &body, None).await;
    claimed.map(drop).map_err(|mut failure| {
        let whether =
            if failure.exit == Exit::Fault { "; whether the run was claimed is not known, so it is not run: ask again under a new key" } else { "" };
        failure.message = format!("{} is approved, and nothing was run here: {}{whether}", approved.id, failure.message);
        failure
    })
}

/// What would run, and where.
struct Run {
    argv: Vec<String>,
    cwd: String,
}

impl Run {
    fn fill(&self, payload: &mut Map<String, Value>) -> Result<(), Failure> {
        if payload.contains_key("argv") || payload.contains_key("cwd") {
            return Err(Failure::usage("`argv` and `cwd` are filled by gate: what runs is what is approved"));
        }
        payload.insert("argv".into(), self.argv.clone().into());
        payload.insert("cwd".into(), self.cwd.clone().into());
        Ok(())
    }

    /// The approved revision may be another than the one submitted: it counts, and it must be this run.
    fn is_what_was_approved(&self, request: &RequestBody) -> Result<(), Failure> {
        let same = request.payload.get("argv") == Some(&Value::from(self.argv.clone()))
            && request.payload.get("cwd") == Some(&Value::from(self.cwd.clone()));
        let sealed = request.payload_digest.as_ref() == Some(&digest_of(&request.payload).to_string());
        if same && sealed && request.status == "approved" {
            return Ok(());
        }
        Err(Failure::refused(format!("what was approved in {} is not what would run here: nothing was run", request.id)))
    }

    /// Becomes the program. Comes back only where it cannot be started.
    fn exec(&self) -> Failure {
        let Some((program, arguments)) = self.argv.split_first() else { return Failure::usage("there is no program to run") };
        let error = Command::new(program).args(arguments).current_dir(&self.cwd).env_remove("COUNTERSIGN_KEY").exec();
        Failure::fault(format!("{} cannot be started: {}", clean(program), crate::config::reason(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn approved(payload: Value) -> RequestBody {
        let digest = digest_of(&payload).to_string();
        let request = json!({ "id": "req_1", "policy": "deploy", "policy_version": "", "rule": "", "requester": "leo", "title": "", "revision": 2,
            "payload": payload, "payload_digest": digest, "status": "approved", "summary": { "text": "", "impact": "", "risk": "low", "by": "plain" },
            "stages": [], "executions": [], "created_at": "", "settled_at": "", "url": "" });
        serde_json::from_value(request).unwrap()
    }

    #[test]
    fn only_what_was_approved_runs() {
        let run = Run { argv: vec!["deploy".into(), "web".into()], cwd: "/srv".into() };
        assert!(run.is_what_was_approved(&approved(json!({ "argv": ["deploy", "web"], "cwd": "/srv" }))).is_ok());
        for other in [
            json!({ "argv": ["deploy", "db"], "cwd": "/srv" }),
            json!({ "argv": ["deploy", "web"], "cwd": "/" }),
            json!({ "argv": "deploy web", "cwd": "/srv" }),
        ] {
            assert!(run.is_what_was_approved(&approved(other)).is_err());
        }
        let mut forged = approved(json!({ "argv": ["deploy", "web"], "cwd": "/srv" }));
        forged.payload_digest = Some("sha256:0".into());
        assert!(run.is_what_was_approved(&forged).is_err());
    }

    #[test]
    fn nobody_else_fills_what_runs() {
        let run = Run { argv: vec!["true".into()], cwd: "/".into() };
        assert!(run.fill(&mut Map::from_iter([("argv".to_owned(), json!([]))])).is_err());
    }
}
