//! What the store shows: records, cases, notices and attempts, and the counts of all of them.

use std::collections::{BTreeMap, BTreeSet};

use engine::case::Disposition;
use engine::notice::{AttemptClass, NoticeState};
use formats::case_line::CaseLine;
use pipeline::upkeep::Resend;
use ports::dispatch::PROVED_NOT_RECEIVED;
use ports::log::Stream as _;
use ports::read::{CaseFilter, NoticeFilter, ReadStore as _, StoredAttempt, StoredNotice};
use testkit::fault::FaultyStore;

use super::{ALL, Violation, Witness, hold, seen};
use crate::actors::Outside;

impl Witness {
    /// Each record is accounted for once, as far as the lane has come.
    pub(super) async fn records(&mut self, store: &FaultyStore) -> Result<(), Violation> {
        for record in seen(store.records(self.records, ALL).await)? {
            let expected = self.records + 1;
            hold!(
                "records",
                record.position == expected,
                "record {} where {expected} should be",
                record.position
            );
            self.records = expected;
            let is_kept = matches!(
                record.disposition,
                Disposition::Decided
                    | Disposition::Merged
                    | Disposition::Applied
                    | Disposition::Waiting
                    | Disposition::Inadmissible
            );
            if let (true, Some(source), Some(id)) = (is_kept, &record.source, &record.id) {
                self.kept.insert(format!("{source}#{id}"));
            }
        }
        let read = self.progress.next - 1;
        hold!(
            "records",
            self.records == read,
            "{} of {read} records are accounted for",
            self.records
        );
        Ok(())
    }

    /// One chain of versions for each case, which is never rewritten.
    pub(super) async fn cases(&mut self, store: &FaultyStore) -> Result<(), Violation> {
        let filter = CaseFilter::default();
        let mut chains: BTreeMap<String, Vec<bytes::Bytes>> = BTreeMap::new();
        let mut effective: BTreeMap<String, u32> = BTreeMap::new();
        for case in seen(store.cases(&filter, ALL).await)? {
            let chain = chains.entry(case.id.to_string()).or_default();
            let next = chain.len() as u32 + 1;
            hold!(
                "versions",
                case.version == next,
                "{} has version {} after {}",
                case.id,
                case.version,
                next - 1
            );
            chain.push(case.body);
            *effective.entry(case.id.to_string()).or_default() += u32::from(case.effective);
        }
        let several = effective.iter().find(|(_, count)| **count != 1);
        hold!(
            "versions",
            several.is_none(),
            "not one version is in force: {several:?}"
        );
        for (id, before) in &self.cases {
            let stays = chains.get(id).is_some_and(|after| after.starts_with(before));
            hold!("versions", stays, "history of {id} was rewritten");
        }
        self.cases = chains;
        self.outcomes.clear();
        for body in self.cases.values().filter_map(|chain| chain.last()) {
            let line = CaseLine::parse(body).map_err(|error| Violation::of("store", error.to_string()))?;
            self.outcomes.push(line.outcome);
        }
        Ok(())
    }

    /// Notices stand where their attempts and the providers say, and all counts are right.
    pub(super) async fn notices(&mut self, store: &FaultyStore, outside: &Outside) -> Result<(), Violation> {
        let notices = seen(store.notices(&NoticeFilter::default(), ALL).await)?;
        let attempts = seen(store.attempts(0, ALL).await)?;
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        for call in outside.post.calls().iter().filter(|call| call.accepted > 0) {
            *taken.entry(call.notice().to_owned()).or_default() += call.accepted;
        }
        let twice = taken.iter().find(|(_, times)| **times > 1);
        hold!(
            "at most once",
            twice.is_none(),
            "a notice was taken twice: {twice:?}"
        );
        for attempt in &attempts {
            let is_told = self.told.contains(&*attempt.id);
            hold!("told", is_told, "attempt {} was never told", attempt.id);
            let is_unsent = attempt.class.is_some_and(AttemptClass::is_not_sent);
            let is_back = self.taken_back.contains(&*attempt.id);
            let is_absent =
                outside.resend == Resend::AfterProof && attempt.code.as_deref() == Some(PROVED_NOT_RECEIVED);
            hold!(
                "taken back",
                is_unsent == is_back || is_back && is_absent,
                "{} is {:?}; taken back: {is_back}",
                attempt.id,
                attempt.class
            );
        }
        for notice in &notices {
            let was_taken = taken.contains_key(notice.id.as_str());
            owned(notice, &attempts, &self.taken_back, was_taken)?;
        }
        self.counts(store, &notices, &attempts).await
    }

