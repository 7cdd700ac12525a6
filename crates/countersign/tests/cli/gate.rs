//! `gate`: the program runs once people agreed, not before, and its exit status is the exit status.

use crate::site::{Server, Site, err, out, program};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// The gate in front of this program, as the machine with the key.
fn gate(site: &Site, server: &Server, key: &str, run: &[&str]) -> Command {
    gate_under("deploy", site, server, key, run)
}

fn gate_under(policy: &str, site: &Site, server: &Server, key: &str, run: &[&str]) -> Command {
    gate_at(policy, site, &server.url, key, run)
}

fn gate_at(policy: &str, site: &Site, url: &str, key: &str, run: &[&str]) -> Command {
    let mut command = program(site.path());
    command.args(["gate", policy, "--requester", "leo", "--"]).args(run).env("COUNTERSIGN_URL", url).env("COUNTERSIGN_KEY", key);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What is in the inbox of the person signed in, as soon as something is.
fn waiting(site: &Site, child: &mut Child) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let inbox: Value = serde_json::from_str(&site.expect(0, &["--json", "inbox"])).unwrap();
        if let Some(id) = inbox["items"][0]["id"].as_str() {
            return id.to_owned();
        }
        assert!(Instant::now() < until, "nothing came");
        assert_eq!(child.try_wait().unwrap(), None, "the gate did not wait");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server, a machine's key, and zoe signed in at the terminal.
fn guarded() -> (Site, Server, String) {
    let site = Site::new();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read", "--acts-for", "any"]);
    let link = site.expect(0, &["login-link", "zoe"]);
    site.expect(0, &["login", link.trim()]);
    (site, server, key.trim().to_owned())
}

#[test]
fn what_a_rule_allows_runs_at_once_without_the_key() {
    let (site, server, key) = guarded();
    let dry = gate_under("rehearse", &site, &server, &key, &["sh", "-c", "echo ran; test -z \"$COUNTERSIGN_KEY\" && exit 7"]).output().unwrap();
    assert_eq!((dry.status.code(), out(&dry).as_str()), (Some(7), "ran\n"), "{}", err(&dry));
}

#[test]
fn what_a_person_approves_runs_only_then_and_its_exit_status_is_passed_on() {
    let (site, server, key) = guarded();
    for status in [0, 9] {
        let script = format!("echo {status} >> deployed; exit {status}");
        let mut child = gate(&site, &server, &key, &["sh", "-c", &script]).spawn().unwrap();
        let id = waiting(&site, &mut child);
        let ran = || std::fs::read_to_string(site.path().join("deployed")).unwrap_or_default();
        assert!(!ran().contains(&status.to_string()), "it ran before anybody agreed");
        site.expect(0, &["approve", &id, "--revision", "1", "-m", "go"]);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(status), "{}", err(&done));
        assert!(ran().contains(&status.to_string()), "{}", err(&done));
    }
}

#[test]
fn what_a_person_rejects_never_runs_and_exits_with_four() {
    let (site, server, key) = guarded();
    let mut child = gate(&site, &server, &key, &["touch", "deployed"]).spawn().unwrap();
    let id = waiting(&site, &mut child);
    site.expect(0, &["reject", &id, "--revision", "1", "-m", "not on a Friday"]);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    assert!(err(&done).contains("nothing was run") && !site.path().join("deployed").exists(), "{}", err(&done));
    site.expect(0, &["comment", &id, "on Monday, then"]);
    let shown = site.expect(0, &["show", &id]);
    assert!(shown.lines().any(|line| line.starts_with("outcome") && line.ends_with(": not on a Friday")), "{shown}");
    assert!(shown.contains("(reject), ") && shown.contains("on Monday, then"), "what people said is read back: {shown}");
    assert!(site.expect(0, &["why", &id]).contains(": not on a Friday"));
}

