//! `countersign serve`: binds, starts, says one line when it is ready, stops on a signal.

use super::{ConfigArgs, Exit, Failure, terminal};
use crate::app::local::WayIn;
use crate::app::run::stop_on_signals;
use crate::app::{App, StartFault};
use crate::config::{Config, LogConfig};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Run the server.
#[derive(clap::Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let config = self.config.load()?;
        log(&config.log);
        let stop = stop_on_signals().map_err(|error| Failure::fault(format!("cannot take signals: {error}")))?;
        let listener = listen(&config).await?;
        let bound = listener.local_addr().map_err(|error| Failure::fault(error.to_string()))?;
        let app = App::assemble(config.clone(), bound, None).await?;
        let engine = app.engine.clone();
        let leave = WayIn::leave(&config, bound, &app.local_secret);
        leave.map_err(|error| StartFault::Write(config.admin_file().display().to_string(), error))?;
        tracing::info!(store = app.opened.engine, migrations = app.opened.migrated.len(), policies = engine.shelf().policies().len(), "starting");
        terminal::say(&format!("countersign ready on http://{bound}"));
        let served = app.run(listener, stop).await;
        WayIn::close(&config);
        served.map_err(|error| Failure::fault(error.to_string()))?;
        Ok(Exit::Done)
    }
}

/// Binds the address of the configuration.
pub(crate) async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    TcpListener::bind(config.listen).await.map_err(|error| StartFault::Listen(config.listen, error).into())
}

/// Logs to standard error; what is printed for people and machines goes to standard output.
pub(crate) fn log(config: &LogConfig) {
    let filter = EnvFilter::new(format!("{},hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,notify=warn,cel=warn", config.level));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal::colour_on_stderr()).with_target(false);
    // A second subscriber cannot be set; the first one stays.
    let _ = if config.json { builder.json().try_init() } else { builder.try_init() };
}

impl From<StartFault> for Failure {
    fn from(fault: StartFault) -> Self {
        match fault {
            StartFault::NoDirectory(found) => Self::findings("there is no directory to start with: nobody could be asked", found),
            other => Self::fault(other.to_string()),
        }
    }
}
