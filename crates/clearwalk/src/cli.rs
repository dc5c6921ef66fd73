//! The command line: every command, its options and the words of its help.

mod dlq;
mod stores;
mod tokens;
mod tools;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::dlq::{DlqCommand, DlqListArgs, EntryState, WhichArgs};
pub(crate) use self::stores::{
    BackupArgs, CaseCommand, DbCommand, DigestArgs, ExportArgs, ExportFormat, ExportWhat, ImportArgs,
    ModeWord, NoticeArgs, NoticeCommand, ReconcileArgs, ResendArgs, RestoreArgs, SmsCommand, VerdictWord,
    VerifyArgs,
};
pub(crate) use self::tokens::TokenCommand;
pub(crate) use self::tools::{
    CompletionsArgs, ConfigCommand, DecideArgs, LintArgs, ManArgs, PolicyCommand, SimulateArgs,
    TestGatewayArgs,
};

/// Sidewalk parking: sightings become offences, the first of each window is waived, and the owner hears of it once.
///
/// Four commands to begin with: `clearwalk demo` shows everything without any set-up, `clearwalk decide` judges a file
/// of facts, `clearwalk config init` writes a configuration, `clearwalk serve` runs the service.
#[derive(Debug, Parser)]
#[command(name = "clearwalk", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 ok, 1 failure, 2 usage, 3 bad configuration or policy, 4 not found, 5 conflict, \
                        6 not permitted, 7 dependency unreachable, 8 partly done, 9 a check failed.\n\
                        Data goes to standard output, talk to standard error."
)]
pub(crate) struct Cli {
    /// The configuration file; else $CLEARWALK_CONFIG, else ./clearwalk.toml, else the built-in settings.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data and errors as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows everything in one process: a made-up city, a test gateway and a page; needs nothing.
    Demo(DemoArgs),
    /// Runs the service.
    Serve(ServeArgs),
    /// Reads records of another system into the stream.
    Import(ImportArgs),
    /// Judges a file of facts, without a store and without a network.
    Decide(DecideArgs),
    /// Writes what the store holds.
    Export(ExportArgs),
    /// Checks on a copy of the store what the product promises.
    Verify(VerifyArgs),
    /// Writes the facts of a made-up city and the right answers.
    Simulate(SimulateArgs),
    /// Runs an SMS provider that goes wrong as a plan says.
    #[command(name = "testgateway")]
    TestGateway(TestGatewayArgs),
    /// One hash over all effective decisions.
    Digest(DigestArgs),
    /// Shows a case, or says something about it.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Holds, releases or cancels one message that was not sent.
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// Records that were set aside: lists and shows them, sends them once more or lets them go.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// The state of sending; stops and resumes it.
    #[command(subcommand)]
    Sms(SmsCommand),
    /// Makes, lists and revokes tokens of people and machines.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Checks, lists and shows policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Writes, checks and shows the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Looks at everything that the service needs, and says what to mend.
    #[command(after_help = "Example: clearwalk doctor --config clearwalk.toml")]
    Doctor,
    /// The database: schema, copies.
    #[command(subcommand)]
    Db(DbCommand),
    /// Prints the completions for a shell.
    Completions(CompletionsArgs),
    /// Prints the manual page, or writes one for every command.
    Man(ManArgs),
    /// Prints the version.
    #[command(after_help = "Example: clearwalk version --json")]
    Version,
}

/// Options of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk demo --once")]
pub(crate) struct DemoArgs {
    /// Where the page listens, on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Processes the demo data, prints the summary and exits.
    #[arg(long)]
    pub(crate) once: bool,
    /// How many lines the city's devices send in the year.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: u64,
    /// The same seed makes the same city.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk serve --config clearwalk.toml")]
pub(crate) struct ServeArgs {
    /// What this process does; without it everything.
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    pub(crate) roles: Vec<RoleWord>,
}

/// A role of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    /// Reads facts and decides.
    Intake,
    /// Sends messages.
    Dispatch,
    /// Looks after calls and deadlines.
    Upkeep,
    /// The page and the operations API.
    Web,
}

impl RoleWord {
    /// What a process does where nothing else is said.
    pub(crate) const ALL: [Self; 4] = [Self::Intake, Self::Dispatch, Self::Upkeep, Self::Web];

    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Dispatch => "dispatch",
            Self::Upkeep => "upkeep",
            Self::Web => "web",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>) {
        if !command.has_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            found.push((path.to_owned(), help));
        }
        for part in command.get_subcommands() {
            leaves(part, &format!("{path} {}", part.get_name()), found);
        }
    }

    #[test]
    fn every_command_has_an_example_that_is_right() {
        let mut found = Vec::new();
        leaves(&Cli::command(), "clearwalk", &mut found);
        assert!(found.len() > 25);
        for (command, help) in found {
            let examples: Vec<&str> = help
                .lines()
                .filter_map(|line| line.strip_prefix("Example: "))
                .collect();
            assert!(!examples.is_empty(), "{command} has no example");
            for example in examples {
                assert!(example.starts_with(&command), "{command}: {example}");
                let parsed = Cli::try_parse_from(example.split(' '));
                assert!(parsed.is_ok(), "{example}: {}", parsed.expect_err("checked"));
            }
        }
    }
}
