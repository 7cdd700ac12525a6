//! What takes more than one command. Each subcommand is a short file; continuous integration runs the same.

use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod programs;
mod run;
mod tally;
mod test;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that continuous integration runs: format, lints, all tests, scenarios, simulation.
    Test {
        /// Under a minute, after a change: no simulation, no crashes.
        #[arg(long)]
        quick: bool,
        /// How long the simulation runs, in seconds.
        #[arg(long, default_value_t = 300)]
        sim_seconds: u64,
    },
    /// The seeded simulation.
    Sim {
        /// Play one seed and print its record.
        #[arg(long)]
        seed: Option<u64>,
        /// How many seeds.
        #[arg(long, default_value_t = 100_000)]
        seeds: u64,
    },
    /// Plays the scenarios; with --accept writes what happened into the files.
    Scenarios {
        /// Rewrite the right-hand sides.
        #[arg(long)]
        accept: bool,
    },
    /// The benchmark, beside a bare program in the same run.
    Bench {
        /// Only this part.
        part: Option<String>,
    },
    /// kill -9 in the middle of load, many times.
    Crash {
        /// How many times.
        #[arg(long, default_value_t = 200)]
        rounds: u32,
    },
    /// The demo.
    Demo,
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    // The counts are the last thing that the tests say.
    let tests = matches!(command, Command::Test { .. });
    let done = match command {
        Command::Test { quick, sim_seconds } => test::all(quick, sim_seconds),
        Command::Sim { seed, seeds } => test::sim(seed, seeds),
        Command::Scenarios { accept } => test::scenarios(accept),
        Command::Bench { part } => test::bench(part.as_deref()),
        Command::Crash { rounds } => test::crash(rounds),
        Command::Demo => run::cargo(&["run", "--package", "countersign", "--", "demo"], &[]),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            if !tests {
                eprintln!("failed: {failed}");
            }
            ExitCode::FAILURE
        }
    }
}
