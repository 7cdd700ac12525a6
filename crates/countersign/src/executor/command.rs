//! Actions by local program: an argument list, never a shell string; a cleared environment; the body on
//! standard input; output captured up to a bound; the whole process group ended when time is up.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::outbound::secret::{Secret, Secrets, Settled, redact};
use crate::ports::{Answer, Executor, Job, JobTarget};

/// The variable that carries the idempotency key.
pub const KEY_VARIABLE: &str = "COUNTERSIGN_IDEMPOTENCY_KEY";
/// A deployment may take minutes; what takes longer should be started, not awaited.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// So much of each stream is kept for the record.
pub const STREAM_BYTES_MAX: usize = 16 * 1024;
/// Read beyond what is kept, so that a secret cut in two at the bound is still found.
const STREAM_MARGIN: usize = 4 * 1024;
/// A program that has ended may leave others holding its output; they are not awaited longer.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// Stands between what was written to the two streams.
const ERROR_MARK: &[u8] = b"\n--- stderr\n";

/// Runs local programs, where the operator allows it.
#[derive(Clone, Debug)]
pub struct CommandExecutor {
    allowed: bool,
    secrets: Secrets,
    timeout: Duration,
}

impl CommandExecutor {
    /// `allowed` is `actions.allow_commands`.
    pub fn new(allowed: bool, secrets: Secrets) -> Self {
        Self { allowed, secrets, timeout: COMMAND_TIMEOUT }
    }

    /// The same with another time limit.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    async fn attempt(&self, job: &Job) -> Result<Answer, Answer> {
        let JobTarget::Command { argv, env } = &job.target else {
            return Err(Answer::gone("not a command"));
        };
        if !self.allowed {
            return Err(Answer::gone("commands are not allowed (`actions.allow_commands`)"));
        }
        let settled = self.secrets.settle(env).await.map_err(|fault| Answer::again(fault.to_string()))?;
        let mut child = spawn(argv, &settled, &job.key)?;
        let group = Group::of(&child);
        let ended = tokio::time::timeout(self.timeout, converse(&mut child, &job.body)).await;
        match ended {
            Ok(Ok((status, streams))) => {
                if streams.closed {
                    group.disarm();
                }
                Ok(meaning(status, streams.output(&settled.secrets)))
            }
            Ok(Err(_)) => Err(Answer::again("lost the program")),
            Err(_) => Err(Answer::again("timeout")),
        }
    }
}

#[async_trait]
impl Executor for CommandExecutor {
    async fn run(&self, job: &Job) -> Answer {
        match self.attempt(job).await {
            Ok(answer) | Err(answer) => answer,
        }
    }
}

/// Ends the program and all it started when dropped: on a timeout, or when the server stops.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nothing left to end is as good as ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn spawn(argv: &[String], settled: &Settled, key: &str) -> Result<Child, Answer> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Answer::gone("no program named"))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(settled.values.iter().map(|(name, value)| (name, value.expose()))).env(KEY_VARIABLE, key);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    command.spawn().map_err(|fault| match fault.kind() {
        std::io::ErrorKind::NotFound => Answer::again("program not found"),
        std::io::ErrorKind::PermissionDenied => Answer::again("program not executable"),
        _ => Answer::again("program not started"),
    })
}

/// What came out of a program.
struct Streams {
    out: Vec<u8>,
    err: Vec<u8>,
    closed: bool,
}

impl Streams {
    fn output(self, secrets: &[Secret]) -> Vec<u8> {
        let mut output = redact(self.out, secrets, STREAM_BYTES_MAX);
        if !self.err.is_empty() {
            output.extend_from_slice(ERROR_MARK);
            output.extend(redact(self.err, secrets, STREAM_BYTES_MAX));
        }
        output
    }
}

/// Writes, reads and waits side by side, so that no full pipe holds up another.
async fn converse(child: &mut Child, body: &[u8]) -> std::io::Result<(ExitStatus, Streams)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program need not read what it is given.
            let _ = stdin.write_all(body).await;
        }
    };
    let (status, closed) = {
        let streaming = async {
            let ((), (), ()) = tokio::join!(write, keep(stdout, &mut out), keep(stderr, &mut err));
        };
        let mut streaming = std::pin::pin!(streaming);
        tokio::select! {
            () = &mut streaming => (child.wait().await?, true),
            status = child.wait() => (status?, tokio::time::timeout(DRAIN_TIMEOUT, &mut streaming).await.is_ok()),
        }
    };
    Ok((status, Streams { out, err, closed }))
}

/// Keeps the beginning and reads on, so that the program is not stopped by a full pipe.
async fn keep(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let room = (STREAM_BYTES_MAX + STREAM_MARGIN).saturating_sub(kept.len());
        kept.extend_from_slice(buffer.get(..count.min(room)).unwrap_or_default());
    }
}

