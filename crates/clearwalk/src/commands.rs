//! The commands, one module each.

mod case;
mod config;
mod db;
mod decide;
mod demo;
mod digest;
mod dlq;
mod doctor;
mod export;
mod import;
mod lint;
mod manual;
mod notice;
mod policy;
mod serve;
mod simulate;
mod sms;
mod test_gateway;
mod token;
mod verify;
mod version;

use std::path::PathBuf;

pub(crate) use self::export::unsent;
use crate::cli::Command;
use crate::environment::variable;
use crate::failure::{Code, Failure};

/// What every command is given.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// `--json`.
    pub(crate) json: bool,
}

/// Runs one command to its end.
pub(crate) fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Decide(args) => decide::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
        Command::Serve(args) => serve::run(context, &args),
        Command::Case(command) => case::run(context, &command),
        Command::Db(command) => db::run(context, &command),
        Command::Doctor => doctor::run(context),
        Command::Export(args) => export::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Notice(command) => notice::run(context, &command),
        Command::Dlq(command) => dlq::run(context, &command),
        Command::Sms(command) => sms::run(context, &command),
        Command::Digest(args) => digest::run(context, &args),
        Command::Import(args) => import::run(context, &args),
        Command::Simulate(args) => simulate::run(context, &args),
        Command::TestGateway(args) => test_gateway::run(context, &args),
        Command::Token(command) => token::run(context, &command),
        Command::Policy(command) => policy::run(context, &command),
        Command::Config(command) => config::run(context, &command),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::run(&args),
        Command::Version => version::run(context),
    }
}

/// The runtime of commands that wait for something.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Failure, format!("no threads to run on: {error}")))
}

/// Who says so: as given, else the login name, else the number of the user. The audit log wants somebody.
fn actor(by: Option<&str>) -> Result<String, Failure> {
    let login = || variable("USER").or_else(|| variable("LOGNAME"));
    let name = by
        .map(str::to_owned)
        .or_else(login)
        .map(|name| name.trim().to_owned());
    let name = name.filter(|name| !name.is_empty()).or_else(user_number);
    name.ok_or_else(|| Failure::usage("nobody says this: there is no login name").hint("add --by NAME"))
}

/// Services and containers have no login name.
#[cfg(target_os = "linux")]
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let this_process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid {}", this_process.uid()))
}

#[cfg(not(target_os = "linux"))]
fn user_number() -> Option<String> {
    None
}
