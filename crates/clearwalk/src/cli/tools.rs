//! Commands that need no store.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ModeWord;

/// Options of `decide`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk decide --policy policy.toml --zones zones.toml facts.jsonl")]
pub(crate) struct DecideArgs {
    /// One version of a policy; may be repeated. Without it the configured ones, with their zones and calendar.
    #[arg(long = "policy", value_name = "FILE", num_args = 1)]
    pub(crate) policies: Vec<PathBuf>,
    /// The zones file.
    #[arg(long, value_name = "FILE")]
    pub(crate) zones: Option<PathBuf>,
    /// The calendar file.
    #[arg(long, value_name = "FILE")]
    pub(crate) calendar: Option<PathBuf>,
    /// Judges at this instant (RFC 3339), without the facts known later; else at the latest time in the file.
    #[arg(long, value_name = "TIME", value_parser = crate::instant::parse)]
    pub(crate) as_of: Option<engine::time::Timestamp>,
    /// Then one line for each fact that stands in no case.
    #[arg(long)]
    pub(crate) all: bool,
    /// Facts as JSON lines; `-` reads standard input.
    #[arg(value_name = "FACTS.jsonl")]
    pub(crate) facts: PathBuf,
}

/// Options of `simulate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: clearwalk simulate --seed 1 --events 10000 --out facts.jsonl --truth truth.jsonl \
                        --owners owners.csv --zones zones.toml --policy policy.toml"
)]
pub(crate) struct SimulateArgs {
    /// The same seed makes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many lines, exactly.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) events: u64,
    /// How many vehicles; without it as many as come of their habits.
    #[arg(long)]
    pub(crate) vehicles: Option<u64>,
    /// The year in which it happens.
    #[arg(long, default_value_t = 2026)]
    pub(crate) year: i16,
    /// What the devices say of themselves.
    #[arg(long, value_enum, default_value_t = ModeWord::Live)]
    pub(crate) mode: ModeWord,
    /// Lines come late and out of order.
    #[arg(long)]
    pub(crate) shuffle: bool,
    /// Nothing goes wrong: no repeats, conflicts, unreadable plates or other faults.
    #[arg(long)]
    pub(crate) faultless: bool,
    /// Where the facts go; without it, or with `-`, standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where the right answers go.
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Where the registry of owners goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) owners: Option<PathBuf>,
    /// Where the zones file goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) zones: Option<PathBuf>,
    /// Where the policy goes under which the answers are right.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

/// The example, and every fault that a plan may name.
fn test_gateway_help() -> String {
    let sends: Vec<&str> = world::gateway::Fault::all()
        .map(world::gateway::Fault::name)
        .collect();
    let receipts: Vec<&str> = world::gateway::ReceiptFault::ALL
        .map(world::gateway::ReceiptFault::name)
        .to_vec();
    format!(
        "{TEST_GATEWAY_EXAMPLE}\n\nA plan gives each fault its share: `rates` of sends, `look_up_rates`, `receipts.rates`, \
         `connections` (close, reset, hang, idle, tls), `limits` (per_minute, per_hour, per_day, balance, revoked_after), \
         or names it for single messages.\n\nFaults of sends and look-ups: {}.\n\nFaults of receipts: {}.",
        sends.join(", "),
        receipts.join(", ")
    )
}

const TEST_GATEWAY_EXAMPLE: &str =
    "Example: clearwalk testgateway --listen 127.0.0.1:9100 --ledger ledger.jsonl --plan faults.toml";

/// Options of `testgateway`.
#[derive(Debug, Args)]
#[command(after_help = TEST_GATEWAY_EXAMPLE, after_long_help = test_gateway_help())]
pub(crate) struct TestGatewayArgs {
    /// Where it listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9100")]
    pub(crate) listen: SocketAddr,
    /// One line for each request, written before anybody sees what became of it; without it in memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Which faults befall which sends (TOML or JSON); without it every send is accepted.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The bearer token that requests must show: a file of one line.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What `policy` does.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Names every mistake of the policies and of the files beside them; exit 3 when there is one.
    Lint(LintArgs),
    /// Lists the versions, published and in the files.
    #[command(after_help = "Example: clearwalk policy list")]
    List,
    /// Prints one published or configured version as it was written.
    #[command(after_help = "Example: clearwalk policy show loudi-sidewalk@2026-03")]
    Show {
        /// `id@version`, or the id alone for its latest version.
        policy: String,
    },
}

/// Options of `policy lint`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk policy lint policy.toml --zones zones.toml")]
pub(crate) struct LintArgs {
    /// Policies; without any the configured ones.
    #[arg(value_name = "POLICY.toml")]
    pub(crate) policies: Vec<PathBuf>,
    /// A zones file to check as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) zones: Option<PathBuf>,
    /// A calendar to check as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) calendar: Option<PathBuf>,
    /// A templates file to check as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) templates: Option<PathBuf>,
}

/// What `config` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Writes a commented configuration and what it names, in a folder.
    #[command(after_help = "Example: clearwalk config init city")]
    Init {
        /// The folder; it is made if need be. No file in it is ever overwritten.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Checks the configuration and every file that it names; opens no network and no store.
    #[command(after_help = "Example: clearwalk config check --config city/clearwalk.toml")]
    Check,
    /// Prints every setting and where it comes from.
    #[command(after_help = "Example: clearwalk config show")]
    Show,
    /// Prints the JSON Schema of the configuration.
    #[command(after_help = "Example: clearwalk config schema")]
    Schema,
}

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk completions bash")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk man --out man")]
pub(crate) struct ManArgs {
    /// Writes the pages of all commands into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}
