//! A few cases with the sentence that explains each, and messages as they were sent.

use engine::case::Outcome;
use engine::notice::NoticeState;
use formats::case_line::CaseLine;
use ports::read::{CaseFilter, NoticeFilter, ReadStore as _, StoredCase};
use ports::store::StoreError;
use store_sqlite::SqliteStore;

use crate::failure::Failure;
use crate::output::Output;

/// So many of each are shown.
const SHOWN: usize = 5;
/// One of each of these is shown, then more penalties.
const KINDS: [Outcome; 4] = [
    Outcome::Waived,
    Outcome::PenaltyProposed,
    Outcome::Held,
    Outcome::Voided,
];

pub(super) async fn print(store: &SqliteStore) -> Result<(), Failure> {
    let mut out = Output::new();
    out.line("five cases, explained:")?;
    for case in cases(store).await? {
        let line = CaseLine::parse(&case.body)
            .map_err(|error| StoreError::Corrupt(format!("case {}: {error}", case.id)))?;
        out.line(format!("  {} {} {}", line.case, line.subject, line.outcome))?;
        out.line(format!("    {}", line.because.zh))?;
        out.line(format!("    {}", line.because.en))?;
    }
    out.line("messages, as sent:")?;
    let filter = NoticeFilter {
        state: Some(NoticeState::Accepted),
        ..NoticeFilter::default()
    };
    let (mut kinds, mut shown) = (Vec::new(), 0);
    for notice in store.notices(&filter, 500).await? {
        // Both kinds of message first, then whatever comes.
        let again = kinds.contains(&notice.kind);
        if shown == SHOWN || again && shown > 0 && shown + 2 > SHOWN && kinds.len() < 2 {
            continue;
        }
        kinds.push(notice.kind);
        shown += 1;
        out.line(format!("  {}", notice.text.as_deref().unwrap_or_default()))?;
    }
    out.end()
}

async fn cases(store: &SqliteStore) -> Result<Vec<StoredCase>, Failure> {
    let mut chosen = Vec::new();
    for outcome in KINDS {
        chosen.extend(some(store, outcome, 1).await?);
    }
    let more = some(
        store,
        Outcome::PenaltyProposed,
        1 + SHOWN - chosen.len().min(SHOWN),
    )
    .await?;
    chosen.extend(more.into_iter().skip(1));
    Ok(chosen)
}

async fn some(store: &SqliteStore, outcome: Outcome, count: usize) -> Result<Vec<StoredCase>, Failure> {
    let filter = CaseFilter {
        outcome: Some(outcome),
        effective_only: true,
        ..CaseFilter::default()
    };
    Ok(store.cases(&filter, count).await?)
}
