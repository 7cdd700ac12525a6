//! The command line: what can be said to it, and which file does it. Sees the server over HTTP, the engine
//! where the store is its own, and nothing behind it.

use clap::{CommandFactory, Parser, Subcommand};
use countersign_core::policy::diagnostic::Diagnostic;
use std::path::PathBuf;

pub use exit::{Exit, Failure};

mod audit;
mod bulk;
mod decide;
mod demo;
mod doctor;
mod events;
mod exit;
mod gate;
mod import;
mod init;
mod keys;
mod operate;
mod payload;
mod policy;
mod requests;
mod serve;
mod server;
mod session;
mod submit;
mod terminal;

/// A human decision between what a machine proposes and what it does.
#[derive(Parser, Debug)]
#[command(name = "countersign", version, propagate_version = true, max_term_width = 80, subcommand_required = true, arg_required_else_help = true)]
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
    /// Write a configuration, a directory and a first policy, with comments.
    Init(init::Init),
    /// Run the server: API, web inbox, workers.
    Serve(serve::Serve),
    /// Look at everything that must be right, and list what is unsafe.
    Doctor(doctor::Doctor),
    /// API keys for machines.
    Key(keys::Key),
    /// Make a one-time sign-in link for a person.
    LoginLink(keys::LoginLink),
    /// Sign this terminal in as a person.
    Login(session::Login),
    /// Sign this terminal out.
    Logout(session::Logout),
    /// Submit a request, or one for every row of a file.
    Submit(submit::Submit),
    /// Bring in what another system kept.
    Import(import::Import),
    /// What waits for me, most urgent first.
    Inbox(requests::Inbox),
    /// List requests, newest first.
    List(requests::List),
    /// Show one request.
    Show(requests::Show),
    /// Why a request does not move.
    Why(requests::Why),
    /// Approve a request.
    Approve(decide::Decide),
    /// Reject a request, with a reason.
    Reject(decide::Decide),
    /// Return a request to its requester for changes, with a reason.
    RequestChanges(decide::Decide),
    /// Take your own request back.
    Withdraw(decide::Withdraw),
    /// Say something on a request.
    Comment(decide::Comment),
    /// Dead letters and further people, for operators.
    Operate(operate::Operate),
    /// Run a program once it is approved.
    Gate(gate::Gate),
    /// Events, as pages or live.
    Events(events::Events),
    /// Check, explain and test policies, without a server.
    Policy(policy::Policy),
    /// Check the record, or print the heads of its chains.
    Audit(audit::Audit),
    /// Copy the database to a new file while the server runs.
    Backup(audit::Backup),
    /// Completions for a shell, on standard output.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Where the server's configuration is.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ConfigArgs {
    /// The configuration file; that of COUNTERSIGN_CONFIG, or `countersign.toml` here, if there is one, without it.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads it.
    pub(crate) fn load(&self) -> Result<crate::config::Config, Failure> {
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let environment = environment.filter(|(name, _)| name != "COUNTERSIGN_CONFIG").collect();
        // Read here: the usage line of an error would show what a variable set as if it had to be typed.
        let named = std::env::var_os("COUNTERSIGN_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        let file = self.config.clone().or(named);
        crate::config::Config::load(file.as_deref(), &environment).map_err(|found| Failure::findings("the configuration does not load", found))
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
        match self.verb.run(json).await {
            Ok(exit) => exit,
            Err(failure) => {
                failure.print(json);
                failure.exit
            }
        }
    }
}

impl Verb {
    async fn run(self, json: bool) -> Result<Exit, Failure> {
        match self {
            Self::Demo(verb) => Box::pin(verb.run()).await,
            Self::Init(verb) => verb.run(),
            Self::Serve(verb) => Box::pin(verb.run()).await,
            Self::Doctor(verb) => verb.run(json).await,
            Self::Key(verb) => Box::pin(verb.run(json)).await,
            Self::LoginLink(verb) => Box::pin(verb.run(json)).await,
            Self::Login(verb) => verb.run(json).await,
            Self::Logout(verb) => verb.run().await,
            Self::Submit(verb) => Box::pin(verb.run(json)).await,
            Self::Import(verb) => Box::pin(verb.run(json)).await,
            Self::Inbox(verb) => verb.run(json).await,
            Self::List(verb) => verb.run(json).await,
            Self::Show(verb) => verb.run(json).await,
            Self::Why(verb) => verb.run(json).await,
            Self::Approve(verb) => verb.run("approve", json).await,
            Self::Reject(verb) => verb.run("reject", json).await,
            Self::RequestChanges(verb) => verb.run("request_changes", json).await,
            Self::Withdraw(verb) => verb.run(json).await,
            Self::Comment(verb) => verb.run(json).await,
            Self::Operate(verb) => verb.run(json).await,
            Self::Gate(verb) => Box::pin(verb.run(json)).await,
            Self::Events(verb) => verb.run(json).await,
            Self::Policy(verb) => verb.run(json),
            Self::Audit(verb) => verb.run(json).await,
            Self::Backup(verb) => verb.run(json).await,
            Self::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut std::io::stdout());
                Ok(Exit::Done)
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
