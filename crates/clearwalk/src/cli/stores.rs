//! Commands that read or write the store.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use engine::time::Timestamp;

/// Whether notices follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeWord {
    /// Owners are told.
    Live,
    /// Counted, and nobody is told.
    History,
}

/// From when records are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KnownWord {
    /// From now: the city did not have them when it decided.
    Now,
}

/// Options of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: clearwalk import tickets.csv.gz --map deploy/mappings/philadelphia-2013.toml --process"
)]
pub(crate) struct ImportArgs {
    /// Files to read; .gz and .zst are unpacked.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How rows become facts.
    #[arg(long, value_name = "MAP.toml")]
    pub(crate) map: PathBuf,
    /// Also decides, to the end.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) process: bool,
    /// Overrides the mapping's mode.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeWord>,
    /// Takes the clock as the time of every record.
    #[arg(long, value_enum)]
    pub(crate) known: Option<KnownWord>,
    /// Reads and counts only.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Options of `digest`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk digest --as-of 2026-03-01T08:00:00+08:00")]
pub(crate) struct DigestArgs {
    /// The decisions as they were at this instant (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = crate::instant::parse)]
    pub(crate) as_of: Option<Timestamp>,
}

/// Options of `export`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk export cases --format csv")]
pub(crate) struct ExportArgs {
    /// What to write.
    #[arg(value_enum)]
    pub(crate) what: ExportWhat,
    /// How.
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub(crate) format: ExportFormat,
    /// Shows whole phone numbers; leaves a line in the audit log.
    #[arg(long, requires = "reason")]
    pub(crate) reveal: bool,
    /// Why numbers are shown.
    #[arg(long, requires = "reveal")]
    pub(crate) reason: Option<String>,
    /// Of the audit log: only where it stands, on one line to be published elsewhere.
    #[arg(long, conflicts_with = "reveal")]
    pub(crate) checkpoint: bool,
}

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk verify --gateway-ledger gateway.jsonl")]
pub(crate) struct VerifyArgs {
    /// What the gateway received, by its own account.
    #[arg(long, value_name = "FILE")]
    pub(crate) gateway_ledger: Option<PathBuf>,
    /// Lines that `export audit --checkpoint` printed earlier.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Looks at exports that `--keep` left, and at no store.
    #[arg(long, value_name = "DIR")]
    pub(crate) exports: Option<PathBuf>,
    /// Leaves the exports that were looked at there.
    #[arg(long, value_name = "DIR", conflicts_with = "exports")]
    pub(crate) keep: Option<PathBuf>,
}

/// A table of `export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportWhat {
    /// The log of facts, as they were sent.
    Facts,
    /// What our own work wrote for intake.
    Inner,
    /// A digest of each ledger.
    Ledgers,
    /// What was read, and how.
    Records,
    /// All versions of all cases.
    Cases,
    /// Notices.
    Notices,
    /// Calls of providers.
    Attempts,
    /// The chained audit log.
    Audit,
}

impl ExportWhat {
    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Inner => "inner",
            Self::Ledgers => "ledgers",
            Self::Records => "records",
            Self::Cases => "cases",
            Self::Notices => "notices",
            Self::Attempts => "attempts",
            Self::Audit => "audit",
        }
    }
}

/// A form of `export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line.
    Jsonl,
    /// With a header; lists joined by spaces.
    Csv,
}

