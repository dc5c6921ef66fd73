//! `cargo xtask`: set-up, the demo, the whole check, tidy.
//!
//! It depends on no crate of the product and on nothing that compiles C, so it runs where the product cannot be built yet
//! and can install what is missing.

mod bench;
mod chaos;
mod demo;
mod fuzz;
mod gate;
mod process;
mod setup;
mod tidy;
mod totals;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Set-up, demo, checks",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make sure that what the build needs is on this machine
    Setup,
    /// Set up, build the release and run `clearwalk demo`; further arguments go to it
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Set up, then formatting, lints, tidy, documents and every test
    #[command(visible_alias = "ci")]
    Test,
    /// Check the rules that the compiler cannot: crate edges, where SQL stands, sizes
    Tidy,
    /// Run all benchmarks or one and keep what they print; arguments after `--` go to it
    Bench {
        name: Option<String>,
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Run a campaign against the release binary: `sms`, `kills`; further arguments go to it
    Chaos {
        campaign: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Feed every parser with what it should refuse: targets, `--runs`, `--seed`, `--seconds`, `--list`
    Fuzz {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Format every crate
    Fmt,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Setup => setup::run()?,
        Command::Demo { arguments } => demo::run(root(), &arguments)?,
        Command::Test => return gate::run(root()),
        Command::Tidy => tidy::run(root())?,
        Command::Bench { name, arguments } => bench::run(root(), name.as_deref(), &arguments)?,
        Command::Chaos { campaign, arguments } => chaos::run(root(), &campaign, &arguments)?,
        Command::Fuzz { arguments } => fuzz::run(root(), &arguments)?,
        Command::Fmt => process::run(process::cargo(root()).args(["fmt", "--all"]))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the workspace: xtask is always run by cargo from the tree it was built in.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn arguments_of_the_demo_pass_through() {
        let parsed = Arguments::try_parse_from(["xtask", "demo", "--once", "--port", "9000"]).unwrap();
        let Command::Demo { arguments } = parsed.command else {
            panic!("not the demo")
        };
        assert_eq!(arguments, ["--once", "--port", "9000"]);
    }
}
