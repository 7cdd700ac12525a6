//! The server's configuration: the embedded defaults, over them a file, over that the environment. Every
//! wrong key or value is an error with its place; nothing is read as if it were not there.

use crate::engine::owed::{Hook, lane_of_url};
use crate::engine::sessions::SessionRules;
use crate::openid;
use crate::outbound::guard::Network;
use crate::outbound::secret::SecretRef;
use countersign_core::policy::diagnostic::Diagnostic;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

mod layers;
mod provider;
mod read;

/// The commented defaults; `init` copies from them.
pub const DEFAULTS: &str = include_str!("config.default.toml");
/// The file that is looked for where no other is named.
pub const FILE_NAME: &str = "countersign.toml";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from, if there was one.
    pub file: Option<PathBuf>,
    /// Address of API and web.
    pub listen: SocketAddr,
    /// Base of every link, without a slash at the end; empty for the address listened on.
    public_url: String,
    /// The SQLite file.
    pub database: PathBuf,
    /// The folder of policies.
    pub policies: PathBuf,
    /// The file of people and groups.
    pub directory: PathBuf,
    /// Who writes summaries.
    pub summary: SummaryConfig,
    /// Whether policies may run local programs.
    pub allow_commands: bool,
    /// Private networks that may be reached.
    pub allow_networks: Vec<Network>,
    /// Whether notices to people carry a link that confirms one decision.
    pub confirm_links: bool,
    /// Waits after failed tries.
    pub retry: Vec<SignedDuration>,
    /// Secrets that may be named.
    pub secrets: Vec<SecretRef>,
    /// Webhooks that take every event.
    pub hooks: Vec<Hook>,
    /// Where people sign in.
    pub providers: Vec<openid::Provider>,
    /// How long people stay signed in.
    pub sessions: SessionRules,
    /// Against floods.
    pub limits: LimitsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
}

/// How much anybody may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitsConfig {
    /// One key or person, a second.
    pub requests_per_second: NonZeroU32,
    /// One address that does not prove who it is, a second.
    pub strangers_per_second: NonZeroU32,
    /// The largest body.
    pub body_bytes: BodyBytes,
}

/// How large a body may be, in bytes: 1 KiB to 16 MiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodyBytes(pub usize);

impl std::str::FromStr for BodyBytes {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|bytes| (1 << 10..=16 << 20).contains(bytes)).map(Self).ok_or(())
    }
}

/// Who writes the summaries.
#[derive(Clone, Debug)]
pub struct SummaryConfig {
    /// Which kind of server.
    pub provider: Provider,
    /// Where it is.
    pub url: String,
    /// Which model.
    pub model: String,
    /// How long a notice waits for it.
    pub budget: SignedDuration,
    /// The key of an OpenAI-compatible server.
    pub key: Option<SecretRef>,
}

/// The kinds of server that can write summaries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provider {
    /// Ollama's own protocol.
    Ollama,
    /// Any server with OpenAI's chat completions.
    OpenAi,
    /// No model.
    Plain,
}

/// What is logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogConfig {
    /// `error`, `warn`, `info` or `debug`.
    pub level: String,
    /// One JSON object a line.
    pub json: bool,
}

impl Config {
    /// Reads the file (the one named, or `countersign.toml` here if there is one) and the environment.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let here = Path::new(FILE_NAME);
        let Some(path) = file.or_else(|| here.is_file().then_some(here)) else {
            return Self::parse(None, "", environment);
        };
        let source = crate::placed::text(path, "the configuration").map_err(|found| vec![*found])?;
        Self::parse(Some(path), &source, environment)
    }

    /// Reads these texts. Relative paths count from the file's folder.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(path: Option<&Path>, source: &str, environment: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let name = path.map_or_else(|| FILE_NAME.to_owned(), |path| path.display().to_string());
        let layered = layers::layered(&name, source, environment);
        read::config(path, layered)
    }

    /// The base of every link, once the address is known.
    #[must_use]
    pub fn public_url(&self, bound: SocketAddr) -> String {
        if self.public_url.is_empty() { format!("http://{bound}") } else { self.public_url.clone() }
    }

    /// Sets the base of every link.
    pub fn set_public_url(&mut self, url: &str) {
        url.trim_end_matches('/').clone_into(&mut self.public_url);
    }

    /// Where a running server leaves the way to itself, for `key` and `login-link` on the same machine.
    #[must_use]
    pub fn admin_file(&self) -> PathBuf {
        let mut name = self.database.as_os_str().to_owned();
        name.push(".admin");
        PathBuf::from(name)
    }
}

/// A webhook for every event.
fn hook(url: String, secret: Option<String>, events: Vec<String>, policies: Vec<String>, flat: bool) -> Hook {
    let id = countersign_core::canonical::Digest::of(format!("{url} {flat}").as_bytes()).hex();
    Hook { id, lane: lane_of_url(&url), url, secret, events, policies, flat }
}

