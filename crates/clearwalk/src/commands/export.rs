//! `export`: what the store holds, as JSON lines or CSV, in flat memory. Phone numbers are masked unless somebody says
//! why they must be seen, which leaves a line in the audit log.

mod evidence;
mod rows;
mod writer;

use engine::message::Texts;
use engine::plate::Grammar;
use ports::log::Stream as _;
use ports::read::{CaseFilter, NewAudit, NoticeFilter, ReadStore};
use ports::store::IntakeStore as _;
use store_sqlite::SqliteStore;

pub(crate) use self::evidence::write as write_evidence;
pub(crate) use self::rows::{case_line, unsent};
use self::writer::Writer;
use super::Context;
use super::actor;
use crate::cli::{ExportArgs, ExportWhat};
use crate::failure::Failure;
use crate::instant;
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

/// Rows that are read at once.
const PAGE: usize = 2048;

pub(crate) fn run(context: &Context, args: &ExportArgs) -> Result<(), Failure> {
    if args.checkpoint && args.what != ExportWhat::Audit {
        return Err(Failure::usage("--checkpoint is about `export audit` only"));
    }
    let settings = context.settings()?;
    let rules = wiring::rules(&settings)?;
    let texts = wiring::texts(&settings, &rules)?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        if let Some(reason) = args.reason.as_deref().filter(|_| args.reveal) {
            note_reveal(&store, args, reason).await?;
        }
        if args.checkpoint {
            return evidence::checkpoint(&store).await;
        }
        let mut out = Writer::new(args.format);
        match args.what {
            ExportWhat::Facts => facts(&store, &mut out).await?,
            ExportWhat::Inner => inner(&store, &mut out).await?,
            ExportWhat::Ledgers => ledgers(&store, &mut out).await?,
            ExportWhat::Records => records(&store, &mut out).await?,
            ExportWhat::Cases => cases(&store, &mut out).await?,
            ExportWhat::Notices => notices(&store, &mut out, &texts, rules.grammar(), args.reveal).await?,
            ExportWhat::Attempts => attempts(&store, &mut out).await?,
            ExportWhat::Audit => audit(&store, &mut out).await?,
        }
        out.end()
    })
}

/// Before the first number is shown.
async fn note_reveal(store: &SqliteStore, args: &ExportArgs, reason: &str) -> Result<(), Failure> {
    let entry = NewAudit {
        at: instant::now(),
        actor: actor(None)?.into(),
        action: "export.reveal".into(),
        object: args.what.word().into(),
        before: None,
        after: Some(reason.into()),
    };
    Ok(store.append_audit(&entry).await?)
}

async fn records(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut after = 0;
    out.header(rows::RECORD)?;
    loop {
        let page = store.records(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position;
        for record in &page {
            out.row(rows::record(record))?;
        }
    }
}

async fn facts(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut next = 1;
    out.header(rows::FACT)?;
    loop {
        let page = store.read(next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.position + 1;
        for fact in &page {
            out.row(rows::fact(fact))?;
        }
    }
}

async fn inner(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut next = 1;
    out.header(rows::INNER)?;
    loop {
        let page = store.inner(next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.sequence + 1;
        for entry in &page {
            out.row(rows::inner(entry)?)?;
        }
    }
}

async fn ledgers(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut after = None;
    out.header(rows::LEDGER)?;
    loop {
        let page = store.ledgers_after(after.as_deref(), PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (plate, ledger) in &page {
            out.row(rows::ledger(plate, ledger))?;
        }
    }
}

async fn cases(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut filter = CaseFilter::default();
    out.header(rows::CASE)?;
    loop {
        let page = store.cases(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = Some(last.sequence);
        for case in &page {
            if out.is_csv() {
                out.row(rows::case(case)?)?;
            } else {
                out.raw(&case_line(case)?)?;
            }
        }
    }
}

async fn notices(
    store: &SqliteStore,
    out: &mut Writer,
    texts: &Texts,
    grammar: Grammar,
    reveal: bool,
) -> Result<(), Failure> {
    let mut filter = NoticeFilter::default();
    out.header(rows::NOTICE)?;
    loop {
        let page = store.notices(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = Some(last.sequence);
        for notice in &page {
            out.row(rows::notice(notice, texts, grammar, reveal))?;
        }
    }
}

async fn attempts(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut after = 0;
    out.header(rows::ATTEMPT)?;
    loop {
        let page = store.attempts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        for attempt in &page {
            out.row(rows::attempt(attempt))?;
        }
    }
}

async fn audit(store: &SqliteStore, out: &mut Writer) -> Result<(), Failure> {
    let mut after = None;
    out.header(rows::AUDIT)?;
    loop {
        let page = store.audit(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.chain.clone(), last.sequence));
        for entry in &page {
            out.row(rows::audit(entry))?;
        }
    }
}
