//! Programs of others that tests talk to, installed by npm from the lock file beside this one: once, into the target
//! folder, however many test programs ask at the same time.
#![allow(dead_code, reason = "each user needs a part of it")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What belongs to the programs here.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The folder with the installed programs and the scripts of this folder.
pub fn installed() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("install.lock")).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read(source.join("package-lock.json")).unwrap();
    if fs::read(folder.join("installed")).ok().as_ref() != Some(&wanted) {
        for file in FILES {
            fs::copy(source.join(file), folder.join(file)).unwrap();
        }
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
        fs::write(folder.join("installed"), wanted).unwrap();
    }
    for entry in fs::read_dir(&source).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "mjs") {
            place(&entry.path(), &folder.join(entry.file_name()));
        }
    }
    folder
}

/// Puts a script in place whole: another test may be starting it.
fn place(from: &Path, to: &Path) {
    let text = fs::read(from).unwrap();
    if fs::read(to).ok().as_ref() != Some(&text) {
        let draft = to.with_extension("new");
        fs::write(&draft, text).unwrap();
        fs::rename(&draft, to).unwrap();
    }
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install Node.js 20 or later with npm (Debian: apt install npm)"));
    assert!(output.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

/// A script of this folder that runs until it is dropped, with the one line of JSON that it printed.
pub struct Peer {
    child: Child,
    log: fs::File,
    /// Held open: whoever writes to nobody ends.
    _output: BufReader<ChildStdout>,
    /// What it said once it was ready.
    pub said: Value,
}

impl Peer {
    /// Starts a script and waits for its line.
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let folder = installed();
        let mut log = tempfile::tempfile().unwrap();
        let mut command = Command::new("node");
        command.arg(script).args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.try_clone().unwrap());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("node: {error}; install Node.js 20 or later (Debian: apt install nodejs)"));
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str(&line) else {
            let _ = child.kill();
            let _ = child.wait();
            let mut words = String::new();
            log.rewind().and_then(|()| log.read_to_string(&mut words)).unwrap();
            panic!("{script} did not start: {line}{words}");
        };
        Self { child, log, _output: output, said }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let mut words = String::new();
            let _ = self.log.rewind().and_then(|()| self.log.read_to_string(&mut words));
            eprintln!("{words}");
        }
    }
}