/// An error of the file system in a few plain words.
#[must_use]
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(source: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let found = Config::parse(None, source, &environment).unwrap_err();
        found
            .iter()
            .map(|one| format!("{}:{}:{} {} [{}]", one.file, one.line, one.column, one.message, one.suggestion.clone().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn the_commented_file_is_the_defaults() {
        let config = Config::parse(None, "", &BTreeMap::new()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:7171");
        assert_eq!(config.public_url(config.listen), "http://127.0.0.1:7171");
        assert_eq!(config.database, Path::new("countersign.db"));
        assert_eq!(config.summary.provider, Provider::Ollama);
        assert_eq!(config.summary.budget, SignedDuration::from_secs(10));
        assert_eq!(config.retry.len(), 13);
        assert!(!config.allow_commands && config.hooks.is_empty() && config.secrets.is_empty());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = [("COUNTERSIGN_SERVER_LISTEN", "[::1]:9"), ("COUNTERSIGN_WEBHOOKS_RETRY", "1s, 2m")];
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let config = Config::parse(Some(Path::new("/etc/c/countersign.toml")), "[server]\nlisten = '1.2.3.4:5'", &environment).unwrap();
        assert_eq!(config.listen.to_string(), "[::1]:9");
        assert_eq!(config.retry, [SignedDuration::from_secs(1), SignedDuration::from_mins(2)]);
        assert_eq!(config.policies, Path::new("/etc/c/policies"));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place_and_a_suggestion() {
        assert_eq!(wrong("[server]\nlistn = 'x'\n", &[]), ["countersign.toml:2:1 unknown key `listn` in [server] [did you mean `listen`?]"]);
        assert_eq!(wrong("[servr]\n", &[]), ["countersign.toml:1:2 unknown section `servr` [did you mean `server`?]"]);
        assert_eq!(
            wrong("", &[("COUNTERSIGN_SERVER_LISTN", "x")]),
            ["COUNTERSIGN_SERVER_LISTN:1:1 there is no such setting [did you mean `COUNTERSIGN_SERVER_LISTEN`?]"]
        );
    }

    #[test]
    fn a_password_in_a_database_url_is_not_repeated() {
        let found = Config::parse(None, "[database]\nurl = 'postgres://u:hunter2@h/d'", &BTreeMap::new()).unwrap_err();
        assert!(found[0].message.contains("not supported yet"), "{}", found[0].message);
        assert!(!found[0].render(false).contains("hunter2"));
    }

    #[test]
    fn a_provider_is_read_and_every_fault_of_it_has_its_place() {
        let good = "[[provider]]\nid='corp'\nissuer='https://login.example'\nclient_id='c'\nclient_secret='env:CORP'\ngroups_claim='groups'\ngroups={ 'a b' = 'finance' }\n";
        let config = Config::parse(None, good, &BTreeMap::new()).unwrap();
        let provider = &config.providers[0];
        assert_eq!((provider.name.as_str(), provider.scopes.join(" ").as_str(), provider.trust_email), ("corp", "email profile", false));
        assert_eq!(provider.groups["a b"].as_str(), "finance");
        let cases = [
            (good.replace("client_id", "cliend_id"), "4:1 unknown key `cliend_id` in [[provider]] [did you mean `client_id`?]"),
            (good.replace("'corp'", "'Corp'"), "2:4 `Corp` is no id"),
            (good.replace("https:", "http:"), "3:8 `provider.issuer`: expected an https URL"),
            (good.replace("groups_claim='groups'", ""), "7:8 `groups` needs the claim that names them"),
            (format!("{good}{good}"), "9:4 there are two providers with the id `corp`"),
            (good.replace("env:CORP", "hunter2"), "5:15 `provider.client_secret`: a secret is named"),
            ("[[provder]]".to_owned(), "1:3 unknown section `provder` [did you mean `provider`?]"),
        ];
        for (source, expected) in cases {
            let found = wrong(&source, &[]);
            assert!(found.iter().any(|one| one.contains(expected)), "{source}\nexpected {expected}\nfound {found:#?}");
            let shown: String = Config::parse(None, &source, &BTreeMap::new()).unwrap_err().iter().map(|one| one.render(false)).collect();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert!(Config::parse(None, &good.replace("https://login.example", "http://127.0.0.1:9"), &BTreeMap::new()).is_ok());
    }

    #[test]
    fn wrong_values_name_what_was_expected() {
        let found = wrong(
            "[server]\nlisten = 7171\n[summary]\nprovider = 'olama'\nbudget = 'soon'\n[webhooks]\nallow_networks = ['10.0.0.0/99']\n[secrets]\nallow = ['hunter2']\n",
            &[],
        );
        assert_eq!(found.len(), 5, "{found:#?}");
        assert!(found[1].contains("did you mean `ollama`?"));
        assert!(!found[4].contains("hunter2"), "{}", found[4]);
    }
}
