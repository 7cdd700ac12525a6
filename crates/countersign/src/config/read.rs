//! What the settings mean: addresses, paths, spans of time, networks, references to secrets.

use super::layers::{HookText, Layered, Origin, Said};
use super::{Config, LimitsConfig, LogConfig, Provider, SummaryConfig};
use crate::engine::owed::{self, Hook};
use crate::engine::sessions::SessionRules;
use crate::openid::Provider as IdentityProvider;
use countersign_core::policy::diagnostic::{Diagnostic, did_you_mean};
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// No notice waits for a model longer than this.
const BUDGET_MAX: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn config(path: Option<&Path>, layered: Layered) -> Result<Config, Vec<Diagnostic>> {
    let folder = path.and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    let mut meaning = Meaning { layered, folder };
    let config = meaning.config(path);
    let wrong = meaning.layered.wrong;
    config.filter(|_| wrong.is_empty()).ok_or(wrong)
}

struct Meaning {
    layered: Layered,
    folder: PathBuf,
}

type At = (&'static str, &'static str);

impl Meaning {
    fn config(&mut self, path: Option<&Path>) -> Option<Config> {
        let listen = self.parsed::<SocketAddr>(("server", "listen"), "an address and a port, like `127.0.0.1:7171`");
        let public_url = self.public_url();
        let database = self.database();
        let summary = self.summary();
        let allow_commands = self.parsed::<bool>(("actions", "allow_commands"), "`true` or `false`");
        let allow_networks = self.all(("webhooks", "allow_networks"), "a network like `10.0.0.0/8` or `::1/128`", false);
        let confirm_links = self.parsed::<bool>(("notices", "confirm_links"), "`true` or `false`");
        let retry = self.retry();
        let secrets = self.all(("secrets", "allow"), "`env:NAME` or `file:PATH`", true);
        let hooks = std::mem::take(&mut self.layered.hooks);
        let hooks = hooks.into_iter().map(|hook| self.hook(hook)).collect::<Vec<_>>();
        let requests = self.parsed(("limits", "requests_per_second"), "a whole number from 1");
        let strangers = self.parsed(("limits", "strangers_per_second"), "a whole number from 1");
        let body = self.parsed(("limits", "body_bytes"), "a whole number from 1024 to 16777216");
        let providers = self.providers();
        let sessions = self.sessions();
        let log = self.log();
        Some(Config {
            file: path.map(Path::to_owned),
            listen: listen?,
            public_url: public_url?,
            database: database?,
            policies: self.path(("policies", "dir"))?,
            directory: self.path(("directory", "file"))?,
            summary: summary?,
            allow_commands: allow_commands?,
            allow_networks,
            confirm_links: confirm_links?,
            retry,
            secrets,
            hooks: hooks.into_iter().collect::<Option<Vec<_>>>()?,
            providers,
            sessions: sessions?,
            limits: LimitsConfig { requests_per_second: requests?, strangers_per_second: strangers?, body_bytes: body? },
            log: log?,
        })
    }

    fn said(&self, at: At) -> Option<Said> {
        self.layered.texts.get(&at).cloned()
    }

    fn wrong(&mut self, origin: &Origin, message: String, suggestion: Option<String>) {
        self.layered.wrong.push(origin.finding("bad_value", message, false).suggest(suggestion));
    }

