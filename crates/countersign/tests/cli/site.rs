//! A folder made by `init`, a server in it, and commands run there. Ends only what it started.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The binary, away from the tester's own sign-in and settings.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.current_dir(folder).env("XDG_CONFIG_HOME", folder.join("xdg")).env("COUNTERSIGN_SUMMARY_PROVIDER", "plain");
    for name in ["COUNTERSIGN_URL", "COUNTERSIGN_KEY", "COUNTERSIGN_CONFIG"] {
        command.env_remove(name);
    }
    command
}

/// Standard output as text.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A policy under which anything runs: for what `gate` does around a program.
const REHEARSE: &str = "policy = \"rehearse\"\ntitle = \"{{ argv[0] }}\"\nowner = \"group:finance\"\n[payload]\n\
    argv = { type = \"list\", of = { type = \"text\" }, max = 100 }\ncwd = \"text\"\n[[rule]]\nname = \"anything\"\nverdict = \"allow\"\n";

/// A folder made by `init`.
pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = program(folder.path()).args(["init", "."]).output().unwrap();
        assert!(made.status.success(), "{}", err(&made));
        std::fs::write(folder.path().join("policies/deploy.toml"), include_str!("../../../../policies/deploy.toml")).unwrap();
        std::fs::write(folder.path().join("policies/rehearse.toml"), REHEARSE).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program(self.path()).args(arguments).output().unwrap()
    }

    /// Runs it and expects this exit code; answers standard output.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}{}", out(&output), err(&output));
        out(&output)
    }

    pub(crate) fn serve(&self) -> Server {
        let log = std::fs::File::create(self.path().join("server.log")).unwrap();
        let mut serve = program(self.path());
        serve.arg("serve").env("COUNTERSIGN_SERVER_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(log);
        let mut child = serve.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("countersign ready on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(self.path().join("server.log")).unwrap()));
        Server { child, url }
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// SIGTERM, and the exit code of a clean end.
    pub(crate) fn stop(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    pub(crate) fn reload(&self) {
        Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
