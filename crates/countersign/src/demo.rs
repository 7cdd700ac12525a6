//! The demo: a temporary folder with sample people, policies and requests in every state, a payment service
//! that receives the actions, a sign-in link per person, and the notices in the terminal.

use crate::app::{App, StartFault};
use crate::config::Config;
use crate::engine::Engine;
use countersign_core::id::PersonId;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

mod files;
mod model;
mod payments;
mod stories;

pub use model::Writer;
pub use payments::Payments;

/// How the demo is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The port of API and pages; any free one where it is taken.
    pub port: u16,
    /// Whether to leave the notices out of the terminal.
    pub quiet: bool,
    /// Where a model's server may run that speaks Ollama's API.
    pub models: String,
}

/// A demo that is set up and not yet running.
pub struct Demo {
    /// Where everything lies; removed at the end.
    pub folder: Folder,
    /// The address of API and pages.
    pub bound: SocketAddr,
    /// The payment service.
    pub payments: Payments,
    /// Who writes the summaries.
    pub writer: Writer,
    app: App,
    listener: TcpListener,
}

/// A folder of its own that goes with the demo.
pub struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
        let path = std::env::temp_dir().join(format!("countersign-demo-{:016x}", u64::from_le_bytes(random)));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Demo {
    /// Writes the folder, starts the payment service, puts the application together and fills it.
    ///
    /// # Errors
    /// When a file cannot be written, a port cannot be had, or the application does not start.
    pub async fn set_up(wanted: Wanted) -> Result<Self, StartFault> {
        let folder = Folder::new().map_err(|error| StartFault::Write("the demo's folder".into(), error))?;
        let payments = Payments::start().await.map_err(|error| StartFault::Write("the payment service".into(), error))?;
        let listener = listen(wanted.port).await?;
        let bound = listener.local_addr().map_err(|error| StartFault::Write("the listener".into(), error))?;
        files::write(folder.path(), bound, &payments).map_err(|error| StartFault::Write(folder.path().display().to_string(), error))?;
        let mut config = Config::load(Some(&folder.path().join("countersign.toml")), &BTreeMap::new()).map_err(StartFault::NoDirectory)?;
        let quiet = wanted.quiet;
        let stories_told = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = stories_told.clone();
        // Notices of the samples would bury the links; those of what the visitor does are the point.
        let console = Arc::new(move |line: &str| {
            if !quiet && told.load(std::sync::atomic::Ordering::Relaxed) {
                // The address has a line for itself, where it can be clicked whole.
                match line.rsplit_once(" http") {
                    Some((words, address)) => println!("  {words}\n    http{address}"),
                    None => println!("  {line}"),
                }
            }
        });
        let writer = model::find(&wanted.models).await;
        let mut app = App::assemble(config.clone(), bound, Some(console.clone())).await?;
        stories::tell(&app.engine).await?;
        app.work_off().await;
        // The samples are hundreds: a model would be busy with them for an hour. It writes for what the visitor does.
        if let Some(summary) = writer.clone().into_config(&wanted.models, &config.summary) {
            drop(app);
            config.summary = summary;
            app = App::assemble(config, bound, Some(console)).await?;
        }
        stories_told.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(Self { folder, bound, payments, writer, app, listener })
    }

    /// The engine, for links and keys.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.app.engine
    }

    /// A sign-in link for each sample person: who they are, and where to click.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn links(&self) -> Result<Vec<(String, String)>, StartFault> {
        let mut links = Vec::new();
        for (id, role) in files::PEOPLE_SHOWN {
            let secret = self.app.engine.create_login_link(&PersonId::from(id)).await?;
            let name = self.app.engine.shelf().people().name(&PersonId::from(id));
            links.push((format!("{name}, {role}"), format!("http://{}/login/{secret}", self.bound)));
        }
        Ok(links)
    }

    /// A key that submits for anybody, for the printed `curl` line.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn key(&self) -> Result<String, StartFault> {
        use crate::engine::caller::{ActsFor, Scope};
        let scopes = [Scope::Submit, Scope::Read].into_iter().collect();
        let new = crate::engine::keys::NewKey { name: "demo".into(), scopes, acts_for: ActsFor::Anybody };
        Ok(self.app.engine.create_key(&new).await?.1)
    }

    /// Runs until told to stop.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        let Self { folder, app, listener, payments, .. } = self;
        let ran = app.run(listener, stop).await;
        drop((payments, folder));
        ran
    }
}

/// The wanted port, or any free one where it is taken.
async fn listen(port: u16) -> Result<TcpListener, StartFault> {
    let wanted = SocketAddr::from(([127, 0, 0, 1], port));
    if let Ok(listener) = TcpListener::bind(wanted).await {
        return Ok(listener);
    }
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    TcpListener::bind(any).await.map_err(|error| StartFault::Listen(any, error))
}
