//! `dlq`: the queue of records that were set aside. What is re-driven goes into the stream as a fresh record, and the command
//! answers when it has been decided on; the record that was set aside stays as it was read.

mod handle;
mod show;

use engine::case::Reason;
use ports::quarantine::{Handling, Outcome, QuarantineStore as _};
use ports::read::StoredRecord;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

use super::{Context, actor};
use crate::cli::{DlqCommand, DlqListArgs, EntryState};
use crate::failure::{Code, Failure};
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

/// Records read at a time.
const PAGE: usize = 500;

pub(crate) fn run(context: &Context, command: &DlqCommand) -> Result<(), Failure> {
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        match command {
            DlqCommand::List(args) => list(context, &store, args).await?,
            DlqCommand::Show { offset } => show::run(context, &store, *offset).await?,
            DlqCommand::Redrive(args) => {
                let deed = handle::Deed::redrive(args.record.as_deref())?;
                handle::run(context, &settings, &store, &args.which, deed).await?;
            }
            DlqCommand::Drop(args) => {
                handle::run(context, &settings, &store, &args.which, handle::Deed::Drop).await?;
            }
        }
        wiring::close(store).await;
        Ok(())
    })
}

/// A record that was set aside, and what was done about it.
struct Entry {
    record: StoredRecord,
    handling: Option<Handling>,
}

/// Entries in order of arrival, page by page.
struct Entries<'s> {
    store: &'s SqliteStore,
    after: u64,
}

impl<'s> Entries<'s> {
    fn of(store: &'s SqliteStore) -> Self {
        Self { store, after: 0 }
    }

    /// The next page; empty: that was all.
    async fn page(&mut self) -> Result<Vec<Entry>, Failure> {
        let records = self.store.aside(self.after, PAGE).await?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(Vec::new());
        };
        let handlings = self.store.handlings(first.position, last.position).await?;
        self.after = last.position;
        let mut handlings = handlings.into_iter().peekable();
        let entry = |record: StoredRecord| {
            let handling = handlings.next_if(|handling| handling.position == record.position);
            Entry { record, handling }
        };
        Ok(records.into_iter().map(entry).collect())
    }
}

impl Entry {
    /// The one at an offset.
    async fn find(store: &SqliteStore, offset: u64) -> Result<Self, Failure> {
        let none = || {
            let message = format_args!("no record that was set aside has the offset {offset}");
            Failure::new(Code::NotFound, message).hint("`clearwalk dlq list --state all` lists all of them")
        };
        // Nothing stands beyond what the store can count to.
        let before = offset.checked_sub(1).filter(|_| i64::try_from(offset).is_ok());
        let found = store.aside(before.ok_or_else(none)?, 1).await?;
        let record = found.into_iter().find(|record| record.position == offset);
        Ok(Self {
            record: record.ok_or_else(none)?,
            handling: store.handlings(offset, offset).await?.into_iter().next(),
        })
    }

    fn state(&self) -> EntryState {
        match self.handling.as_ref().map(|handling| handling.outcome) {
            None => EntryState::Open,
            Some(Outcome::Redriven { .. }) => EntryState::Redriven,
            Some(Outcome::Dropped) => EntryState::Dropped,
        }
    }

    fn word(&self) -> &'static str {
        match self.state() {
            EntryState::Redriven => "redriven",
            EntryState::Dropped => "dropped",
            EntryState::Open | EntryState::All => "open",
        }
    }

    /// Where its record stands in the stream since it was re-driven.
    fn redriven_as(&self) -> Option<u64> {
        match self.handling.as_ref()?.outcome {
            Outcome::Redriven { position, .. } => Some(position),
            Outcome::Dropped => None,
        }
    }

    /// As the API names its fields.
    fn json(&self) -> Value {
        let record = &self.record;
        let handling = self.handling.as_ref().map(|handling| {
            let corrected = matches!(
                handling.outcome,
                Outcome::Redriven {
                    is_corrected: true,
                    ..
                }
            );
            json!({
                "at": handling.at.to_string(), "by": &*handling.by, "reason": &*handling.reason,
                "redriven_as": self.redriven_as(), "corrected": corrected,
            })
        });
        json!({
            "offset": record.position, "source": record.source.as_deref(), "id": record.id.as_deref(),
            "disposition": record.disposition.as_str(), "reason": record.reason.as_deref(),
            "detail": record.detail.as_deref(), "received_at": record.known.to_string(),
            "state": self.word(), "handling": handling,
        })
    }

    fn row(&self) -> Vec<String> {
        let record = &self.record;
        let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let fact = match (&record.source, &record.id) {
            (Some(source), Some(id)) => format!("{source}#{id}"),
            _ => "-".to_owned(),
        };
        vec![
            record.position.to_string(),
            record.disposition.as_str().to_owned(),
            text(record.reason.as_deref()),
            record.known.to_string(),
            fact,
            text(record.detail.as_deref()),
            self.word().to_owned(),
        ]
    }
}

const HEADER: [&str; 7] = [
    "offset",
    "read as",
    "reason",
    "received at",
    "fact",
    "detail",
    "state",
];

async fn list(context: &Context, store: &SqliteStore, args: &DlqListArgs) -> Result<(), Failure> {
    let reason = args.reason.as_deref().map(known_reason).transpose()?;
    let mut entries = Entries::of(store);
    let (mut found, mut more) = (Vec::new(), false);
    'all: loop {
        let page = entries.page().await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            if !fits(&entry, reason, args.state) {
                continue;
            }
            if found.len() as u64 == args.limit {
                more = true;
                break 'all;
            }
            found.push(entry);
        }
    }
    if context.json {
        let list: Vec<Value> = found.iter().map(Entry::json).collect();
        return output::print_json(&json!({ "records": list, "more": more }));
    }
    let rows: Vec<Vec<String>> = found.iter().map(Entry::row).collect();
    let mut out = Output::new();
    out.table(&HEADER, &rows)?;
    out.end()?;
    let tail = if more { ", and there are more: --limit" } else { "" };
    output::say(format_args!("{} records{tail}", found.len()));
    Ok(())
}

fn fits(entry: &Entry, reason: Option<&str>, state: EntryState) -> bool {
    reason.is_none_or(|reason| entry.record.reason.as_deref() == Some(reason))
        && (state == EntryState::All || entry.state() == state)
}

/// A word that a record can have been set aside for; a typo would silently fit none.
fn known_reason(word: &str) -> Result<&str, Failure> {
    if Reason::parse(word).is_some() {
        return Ok(word);
    }
    let failure = Failure::usage(format_args!("--reason: `{word}` is no reason"));
    Err(failure.hint("`clearwalk dlq list` shows those that there are, such as schema or invalid_plate"))
}
