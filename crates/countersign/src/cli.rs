//! The command line: what can be said to it, and which file does it. Sees the server over HTTP, the engine
//! where the store is its own, and nothing behind it.

use clap::{Parser, Subcommand};
use countersign_core::policy::diagnostic::Diagnostic;
use std::path::PathBuf;

pub use exit::{Exit, Failure};

mod demo;
mod exit;
mod serve;
mod terminal;

/// A human decision between what a machine proposes and what it does.
#[derive(Parser, Debug)]
#[command(name = "countersign", version, propagate_version = true, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// JSON for machines instead of tables for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Run the demo: sample people, policies and requests in a temporary folder.
    Demo(demo::DemoArgs),
    /// Run the server: API, web inbox, workers.
    Serve(serve::Serve),
}

/// Where the server's configuration is.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ConfigArgs {
    /// The configuration file; `countersign.toml` here, if there is one, without it.
    #[arg(long, short, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads it.
    pub(crate) fn load(&self) -> Result<crate::config::Config, Failure> {
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let environment = environment.filter(|(name, _)| name != "COUNTERSIGN_CONFIG").collect();
        crate::config::Config::load(self.config.as_deref(), &environment).map_err(|found| Failure::findings("the configuration does not load", found))
    }
}

impl Cli {
    /// Reads the arguments; prints help and usage errors itself.
    ///
    /// # Errors
    /// With the code to exit with, when there is nothing to run.
    pub fn read() -> Result<Self, Exit> {
        Self::try_parse().map_err(|error| {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // A closed pipe is no reason to say more.
            let _ = error.print();
            exit
        })
    }

    /// Does it, says what went wrong, and answers with the code to exit with.
    pub async fn run(self) -> Exit {
        let json = self.json;
        let done = match self.verb {
            Verb::Demo(demo) => demo.run().await,
            Verb::Serve(serve) => serve.run().await,
        };
        match done {
            Ok(exit) => exit,
            Err(failure) => {
                failure.print(json);
                failure.exit
            }
        }
    }
}

/// Shows findings with their lines.
pub(crate) fn print_findings(found: &[Diagnostic]) {
    let colour = terminal::colour_on_stderr();
    for one in found {
        terminal::complain(&one.render(colour));
    }
}