fn meaning(status: ExitStatus, output: Vec<u8>) -> Answer {
    use std::os::unix::process::ExitStatusExt as _;
    let answer = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    if status.success() { Answer::Delivered { answer, output } } else { Answer::Again { answer, output, retry_after: None } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::secret::{SecretRef, Setting};
    use jiff::Timestamp;

    fn job(argv: &[&str], env: &[(&str, Setting)], body: &[u8]) -> Job {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Job { key: "req_1:approved:run".into(), target: JobTarget::Command { argv, env }, body: body.to_vec(), timestamp: Timestamp::UNIX_EPOCH }
    }

    async fn ran(argv: &[&str], body: &[u8]) -> Answer {
        CommandExecutor::new(true, Secrets::default()).with_timeout(Duration::from_secs(20)).run(&job(argv, &[], body)).await
    }

    fn delivered(output: &[u8]) -> Answer {
        Answer::Delivered { answer: "exit 0".into(), output: output.to_vec() }
    }

    #[tokio::test]
    async fn without_leave_nothing_runs() {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        let answer = CommandExecutor::new(false, Secrets::default()).run(&job(&["/usr/bin/touch", trace.to_str().unwrap()], &[], b"")).await;
        assert_eq!(answer, Answer::gone("commands are not allowed (`actions.allow_commands`)"));
        assert!(!trace.exists());
    }

    #[tokio::test]
    async fn the_body_is_standard_input_and_arguments_are_not_a_shells() {
        assert_eq!(ran(&["/bin/cat"], b"{\"type\":\"action\"}").await, delivered(b"{\"type\":\"action\"}"));
        assert_eq!(ran(&["/bin/echo", "$HOME; rm -rf *", "`id`"], b"").await, delivered(b"$HOME; rm -rf * `id`\n"));
        assert_eq!(ran(&["/bin/true"], &[b'x'; 1 << 20]).await, delivered(b""));
    }

    #[tokio::test]
    async fn the_environment_is_what_the_policy_names_and_the_key() {
        let secret: SecretRef = "env:CARGO_MANIFEST_DIR".parse().unwrap();
        let env = [("STAGE", Setting::Plain("prod".into())), ("TOKEN", Setting::Secret(secret.clone()))];
        let answer = CommandExecutor::new(true, Secrets::allowing([secret])).run(&job(&["/usr/bin/env"], &env, b"")).await;
        let Answer::Delivered { output, .. } = answer else { panic!("{answer:?}") };
        let mut lines: Vec<_> = std::str::from_utf8(&output).unwrap().lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["COUNTERSIGN_IDEMPOTENCY_KEY=req_1:approved:run", "STAGE=prod", "TOKEN=[secret]"]);
    }

    #[tokio::test]
    async fn a_failure_says_its_status_and_keeps_both_streams() {
        assert_eq!(ran(&["/bin/false"], b"").await, Answer::again("exit 1"));
        let answer = ran(&["/bin/cat", "-", "/nonexistent"], b"in").await;
        let Answer::Again { answer, output, .. } = answer else { panic!("{answer:?}") };
        let output = String::from_utf8(output).unwrap();
        assert!(answer == "exit 1" && output.starts_with("in\n--- stderr\n") && output.contains("/nonexistent"), "{output}");
        assert_eq!(ran(&["/nonexistent"], b"").await, Answer::again("program not found"));
        assert_eq!(ran(&["/etc/passwd"], b"").await, Answer::again("program not executable"));
        assert_eq!(ran(&[], b"").await, Answer::gone("no program named"));
    }

    #[tokio::test]
    async fn output_beyond_the_bound_is_read_and_dropped() {
        let Answer::Delivered { output, .. } = ran(&["/usr/bin/head", "-c", "3000000", "/dev/zero"], b"").await else { panic!("not delivered") };
        assert_eq!(output.len(), STREAM_BYTES_MAX);
    }

    #[tokio::test]
    async fn a_timeout_ends_the_whole_process_group() {
        // `timeout` starts `dd`, which alone holds the pipe: it closes only when the child's child has ended too.
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("/usr/bin/mkfifo").arg(&pipe).status().unwrap().success());
        let target = format!("of={}", pipe.display());
        let closed = tokio::task::spawn_blocking(move || std::io::copy(&mut std::fs::File::open(pipe).unwrap(), &mut std::io::sink()).unwrap());
        let argv = ["/usr/bin/timeout", "--foreground", "600", "/bin/dd", "if=/dev/zero", &target];
        let executor = CommandExecutor::new(true, Secrets::default()).with_timeout(Duration::from_millis(1500));
        assert_eq!(executor.run(&job(&argv, &[], b"")).await, Answer::again("timeout"));
        assert!(tokio::time::timeout(Duration::from_secs(10), closed).await.unwrap().unwrap() > 0);
    }
}
