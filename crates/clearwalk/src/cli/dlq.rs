//! Records that were set aside.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What `dlq` does. All of it works beside a running service.
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Lists records that were set aside, in order of arrival.
    #[command(after_help = "Example: clearwalk dlq list --reason schema")]
    List(DlqListArgs),
    /// Prints one of them with its bytes, what is wrong with it, and what it would come to today.
    #[command(after_help = "Example: clearwalk dlq show 4711")]
    Show {
        /// Its offset, as `dlq list` prints it.
        offset: u64,
    },
    /// Sends them into the stream once more; each is a fresh record there, known from now on.
    #[command(
        after_help = "Example: clearwalk dlq redrive 4711 --record mended.json --because clock-was-wrong"
    )]
    Redrive(RedriveArgs),
    /// Lets them go; nobody waits for them any longer.
    #[command(
        after_help = "Example: clearwalk dlq drop --reason schema --because test-of-the-vendor --dry-run"
    )]
    Drop(DropArgs),
}

/// Options of `dlq list`.
#[derive(Debug, Args)]
pub(crate) struct DlqListArgs {
    /// Only those set aside for this reason.
    #[arg(long, value_name = "WORD")]
    pub(crate) reason: Option<String>,
    /// Only those in this state.
    #[arg(long, value_enum, default_value_t = EntryState::Open)]
    pub(crate) state: EntryState,
    /// At most so many.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
}

/// What became of a record that was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntryState {
    /// Nobody has handled it.
    Open,
    /// It was sent into the stream once more.
    Redriven,
    /// It was let go.
    Dropped,
    /// Any.
    All,
}

/// Which records, why, and who says so.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// One record, by its offset.
    #[arg(required_unless_present = "reason", conflicts_with = "reason")]
    pub(crate) offset: Option<u64>,
    /// All that nobody has handled and that were set aside for this reason.
    #[arg(long, value_name = "WORD")]
    pub(crate) reason: Option<String>,
    /// Why; kept with the record and in the audit log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) because: String,
    /// Who says so; else the login name.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Looks and counts only.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Options of `dlq redrive`.
#[derive(Debug, Args)]
pub(crate) struct RedriveArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// The corrected event, for one record.
    #[arg(long, value_name = "FILE", conflicts_with = "reason")]
    pub(crate) record: Option<PathBuf>,
}

/// Options of `dlq drop`.
#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}
