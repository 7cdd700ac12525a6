//! Keys and sign-in links, for whoever may write to the database on this machine: through the running server's
//! local door, or in the store itself where no server runs.

use super::server::{Server, base_of};
use super::{ConfigArgs, Exit, Failure, terminal};
use crate::app::App;
use crate::app::local::{KeyWords, WayIn, create_key, login_url};
use crate::config::Config;
use crate::engine::keys::KeyRecord;
use crate::engine::{Engine, EngineError};
use clap::Subcommand;
use countersign_core::id::PersonId;
use serde_json::{Value, json};
use std::sync::Arc;

/// API keys for machines.
#[derive(clap::Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Subcommand, Debug)]
enum KeyVerb {
    /// Make a key; it is printed once and never again.
    Create {
        /// For people to recognise it by.
        name: String,
        /// submit, read, read:all, decide:on-behalf, operate, admin; separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// For whom it submits: a person, or `any`.
        #[arg(long, value_name = "PERSON")]
        acts_for: Option<String>,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// All keys, revoked ones too.
    List {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Revoke a key, at once.
    Revoke {
        /// Its id or name.
        key: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Make a one-time sign-in link for a person.
#[derive(clap::Args, Debug)]
pub(crate) struct LoginLink {
    /// The person's id.
    person: String,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Where keys live: behind the running server, or in the file.
enum Keys {
    Running(Server),
    File(Arc<Engine>),
}

impl Keys {
    async fn open(config: &Config) -> Result<Self, Failure> {
        if let Some(way) = WayIn::read(config) {
            let server = Server::new(base_of(&way.url)?, Some(way.secret))?;
            // A file left behind by a server that was killed leads nowhere.
            if server.get::<Value>(&["local", "keys"], &[]).await.is_ok() {
                return Ok(Self::Running(server));
            }
        }
        let app = App::assemble(config.clone(), config.listen, None).await?;
        Ok(Self::File(app.engine))
    }
}

impl Key {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        match self.verb {
            KeyVerb::Create { name, scope, acts_for, config } => create(&config.load()?, KeyWords { name, scopes: scope, acts_for }, json).await,
            KeyVerb::List { config } => list(&config.load()?, json).await,
            KeyVerb::Revoke { key, config } => revoke(&config.load()?, &key, json).await,
        }
    }
}

async fn create(config: &Config, words: KeyWords, json: bool) -> Result<Exit, Failure> {
    words.clone().meaning().map_err(Failure::usage)?;
    let mut answer: Value = match Keys::open(config).await? {
        Keys::Running(server) => server.post(&["local", "keys"], &json!(words), None).await?,
        Keys::File(engine) => {
            let (key, secret) = create_key(&engine, words.meaning().map_err(Failure::usage)?).await?;
            json!({ "key": key, "secret": secret })
        }
    };
    if json {
        // What the record keeps of the secret is nobody's business.
        let key = answer.get_mut("key").and_then(Value::as_object_mut);
        key.and_then(|key| key.remove("hash"));
        terminal::say(&answer.to_string());
    } else {
        terminal::say(answer.get("secret").and_then(Value::as_str).unwrap_or_default());
        terminal::complain("keep it now: it is not shown again");
    }
    Ok(Exit::Done)
}

async fn list(config: &Config, json: bool) -> Result<Exit, Failure> {
    let keys: Vec<KeyRecord> = match Keys::open(config).await? {
        Keys::Running(server) => {
            let answer: Value = server.get(&["local", "keys"], &[]).await?;
            serde_json::from_value(answer.get("items").cloned().unwrap_or_default()).unwrap_or_default()
        }
        Keys::File(engine) => engine.list_keys().await?,
    };
    if json {
        let items: Vec<Value> = keys.iter().map(public).collect();
        terminal::say(&json!({ "items": items }).to_string());
        return Ok(Exit::Done);
    }
    let now = jiff::Timestamp::now();
    let moment = |at: &Option<jiff::Timestamp>| at.map_or_else(|| "–".to_owned(), |at| terminal::moment(&at.to_string(), now));
    if terminal::narrow() {
        for key in &keys {
            let acts_for = key.acts_for.as_deref().map_or_else(String::new, |person| format!(", acts for {}", terminal::clean(person)));
            let revoked = key.revoked_at.as_ref().map_or_else(String::new, |_| format!(", revoked {}", moment(&key.revoked_at)));
            terminal::say(&terminal::clean(&key.name));
            terminal::say(&format!("  {}{acts_for}, last used {}{revoked}", key.scopes.join(", "), moment(&key.last_used_at)));
            terminal::say(&format!("  {}", key.id));
        }
        return Ok(Exit::Done);
    }
    let mut table = terminal::table(&["id", "name", "scopes", "acts for", "last used", "revoked"]);
    for key in &keys {
        let acts_for = key.acts_for.clone().unwrap_or_else(|| "–".into());
        table.add_row([
            key.id.clone(),
            terminal::clean(&key.name),
            key.scopes.join(", "),
            acts_for,
            moment(&key.last_used_at),
            moment(&key.revoked_at),
        ]);
    }
    terminal::say_table(&table);
    Ok(Exit::Done)
}

async fn revoke(config: &Config, key: &str, json: bool) -> Result<Exit, Failure> {
    let record: Value = match Keys::open(config).await? {
        Keys::Running(server) => server.delete::<Value>(&["local", "keys", key]).await?.get("key").cloned().unwrap_or_default(),
        Keys::File(engine) => {
            let revoked = engine.revoke_key(key).await?;
            public(&revoked.ok_or_else(|| Failure::refused("there is no key of this id or name"))?)
        }
    };
    if json {
        terminal::say(&record.to_string());
    } else {
        terminal::say(&format!("revoked {}", record.get("id").and_then(Value::as_str).unwrap_or_default()));
    }
    Ok(Exit::Done)
}

/// A key without its hash.
fn public(key: &KeyRecord) -> Value {
    let mut value = json!(key);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("hash");
    }
    value
}

impl LoginLink {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        let url = match Keys::open(&config).await? {
            Keys::Running(server) => {
                let answer: Value = server.post(&["local", "login-links"], &json!({ "person": self.person }), None).await?;
                answer.get("url").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            Keys::File(engine) => {
                let secret = engine.create_login_link(&PersonId::new(self.person)).await?;
                login_url(&engine.settings().public_url, &secret)
            }
        };
        terminal::say(&if json { json!({ "url": url }).to_string() } else { url });
        Ok(Exit::Done)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Refused(refusal) => Self::refused(format!("{}: {}", refusal.code(), refusal.detail())),
            EngineError::Fault(_) | EngineError::Busy => Self::fault(error.to_string()),
            _ => Self::refused(error.to_string()),
        }
    }
}
