//! `chaos`: runs a campaign by hand and prints what it came to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chaos::{kills, sms};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "chaos",
    about = "Campaigns against the real binary",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Messages under every fault of the provider, with kills, freezes and people
    Sms {
        /// How many messages are owed
        #[arg(long, default_value_t = 100_000)]
        notices: u64,
        /// The longest time until it is calmed, in minutes
        #[arg(long, default_value_t = 30)]
        minutes: u64,
        #[command(flatten)]
        every: Every,
    },
    /// Kills of the service while facts come in over HTTP
    Kills {
        /// How often it is killed
        #[arg(long, default_value_t = 200)]
        kills: u32,
        /// How many clients send
        #[arg(long, default_value_t = 4)]
        clients: u64,
        #[command(flatten)]
        every: Every,
    },
}

#[derive(Args)]
struct Every {
    /// Where the dice begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program under test; without it the one beside this program
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Keeps all files in this folder, which must not be there yet
    #[arg(long)]
    keep: Option<PathBuf>,
}

impl Every {
    fn binary(&self) -> Result<PathBuf> {
        match &self.binary {
            Some(binary) => Ok(std::path::absolute(binary)?),
            None => Ok(std::env::current_exe()?.with_file_name("clearwalk")),
        }
    }

    /// The folder, and what removes it in the end unless it is kept.
    fn folder(&self) -> Result<(PathBuf, Option<tempfile::TempDir>)> {
        if let Some(folder) = &self.keep {
            std::fs::create_dir(folder).with_context(|| folder.display().to_string())?;
            return Ok((std::path::absolute(folder)?, None));
        }
        let folder = tempfile::tempdir()?;
        Ok((folder.path().to_owned(), Some(folder)))
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(violations) => {
            eprintln!("{violations} violations");
            ExitCode::from(9)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Answers the number of violations.
fn run(command: Command) -> Result<u64> {
    match command {
        Command::Sms {
            notices,
            minutes,
            every,
        } => {
            let (folder, _guard) = every.folder()?;
            let outcome = sms::run(&sms::Options {
                binary: every.binary()?,
                folder,
                notices,
                seed: every.seed,
                disturbances: 40,
                peace: 10_000,
                longest: Duration::from_mins(minutes),
                refusal: Duration::from_secs(2),
                concurrency: 128,
                dawn: Duration::from_mins(2),
            })?;
            print!("{outcome}");
            Ok(outcome.violations())
        }
        Command::Kills {
            kills,
            clients,
            every,
        } => {
            let (folder, _guard) = every.folder()?;
            let outcome = kills::run(&kills::Options {
                binary: every.binary()?,
                folder,
                kills,
                seed: every.seed,
                clients,
                life: Duration::from_millis(700),
            })?;
            print!("{outcome}");
            Ok(outcome.violations())
        }
    }
}
