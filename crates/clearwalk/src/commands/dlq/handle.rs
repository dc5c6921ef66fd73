//! Sends records into the stream once more, or lets them go: one, or all of a reason.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use pipeline::intake::JudgeBy;
use ports::quarantine::{Deed as Stored, Handled, NewHandling, QuarantineStore as _};
use serde_json::{Value, json};
use store_sqlite::SqliteStore;
use uuid::Uuid;

use super::show::{became, payload};
use super::{Entries, Entry, fits, known_reason};
use crate::cli::{EntryState, WhichArgs};
use crate::commands::Context;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;
use crate::output;
use crate::wiring::{self, Decider};

/// How long another process may take to decide on what was re-driven; it is in the stream by then and not lost.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What is done about them.
pub(super) enum Deed {
    Redrive { corrected: Option<Bytes> },
    Drop,
}

/// What became of the records that were meant.
#[derive(Default)]
struct Tally {
    /// Those that it was done to; in a dry run those that it would be done to.
    done: Vec<u64>,
    /// Where the last of them stands in the stream.
    last: Option<u64>,
    /// Those that sending once more is no use for, by the word that says why.
    refused: BTreeMap<&'static str, u64>,
    /// Those that somebody else was faster with.
    lost: u64,
}

impl Deed {
    /// With the corrected record of a file.
    pub(super) fn redrive(file: Option<&Path>) -> Result<Self, Failure> {
        let corrected = match file {
            None => None,
            Some(path) => Some(Bytes::from(
                std::fs::read(path).map_err(|error| Failure::reading(path, &error))?,
            )),
        };
        Ok(Self::Redrive { corrected })
    }
}