#[test]
fn what_a_rule_denies_or_what_is_withdrawn_never_runs() {
    let (site, server, key) = guarded();
    let mut child = gate(&site, &server, &key, &["touch", "deployed"]).spawn().unwrap();
    let id = waiting(&site, &mut child);
    let taken = program(site.path()).args(["withdraw", &id]).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", &key).output().unwrap();
    assert!(taken.status.success(), "{}", err(&taken));
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4));
    let missing = gate_under("rehearse", &site, &server, &key, &["no-such-program"]).output().unwrap();
    assert_eq!((missing.status.code(), err(&missing).contains("cannot be started")), (Some(3), true), "{}", err(&missing));
    assert!(!site.path().join("deployed").exists());
}

#[test]
fn of_two_that_wait_under_one_key_one_runs() {
    let (site, server, key) = guarded();
    let waits = || {
        let mut command = program(site.path());
        command.args(["gate", "deploy", "--requester", "leo", "--idempotency-key", "release-7", "--", "sh", "-c", "echo ran >> deployed"]);
        command.env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", &key).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut both = [waits(), waits()];
    let said = both.each_mut().map(|child| first_line(child.stderr.take().unwrap()));
    assert!(said.iter().all(|(line, _)| line.starts_with("waiting for approval") && *line == said[0].0), "{said:?}");
    let id = waiting(&site, &mut both[0]);
    site.expect(0, &["approve", &id, "--revision", "1", "-m", "go"]);
    let ends = both.map(|mut child| child.wait().unwrap().code());
    let words = said.map(|(_, mut rest)| std::io::read_to_string(&mut rest).unwrap());
    assert_eq!(std::fs::read_to_string(site.path().join("deployed")).unwrap(), "ran\n", "{ends:?} {words:?}");
    let late = if ends[0] == Some(0) { 1 } else { 0 };
    assert_eq!((ends[1 - late], ends[late]), (Some(0), Some(1)), "{words:?}");
    assert!(words[late].contains("already_run") && words[late].contains("nothing was run here"), "{words:?}");
}

/// What is said first, and the rest.
fn first_line(from: ChildStderr) -> (String, BufReader<ChildStderr>) {
    let (mut from, mut line) = (BufReader::new(from), String::new());
    from.read_line(&mut line).unwrap();
    (line, from)
}

#[test]
fn an_answer_that_never_comes_runs_nothing() {
    let (site, server, key) = guarded();
    let mut child = gate_at("deploy", &site, &format!("http://{}", lossy(&server.url)), &key, &["touch", "deployed"]).spawn().unwrap();
    let id = waiting(&site, &mut child);
    site.expect(0, &["approve", &id, "--revision", "1", "-m", "go"]);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(3), "{}", err(&done));
    assert!(err(&done).contains("nothing was run here") && err(&done).contains("not known"), "{}", err(&done));
    assert!(!site.path().join("deployed").exists());
    let again = program(site.path()).args(["--json", "show", &id]).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", &key).output().unwrap();
    let approved: Value = serde_json::from_str(&out(&again)).unwrap();
    let digest = approved["payload_digest"].as_str().unwrap();
    let body = serde_json::json!({ "payload_digest": digest }).to_string();
    let head = format!("POST /v1/requests/{id}/run HTTP/1.1\r\nhost: server\r\nconnection: close\r\nauthorization: Bearer {key}\r\n");
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(stream, "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let answer = std::io::read_to_string(stream).unwrap();
    assert!(answer.starts_with("HTTP/1.1 409") && answer.contains("already_run"), "the claim had been taken: {answer}");
}

/// The address of a way to this server that passes everything on, but for the answer to a claim.
fn lossy(url: &str) -> std::net::SocketAddr {
    let server = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let server = TcpStream::connect(&server).unwrap();
            std::thread::spawn(move || pass_on(client.unwrap(), server));
        }
    });
    address
}

fn pass_on(mut client: TcpStream, mut server: TcpStream) {
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let claiming = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let claimed = claiming.clone();
    let order = std::sync::atomic::Ordering::SeqCst;
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            if claimed.load(order) {
                break;
            }
            to_client.write_all(&buffer[..length]).unwrap();
        }
        let _ = to_client.shutdown(std::net::Shutdown::Both);
    });
    let mut buffer = [0; 65_536];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        if String::from_utf8_lossy(&buffer[..length]).contains("/run HTTP/1.1") {
            claiming.store(true, order);
        }
        server.write_all(&buffer[..length]).unwrap();
    }
}