    /// The counters against a recount.
    async fn counts(
        &self,
        store: &FaultyStore,
        notices: &[StoredNotice],
        attempts: &[StoredAttempt],
    ) -> Result<(), Violation> {
        let stats = seen(store.stats().await)?;
        let end = seen(store.end().await)?;
        hold!(
            "counts",
            stats.appended + 1 == end,
            "{} appended, the end is {end}",
            stats.appended
        );
        hold!(
            "counts",
            stats.read == self.records,
            "{} read of {}",
            stats.read,
            self.records
        );
        let records: u64 = stats.records.iter().map(|(_, count)| count).sum();
        hold!(
            "counts",
            records == stats.read,
            "{records} records by disposition of {}",
            stats.read
        );
        let states = counted(notices.iter().map(|notice| notice.state.as_str()));
        let shown = stats
            .notices
            .iter()
            .map(|(state, count)| (state.as_str(), *count));
        hold!(
            "counts",
            states == shown.clone().collect(),
            "notices: {states:?}, shown {:?}",
            stats.notices
        );
        let classes = counted(
            attempts
                .iter()
                .filter_map(|it| it.class)
                .map(AttemptClass::as_str),
        );
        let shown = stats
            .attempts
            .iter()
            .map(|(class, count)| (class.as_str(), *count));
        hold!(
            "counts",
            classes == shown.collect(),
            "attempts: {classes:?}, shown {:?}",
            stats.attempts
        );
        let in_flight = attempts.iter().filter(|it| it.class.is_none()).count() as u64;
        hold!(
            "counts",
            in_flight == stats.in_flight,
            "{in_flight} in flight, shown {}",
            stats.in_flight
        );
        let outcomes = counted(self.outcomes.iter().map(String::as_str));
        let shown = stats
            .cases
            .iter()
            .map(|(outcome, count)| (outcome.as_str(), *count));
        hold!(
            "counts",
            outcomes == shown.collect(),
            "cases: {outcomes:?}, shown {:?}",
            stats.cases
        );
        Ok(())
    }
}

/// A notice with a living attempt is that attempt's; no other one is on its way, and what was taken is not unsent.
fn owned(
    notice: &StoredNotice,
    attempts: &[StoredAttempt],
    taken_back: &BTreeSet<String>,
    was_taken: bool,
) -> Result<(), Violation> {
    let own: Vec<_> = attempts.iter().filter(|it| it.notice == notice.id).collect();
    let living = own
        .iter()
        .filter(|it| !it.class.is_some_and(AttemptClass::is_not_sent) && !taken_back.contains(&*it.id))
        .count();
    let (id, state) = (&notice.id, notice.state);
    hold!("at most once", living <= 1, "{id} has {living} living attempts");
    let is_out = matches!(
        state,
        NoticeState::Submitted
            | NoticeState::Unknown
            | NoticeState::Accepted
            | NoticeState::Delivered
            | NoticeState::Undelivered
    );
    let may_be_either = state == NoticeState::Expired;
    hold!(
        "sent stays sent",
        may_be_either || (living == 1) == is_out,
        "{id} is {state:?} with {living} living attempts"
    );
    hold!(
        "sent stays sent",
        !was_taken || living == 1,
        "{id} was taken, and is {state:?}"
    );
    hold!(
        "attempts",
        own.len() == notice.attempts as usize,
        "{id} has {} attempts, says {}",
        own.len(),
        notice.attempts
    );
    let numbers: BTreeSet<&str> = own.iter().map(|it| &*it.id).collect();
    hold!(
        "attempts",
        numbers.len() == own.len(),
        "{id} has an attempt twice"
    );
    Ok(())
}

fn counted<'a>(all: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u64> {
    let mut counts = BTreeMap::new();
    for it in all {
        *counts.entry(it).or_default() += 1;
    }
    counts
}