pub(super) async fn run(
    context: &Context,
    settings: &Settings,
    store: &Arc<SqliteStore>,
    which: &WhichArgs,
    deed: Deed,
) -> Result<(), Failure> {
    if which.because.trim().is_empty() || which.because.chars().any(char::is_control) {
        return Err(Failure::usage("--because: one line that says why is wanted"));
    }
    let by = super::actor(which.by.as_deref())?;
    let mut tally = Tally::default();
    match (which.offset, which.reason.as_deref()) {
        (Some(offset), _) => {
            let entry = Entry::find(store, offset).await?;
            one(store, which, &by, &deed, entry, &mut tally).await?;
        }
        (None, reason) => {
            let reason = known_reason(reason.unwrap_or_default())?;
            let mut entries = Entries::of(store);
            loop {
                let page = entries.page().await?;
                if page.is_empty() {
                    break;
                }
                for entry in page {
                    if fits(&entry, Some(reason), EntryState::Open) {
                        many(store, which, &by, &deed, &entry, &mut tally).await?;
                    }
                }
            }
        }
    }
    let decided = match tally.last {
        Some(last) => wait(settings, store, last + 1).await?,
        None => None,
    };
    print(context, store, which, &deed, &tally).await?;
    match decided {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// The one that was named: whatever is in the way is the command's failure.
async fn one(
    store: &SqliteStore,
    which: &WhichArgs,
    by: &str,
    deed: &Deed,
    entry: Entry,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let offset = entry.record.position;
    if let Some(handling) = &entry.handling {
        let message = format_args!(
            "record {offset} was {} by {} at {}",
            entry.word(),
            handling.by,
            handling.at
        );
        return Err(Failure::new(Code::Conflict, message));
    }
    many(store, which, by, deed, &entry, tally).await?;
    if tally.lost > 0 {
        let message = format_args!("somebody else was faster with record {offset}");
        return Err(Failure::new(Code::Conflict, message).hint("look again with `clearwalk dlq show`"));
    }
    if tally.refused.is_empty() {
        return Ok(());
    }
    let (original, corrected) = (payload(store, offset).await?, deed.corrected());
    let planned = web::plan_redrive(store, instant::now(), &original, corrected).await?;
    let why = planned
        .err()
        .map_or_else(String::new, |refusal| refusal.to_string());
    let message = format_args!("sending record {offset} once more would come to nothing: {why}");
    Err(Failure::new(Code::Conflict, message).hint("mend it, and give the mended event with --record FILE"))
}

impl Deed {
    fn corrected(&self) -> Option<&Bytes> {
        match self {
            Self::Redrive { corrected } => corrected.as_ref(),
            Self::Drop => None,
        }
    }

    /// The word of the command.
    fn verb(&self) -> &'static str {
        match self {
            Self::Redrive { .. } => "redriven",
            Self::Drop => "dropped",
        }
    }
}

/// One of many: what is in the way is counted.
async fn many(
    store: &SqliteStore,
    which: &WhichArgs,
    by: &str,
    deed: &Deed,
    entry: &Entry,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let (now, position) = (instant::now(), entry.record.position);
    let stored = match deed {
        Deed::Drop => Stored::Drop,
        Deed::Redrive { corrected } => {
            let original = payload(store, position).await?;
            match web::plan_redrive(store, now, &original, corrected.as_ref()).await? {
                Ok(plan) => plan.deed,
                Err(refusal) => {
                    *tally.refused.entry(refusal.word()).or_default() += 1;
                    return Ok(());
                }
            }
        }
    };
    if which.dry_run {
        tally.done.push(position);
        return Ok(());
    }
    // Each run of the command is a request of its own.
    let key = engine::ids::hash(&[Uuid::now_v7().as_bytes()]);
    let new = NewHandling {
        position,
        deed: stored,
        at: now,
        by: by.into(),
        reason: which.because.trim().into(),
        key,
        print: key,
    };
    match store.handle(&new).await? {
        Handled::Before(_) => tally.lost += 1,
        Handled::Done(handling) => {
            tally.done.push(position);
            let entry = Entry {
                record: entry.record.clone(),
                handling: Some(handling),
            };
            tally.last = entry.redriven_as().or(tally.last);
        }
    }
    Ok(())
}

/// Waits until everything before `end` has been decided on; says what is in the way, which undoes nothing.
async fn wait(settings: &Settings, store: &Arc<SqliteStore>, end: u64) -> Result<Option<Failure>, Failure> {
    let rules = wiring::rules(settings)?;
    let mut decider = Decider::find(settings, store, rules, JudgeBy::WallClock, "dlq").await?;
    if let Ok(reached) = tokio::time::timeout(PATIENCE, decider.reach(end, |_| {})).await {
        reached?;
        return Ok(None);
    }
    let holder = decider.elsewhere().unwrap_or("this process");
    let message = format_args!("what was re-driven is in the stream; {holder} has not decided on it yet");
    let failure = Failure::new(Code::Partly, message);
    Ok(Some(
        failure.hint("it is not lost; look again with `clearwalk dlq show`"),
    ))
}

async fn print(
    context: &Context,
    store: &SqliteStore,
    which: &WhichArgs,
    deed: &Deed,
    tally: &Tally,
) -> Result<(), Failure> {
    let (verb, count) = (deed.verb(), tally.done.len());
    let became = match (which.offset, tally.last) {
        (Some(_), Some(last)) => became(store, last).await?,
        _ => None,
    };
    if context.json {
        let refused: Value = json!(tally.refused);
        return output::print_json(&json!({
            verb: count, "dry_run": which.dry_run, "refused": refused, "lost": tally.lost, "became": became,
        }));
    }
    let would = if which.dry_run { "would be " } else { "" };
    let mut line = format!("{count} {would}{verb}");
    if let Some(became) = &became {
        let how = became["disposition"].as_str().unwrap_or("-");
        line = format!("{line} as record {}: {how}", became["offset"]);
    }
    for (word, count) in &tally.refused {
        line = format!("{line}, {count} left ({word})");
    }
    if tally.lost > 0 {
        line = format!("{line}, {} were handled by somebody else meanwhile", tally.lost);
    }
    output::print_line(&line)
}
