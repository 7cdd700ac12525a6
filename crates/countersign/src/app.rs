//! The composition root: the only place that knows every adapter. Opens the store, puts engine, workers and
//! doors together, runs them until told to stop, and stops them so that nothing is lost.

use crate::config::{Config, LimitsConfig, Provider, SummaryConfig};
use crate::engine::{Engine, Ports, Settings};
use crate::openid::Providers;
use crate::outbound::Outbound;
use crate::outbound::guard::Guard;
use crate::outbound::retry::Schedule;
use crate::outbound::secret::Secrets;
use crate::ports::{Summarizer, SystemClock, SystemRandom};
use crate::sources::Sources;
use crate::workers::perform::{Performer, Sinks};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_store::sqlite::OpenOptions;
use countersign_store::{Fault, Opened, SqliteStore};
use std::net::SocketAddr;
use std::sync::Arc;

pub mod local;
pub mod record;
pub mod run;

/// Prints a line where people see it: the demo's notices.
pub type Console = Arc<dyn Fn(&str) + Send + Sync>;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The database file.
    #[error("{0}")]
    Store(#[from] Fault),
    /// The engine could not do it.
    #[error("{0}")]
    Engine(#[from] crate::engine::EngineError),
    /// The address to listen on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The summary's model.
    #[error("{0}")]
    Summary(#[from] crate::summary::SummaryFault),
    /// The secret for the summary's model.
    #[error("`summary.key`: {0}")]
    Secret(#[from] crate::outbound::secret::SecretFault),
    /// Certificates.
    #[error("{0}")]
    Outbound(#[from] crate::outbound::OutboundFault),
    /// There is nobody who could be asked, and never was.
    #[error("there is no directory to start with")]
    NoDirectory(Vec<countersign_core::policy::diagnostic::Diagnostic>),
    /// A file that is written at the start.
    #[error("cannot write {0}: {1}")]
    Write(String, std::io::Error),
}

/// Everything put together, not yet running.
pub struct App {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The files that say what is in force.
    pub sources: Arc<Sources>,
    /// What opening the store found.
    pub opened: Opened,
    /// Opens the door of this machine.
    pub local_secret: String,
    performer: Arc<Performer>,
    limits: LimitsConfig,
    providers: Arc<Providers>,
}

/// Chooses the one TLS implementation; before anything connects.
pub fn install_tls() {
    // It fails only where one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl App {
    /// Opens the store and puts everything together for this address.
    ///
    /// # Errors
    /// When any part cannot be had.
    pub async fn assemble(config: Config, bound: SocketAddr, console: Option<Console>) -> Result<Self, StartFault> {
        local::make_private(&config.database).map_err(|error| StartFault::Write(config.database.display().to_string(), error))?;
        let store = Arc::new(SqliteStore::open(&config.database, &OpenOptions::default())?);
        let opened = store.opened().clone();
        let ports = Ports { log: store.clone(), records: store, clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) };
        let summarizer = summarizer(&config.summary).await?;
        let settings = Settings {
            public_url: config.public_url(bound),
            summary_budget: summarizer.as_ref().map(|_| config.summary.budget),
            hooks: config.hooks.clone(),
            sessions: config.sessions,
            confirm_links: config.confirm_links,
        };
        let engine = Arc::new(Engine::new(ports, settings));
        let sources = Arc::new(Sources::new(engine.clone(), &config, console.is_some()));
        sources.restore().await?;
        let standing = sources.reload().await;
        if engine.shelf().people().roster.version == 0 {
            return Err(StartFault::NoDirectory(standing.wrong.clone()));
        }
        let guard = Guard::allowing(config.allow_networks.iter().copied());
        let providers = Arc::new(Providers::new(config.providers.clone(), guard, Arc::new(SystemClock), Arc::new(SystemRandom))?);
        engine.health.introduce(config.database.clone(), summarizer.as_ref().map(|model| model.model()));
        let performer = performer(&engine, &config, summarizer, console)?;
        let local_secret = URL_SAFE_NO_PAD.encode(engine.draw::<32>());
        Ok(Self { engine, sources, opened, local_secret, performer, limits: config.limits, providers })
    }
}

fn performer(
    engine: &Arc<Engine>,
    config: &Config,
    summarizer: Option<Arc<dyn Summarizer>>,
    console: Option<Console>,
) -> Result<Arc<Performer>, StartFault> {
    let secrets = Secrets::allowing(config.secrets.iter().cloned());
    let outbound = Outbound::new(Guard::allowing(config.allow_networks.iter().copied()), secrets.clone())?;
    let webhook = Arc::new(crate::channel::webhook::Webhook::new(outbound.clone()));
    engine.lend_outlet(webhook.clone());
    let sinks = Sinks {
        webhook,
        console,
        http: Arc::new(crate::executor::http::HttpExecutor::new(outbound)),
        command: Arc::new(crate::executor::command::CommandExecutor::new(config.allow_commands, secrets)),
        summarizer,
        random: Arc::new(SystemRandom),
    };
    Ok(Arc::new(Performer::new(engine.clone(), sinks, Schedule::of(config.retry.iter().copied()))))
}

async fn summarizer(config: &SummaryConfig) -> Result<Option<Arc<dyn Summarizer>>, StartFault> {
    Ok(match config.provider {
        Provider::Plain => None,
        Provider::Ollama => Some(Arc::new(crate::summary::ollama::Ollama::new(&config.url, &config.model)?)),
        Provider::OpenAi => {
            let secrets = Secrets::allowing(config.key.iter().cloned());
            let key = match &config.key {
                Some(reference) => Some(secrets.resolve(reference).await?),
                None => None,
            };
            Some(Arc::new(crate::summary::openai::OpenAi::new(&config.url, &config.model, key)?))
        }
    })
}
