//! The real binary as a child process in a folder of its own: one policy, two people, two keys. Used by
//! the crash tests and by the benchmark. Ends only what it started.
#![allow(dead_code, reason = "each user needs a part of it")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A folder with configuration, directory, policy and database.
pub(crate) struct Site {
    /// Where it is.
    pub(crate) folder: tempfile::TempDir,
    /// Submits for anybody.
    pub(crate) submit_key: String,
    /// Relays decisions.
    pub(crate) relay_key: String,
}

/// A running `countersign serve`.
pub(crate) struct Server {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
    /// From start to the ready line.
    pub(crate) ready_in: Duration,
}

impl Site {
    /// Writes the files and creates the keys; notices and actions go to this receiver.
    pub(crate) fn new(receiver: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), receiver);
        let submit_key = key(folder.path(), &["submitter", "--scope", "submit,read", "--acts-for", "any"]);
        let relay_key = key(folder.path(), &["relay", "--scope", "decide:on-behalf"]);
        Self { folder, submit_key, relay_key }
    }

    /// Runs another command of the binary here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program(self.folder.path()).args(arguments).output().unwrap()
    }

    /// Starts the server and waits for its line.
    pub(crate) fn serve(&self) -> Server {
        let began = std::time::Instant::now();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("server.log")).unwrap();
        let mut child = program(self.folder.path()).arg("serve").stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let Some(line) = lines.by_ref().map(Result::unwrap).find(|line| line.contains("ready on")) else {
            panic!("the server did not start: {}", std::fs::read_to_string(self.folder.path().join("server.log")).unwrap());
        };
        let ready_in = began.elapsed();
        std::thread::spawn(move || for _ in lines {});
        Server { child, url: line.split_whitespace().last().unwrap().to_owned(), ready_in }
    }
}

impl Server {
    /// kill -9, and waits for the end.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }

    /// A line of `/proc/<pid>/status` in MiB: `VmHWM` for the peak, `VmRSS` for now.
    pub(crate) fn memory_mib(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.current_dir(folder).env_remove("COUNTERSIGN_URL").env_remove("COUNTERSIGN_KEY");
    command
}

fn key(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder).args(["key", "create"]).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).find(|word| word.starts_with("csk_"));
    found.unwrap_or_else(|| panic!("no key in {text}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

fn write_files(folder: &Path, receiver: SocketAddr) {
    let port = free_port();
    let mut config = String::new();
    writeln!(config, "[server]\nlisten = \"127.0.0.1:{port}\"\n[summary]\nprovider = \"plain\"").unwrap();
    writeln!(config, "[limits]\nrequests_per_second = 1000000\n[webhooks]\nallow_networks = [\"127.0.0.0/8\"]").unwrap();
    std::fs::write(folder.join("countersign.toml"), config).unwrap();
    let people = format!(
        "[[person]]\nid = \"leo\"\nname = \"Leo Park\"\nemail = \"leo@example.com\"\n\n[[person]]\nid = \"ana\"\nname = \"Ana Ruiz\"\n\
         email = \"ana@example.com\"\nchannels = [\"webhook\"]\nwebhook = {{ url = \"http://{receiver}/notice\" }}\n"
    );
    std::fs::write(folder.join("directory.toml"), people).unwrap();
    std::fs::create_dir_all(folder.join("policies")).unwrap();
    std::fs::write(folder.join("policies/bench.toml"), policy(receiver)).unwrap();
}

/// One approver, one action.
pub(crate) fn policy(receiver: SocketAddr) -> String {
    format!(
        "policy = \"bench\"\ntitle = \"{{{{ merchant }}}}, {{{{ amount }}}}\"\nowner = \"user:ana\"\n\n[payload]\n\
         amount = {{ type = \"money\", currencies = [\"USD\"] }}\nmerchant = \"text\"\n\n[[rule]]\nname = \"one signature\"\n\
         [[rule.stage]]\nname = \"review\"\napprovers = [\"user:ana\"]\nescalate = [{{ after = \"8h\", to = [\"user:ana\"] }}]\n\
         expire = {{ after = \"72h\" }}\n\n[[on.approved]]\nname = \"pay\"\nhttp = {{ url = \"http://{receiver}/pay\" }}\n"
    )
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
