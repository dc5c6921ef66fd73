//! The binary: configuration, wiring, telemetry, shutdown and commands. It decides nothing: the rule is the engine's,
//! and everything that lasts is the store's.
//!
//! Start reading at [`run`], then `cli` for what there is to type and `commands` for what each of them does.

mod cli;
mod commands;
mod config;
mod environment;
mod failure;
mod files;
mod instant;
mod output;
mod service;
mod telemetry;
mod wiring;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use cli::Cli;
use commands::Context;
use failure::{Code, Failure};

/// Runs the command that the arguments name; the first is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, &arguments),
    };
    let context = Context {
        config: cli.config,
        json: cli.json,
    };
    match commands::run(&context, cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::fail(&failure, context.json),
    }
}

/// All that is wrong with the text of a configuration file and an environment, without a command: for tests that feed
/// them with anything.
#[doc(hidden)]
pub fn mistakes_of_settings(path: &Path, text: &str, environment: Vec<(OsString, OsString)>) -> Vec<String> {
    config::mistakes(path, text, environment)
}

/// Help and version are answers; everything else that clap says is a mistake in the arguments.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let asked_for_json = arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    if error.use_stderr() && asked_for_json {
        return output::fail(&usage(error), true);
    }
    // Nobody is left to tell when even this cannot be written.
    let _closed = error.print();
    ExitCode::from(if error.use_stderr() { Code::Usage.exit() } else { 0 })
}

/// What clap says, as one failure.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.trim().trim_start_matches("error: ");
    let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    Failure::usage(message).hint(tip.unwrap_or("`--help` says what there is"))
}