/// What `case` does. All but `show` append a fact of their own to the stream and print the case that follows.
#[derive(Debug, Subcommand)]
pub(crate) enum CaseCommand {
    /// Prints a case, its history and its notices.
    #[command(after_help = "Example: clearwalk case show 260305-V7F83B8S0FS9")]
    Show {
        /// The case's number.
        case: String,
    },
    /// Voids a case.
    #[command(after_help = "Example: clearwalk case void 260305-V7F83B8S0FS9 --reason rescue")]
    Void {
        /// The case's number.
        case: String,
        /// Why: emergency_vehicle, stolen_plate, rescue, handled_on_the_spot, conflicting_signs, unclear_record,
        /// plate_mismatch, exempt, device_recall, merged or other.
        #[arg(long)]
        reason: String,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Confirms or rejects a case.
    #[command(after_help = "Example: clearwalk case review 260305-V7F83B8S0FS9 confirmed")]
    Review {
        /// The case's number.
        case: String,
        /// The verdict.
        #[arg(value_enum)]
        verdict: VerdictWord,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// Which of its observations is meant; else the first.
        #[arg(long, value_name = "SOURCE#ID")]
        fact: Option<String>,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Corrects the plate of one of a case's observations.
    #[command(after_help = "Example: clearwalk case plate 260305-V7F83B8S0FS9 湘K12345 --class 02")]
    Plate {
        /// The case's number.
        case: String,
        /// The right plate.
        plate: String,
        /// Its class.
        #[arg(long)]
        class: Option<String>,
        /// Its colour.
        #[arg(long)]
        color: Option<String>,
        /// Which of its observations; else the first.
        #[arg(long, value_name = "SOURCE#ID")]
        fact: Option<String>,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// A person decides the outcome.
    #[command(after_help = "Example: clearwalk case discretion 260305-V7F83B8S0FS9 waived --reason hardship")]
    Discretion {
        /// The case's number.
        case: String,
        /// waived, warned, reminded, corrected, penalty_proposed, penalty_decided, voided or not_punishable.
        outcome: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

impl CaseCommand {
    /// The case's number.
    pub(crate) fn case(&self) -> &str {
        match self {
            Self::Show { case }
            | Self::Void { case, .. }
            | Self::Review { case, .. }
            | Self::Plate { case, .. }
            | Self::Discretion { case, .. } => case,
        }
    }

    /// Who says so, where that was given.
    pub(crate) fn by(&self) -> Option<&str> {
        match self {
            Self::Show { .. } => None,
            Self::Void { by, .. }
            | Self::Review { by, .. }
            | Self::Plate { by, .. }
            | Self::Discretion { by, .. } => by.as_deref(),
        }
    }
}

/// The verdict of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictWord {
    /// It is an offence.
    Confirmed,
    /// It is none.
    Rejected,
}

/// What `notice` does.
#[derive(Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    /// Stops a queued message until it is released.
    #[command(after_help = "Example: clearwalk notice hold n-0123456789ABCDEFGHJK --reason unclear")]
    Hold(NoticeArgs),
    /// Lets a held message go on.
    #[command(after_help = "Example: clearwalk notice release n-0123456789ABCDEFGHJK --reason checked")]
    Release(NoticeArgs),
    /// Ends a message that was not sent, for good.
    #[command(after_help = "Example: clearwalk notice cancel n-0123456789ABCDEFGHJK --reason told-in-person")]
    Cancel(NoticeArgs),
    /// Has a message said again that did not arrive, where it is still true.
    #[command(after_help = "Example: clearwalk notice resend n-0123456789ABCDEFGHJK --reason new-phone")]
    Resend(ResendArgs),
}

/// Options of `notice resend`.
#[derive(Debug, Args)]
pub(crate) struct ResendArgs {
    #[command(flatten)]
    pub(crate) notice: NoticeArgs,
    /// How you know that it did not go out; required where nobody else knows.
    #[arg(long)]
    pub(crate) evidence: Option<String>,
}

/// Options of `notice`.
#[derive(Debug, Args)]
pub(crate) struct NoticeArgs {
    /// The notice's id, as exports print it.
    pub(crate) notice: String,
    /// Why; kept with the notice and in the audit log.
    #[arg(long)]
    pub(crate) reason: String,
    /// Who says so; else the login name.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// What `sms` does.
#[derive(Debug, Subcommand)]
pub(crate) enum SmsCommand {
    /// How many notices are in which state, and whether sending is paused.
    #[command(after_help = "Example: clearwalk sms status")]
    Status,
    /// Stops sending, over restarts; calls in flight end.
    #[command(after_help = "Example: clearwalk sms pause --reason maintenance")]
    Pause {
        /// One provider; else everything.
        provider: Option<String>,
        /// Why; kept in the audit log.
        #[arg(long)]
        reason: String,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Sends again.
    #[command(after_help = "Example: clearwalk sms resume")]
    Resume {
        /// One provider; else everything.
        provider: Option<String>,
        /// Also where the database was put back from a copy and nobody has asked what was sent since.
        #[arg(long, requires = "reason")]
        force: bool,
        /// Why; kept in the audit log.
        #[arg(long)]
        reason: Option<String>,
        /// Who says so; else the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// After the database was put back from a copy: asks the providers what was sent since, and then sends again.
    #[command(after_help = "Example: clearwalk sms reconcile --dry-run")]
    Reconcile(ReconcileArgs),
}

/// Options of `sms reconcile`.
#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// Since when messages may have been sent of which the database knows nothing (RFC 3339); else as the database says.
    #[arg(long, value_name = "TIME", value_parser = crate::instant::parse)]
    pub(crate) since: Option<Timestamp>,
    /// How many attempts at one message may have been made since then.
    #[arg(long, value_name = "N", default_value_t = pipeline::reconcile_sent::ATTEMPTS, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) attempts: u32,
    /// Asks, and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who says so; else the login name.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// What `db` does.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Brings the schema up to date, making the database if need be.
    #[command(after_help = "Example: clearwalk db migrate")]
    Migrate,
    /// Prints the version of the schema and the size.
    #[command(after_help = "Example: clearwalk db status --json")]
    Status,
    /// Copies the database while it is in use.
    Backup(BackupArgs),
    /// Puts a copy in the place of the database, which must not be in use.
    Restore(RestoreArgs),
}

/// Options of `db backup`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk db backup clearwalk.backup.db")]
pub(crate) struct BackupArgs {
    /// The copy. The key file is not in it: keep that one too, in another place.
    pub(crate) to: PathBuf,
    /// Replaces a copy that is there already.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Options of `db restore`.
#[derive(Debug, Args)]
#[command(after_help = "Example: clearwalk db restore clearwalk.backup.db --yes")]
pub(crate) struct RestoreArgs {
    /// The copy.
    pub(crate) from: PathBuf,
    /// Yes, the present database is replaced; it is kept beside with the ending `.before-restore`.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Who says so; else the login name.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}