    fn parsed<T: FromStr>(&mut self, at: At, expected: &str) -> Option<T> {
        let (text, origin) = self.said(at)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong(&origin, format!("`{}.{}`: expected {expected}", at.0, at.1), None);
        }
        value
    }

    fn all<T: FromStr>(&mut self, at: At, expected: &str, secret: bool) -> Vec<T> {
        let (list, _) = self.layered.lists.get(&at).cloned().unzip();
        let mut values = Vec::new();
        for (text, origin) in list.unwrap_or_default() {
            match text.parse() {
                Ok(value) => values.push(value),
                Err(_) => self.layered.wrong.push(origin.finding("bad_value", format!("`{}.{}`: expected {expected}", at.0, at.1), secret)),
            }
        }
        values
    }

    fn path(&mut self, at: At) -> Option<PathBuf> {
        let (text, origin) = self.said(at)?;
        if text.is_empty() {
            self.wrong(&origin, format!("`{}.{}`: expected a path", at.0, at.1), None);
            return None;
        }
        let joined = self.folder.join(text);
        Some(joined.components().collect())
    }

    fn public_url(&mut self) -> Option<String> {
        let (text, origin) = self.said(("server", "public_url"))?;
        let good = text.is_empty() || web_url(&text).is_some_and(|url| url.query().is_none() && url.fragment().is_none());
        if !good {
            self.wrong(&origin, "`server.public_url`: expected a URL like `https://approvals.example`".into(), None);
        }
        good.then(|| text.trim_end_matches('/').to_owned())
    }

    fn database(&mut self) -> Option<PathBuf> {
        let (text, origin) = self.said(("database", "url"))?;
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            let message = "PostgreSQL is not supported yet: this version keeps everything in one SQLite file";
            let hint = Some("url = \"sqlite://countersign.db\"".to_owned());
            self.layered.wrong.push(origin.finding("not_yet", message, true).suggest(hint));
            return None;
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).filter(|path| !path.is_empty() && *path != ":memory:");
        if path.is_none() {
            self.layered.wrong.push(origin.finding("bad_value", "`database.url`: expected `sqlite://` and a path", true));
        }
        path.map(|path| self.folder.join(path))
    }

    fn summary(&mut self) -> Option<SummaryConfig> {
        let (word, origin) = self.said(("summary", "provider"))?;
        let provider = match word.as_str() {
            "ollama" => Provider::Ollama,
            "openai" => Provider::OpenAi,
            "plain" => Provider::Plain,
            _ => {
                self.wrong(&origin, format!("`{word}` is no value of `summary.provider`"), did_you_mean(&word, ["ollama", "openai", "plain"]));
                Provider::Plain
            }
        };
        let (url, at) = self.said(("summary", "url"))?;
        if provider != Provider::Plain && web_url(&url).is_none() {
            self.wrong(&at, "`summary.url`: expected a URL like `http://127.0.0.1:11434`".into(), None);
        }
        let (model, at) = self.said(("summary", "model"))?;
        if provider != Provider::Plain && model.trim().is_empty() {
            self.wrong(&at, "`summary.model`: expected the name of a model, like `llama3.2`".into(), None);
        }
        let (key, at) = self.said(("summary", "key"))?;
        let reference = key.parse().ok();
        if reference.is_none() && !key.is_empty() {
            self.layered.wrong.push(at.finding("bad_value", "`summary.key`: a secret is named `env:NAME` or `file:PATH`, never written here", true));
        }
        let budget = self.budget()?;
        Some(SummaryConfig { provider, url, model, budget, key: reference })
    }

    fn budget(&mut self) -> Option<SignedDuration> {
        let (text, origin) = self.said(("summary", "budget"))?;
        let budget = span_of(&text).filter(|budget| *budget <= BUDGET_MAX);
        if budget.is_none() {
            self.wrong(&origin, "`summary.budget`: expected a time of at most 60s, like `10s`".into(), None);
        }
        budget
    }

    fn retry(&mut self) -> Vec<SignedDuration> {
        let (list, _) = self.layered.lists.get(&("webhooks", "retry")).cloned().unzip();
        let mut waits = Vec::new();
        for (text, origin) in list.unwrap_or_default() {
            match span_of(&text) {
                Some(wait) => waits.push(wait),
                None => self.wrong(&origin, "`webhooks.retry`: expected times like `5s`, `2m`, `1h`".into(), None),
            }
        }
        waits
    }

    fn hook(&mut self, hook: HookText) -> Option<Hook> {
        let before = self.layered.wrong.len();
        if web_url(&hook.url.0).is_none() {
            self.layered.wrong.push(hook.url.1.finding("bad_value", "`webhook.url`: expected an http or https URL", true));
        }
        if let Some((text, origin)) = hook.secret.as_ref().filter(|(text, _)| text.parse::<crate::outbound::secret::SecretRef>().is_err()) {
            let message = if text.starts_with("whsec_") { "a secret is never written here: name it" } else { "`webhook.secret`: a secret is named" };
            self.layered.wrong.push(origin.finding("bad_value", format!("{message} `env:NAME` or `file:PATH`"), true));
        }
        let flat = match hook.format.as_ref().map(|(text, _)| text.as_str()) {
            None | Some("standard") => false,
            Some("flat") => true,
            Some(word) => {
                let hint = did_you_mean(word, ["standard", "flat"]);
                let (message, origin) = (format!("`{word}` is no value of `webhook.format`"), hook.format.as_ref().map(|(_, origin)| origin.clone()));
                if let Some(origin) = origin {
                    self.wrong(&origin, message, hint);
                }
                false
            }
        };
        for (pattern, origin) in hook.events.iter().filter(|(pattern, _)| !owed::means_something(pattern)) {
            let hint = did_you_mean(pattern, owed::type_names().into_iter().chain(["approval.*"]));
            self.wrong(origin, format!("`webhook.events`: nothing that is sent is called `{pattern}`"), hint);
        }
        let mut events: Vec<String> = hook.events.into_iter().map(|(text, _)| text).collect();
        let policies = hook.policies.into_iter().map(|(text, _)| text).collect();
        if events.is_empty() {
            events.push("approval.*".into());
        }
        (self.layered.wrong.len() == before).then(|| super::hook(hook.url.0, hook.secret.map(|(text, _)| text), events, policies, flat))
    }

    fn providers(&mut self) -> Vec<IdentityProvider> {
        let mut known = std::collections::BTreeSet::new();
        let providers = std::mem::take(&mut self.layered.providers);
        let mut read = Vec::new();
        for (provider, origin, secret) in providers {
            if !known.insert(provider.id.clone()) {
                self.wrong(&origin, format!("there are two providers with the id `{}`", provider.id), None);
            }
            let reference = secret.as_ref().map(|(text, _)| text.parse());
            if let (Some(Err(_)), Some((_, at))) = (&reference, &secret) {
                let message = "`provider.client_secret`: a secret is named `env:NAME` or `file:PATH`, never written here";
                self.layered.wrong.push(at.finding("inline_secret", message, true));
            }
            read.push(IdentityProvider { client_secret: reference.and_then(Result::ok), ..provider });
        }
        read
    }

    fn sessions(&mut self) -> Option<SessionRules> {
        let mut lasting = |key: &'static str| {
            let (text, origin) = self.said(("sessions", key))?;
            let lasts = long_span_of(&text);
            if lasts.is_none() {
                self.wrong(&origin, format!("`sessions.{key}`: expected a time like `30m`, `12h` or `7d`"), None);
            }
            lasts
        };
        let (idle, absolute) = (lasting("idle"), lasting("absolute"));
        Some(SessionRules { idle: idle?, absolute: absolute? })
    }

    fn log(&mut self) -> Option<LogConfig> {
        let (level, at) = self.said(("log", "level"))?;
        const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];
        if !LEVELS.contains(&level.as_str()) {
            self.wrong(&at, format!("`{level}` is no value of `log.level`"), did_you_mean(&level, LEVELS));
        }
        let (format, at) = self.said(("log", "format"))?;
        if !["text", "json"].contains(&format.as_str()) {
            self.wrong(&at, format!("`{format}` is no value of `log.format`"), did_you_mean(&format, ["text", "json"]));
        }
        Some(LogConfig { level, json: format == "json" })
    }
}

/// A positive span of time: `10s`, `2m`, `1h 30m`.
fn span_of(text: &str) -> Option<SignedDuration> {
    text.parse::<SignedDuration>().ok().filter(|span| span.is_positive())
}

/// A positive span of time in which a day is 24 hours: `7d`, `12h`.
fn long_span_of(text: &str) -> Option<SignedDuration> {
    let span: jiff::Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok().filter(|span| span.is_positive())
}

fn web_url(text: &str) -> Option<url::Url> {
    url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}
