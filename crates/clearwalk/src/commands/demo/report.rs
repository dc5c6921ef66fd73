//! What the demo did, and whether it is right.

use std::collections::BTreeMap;

use engine::notice::NoticeState;
use formats::case_line::CaseLine;
use ports::read::{CaseFilter, ReadStore as _, Stats};
use ports::store::StoreError;
use serde_json::{Map, Value, json};
use store_sqlite::SqliteStore;
use world::city::{Answer, City};
use world::gateway::Gateway;

use super::super::Context;
use crate::failure::Failure;
use crate::output::{self, Output};

/// Cases read at once.
const PAGE: usize = 2048;
/// So many wrong cases are named.
const NAMED: usize = 5;

pub(super) struct Report {
    events: u64,
    vehicles: u64,
    stats: Stats,
    /// Cases that must come out.
    expected: usize,
    /// What is otherwise than it must be.
    wrong: Vec<String>,
    /// Messages that citizens received.
    received: u64,
    /// Of those, such as had been received before.
    twice: u64,
    millis: i64,
}

impl Report {
    pub(super) async fn of(
        city: &City,
        store: &SqliteStore,
        gateway: &Gateway,
        millis: i64,
    ) -> Result<Self, Failure> {
        let expected = answers(city);
        let found = cases(store).await?;
        let received = gateway.stats();
        Ok(Self {
            events: city.plan().events,
            vehicles: city.vehicles(),
            stats: store.stats().await?,
            wrong: differences(&expected, &found),
            expected: expected.len(),
            received: received.accepted,
            twice: received.duplicates + received.repeated_texts,
            millis,
        })
    }

    /// Every case as it must be, every notice settled, and every message received once.
    pub(super) fn is_right(&self) -> bool {
        self.wrong.is_empty() && self.twice == 0 && unsettled(&self.stats) == 0
    }

    pub(super) fn print(&self, context: &Context) -> Result<(), Failure> {
        let cases = words(
            self.stats
                .cases
                .iter()
                .map(|(outcome, count)| (outcome.as_str(), *count)),
        );
        let notices = words(
            self.stats
                .notices
                .iter()
                .map(|(state, count)| (state.as_str(), *count)),
        );
        let records = words(
            self.stats
                .records
                .iter()
                .map(|(disposition, count)| (disposition.as_str(), *count)),
        );
        if context.json {
            return output::print_json(&json!({
                "events": self.events,
                "vehicles": self.vehicles,
                "records": records,
                "cases": cases,
                "notices": notices,
                "expected_cases": self.expected,
                "wrong_cases": self.wrong.len(),
                "messages_received": self.received,
                "messages_received_twice": self.twice,
                "milliseconds": self.millis,
            }));
        }
        let mut out = Output::new();
        let (read, seconds) = (self.stats.read, self.millis as f64 / 1000.0);
        out.line(format!(
            "read      {read} records in {seconds:.1} s: {}",
            listed(&records)
        ))?;
        out.line(format!("decided   {}", listed(&cases)))?;
        let right = match self.wrong.len() {
            0 => format!("all {} cases came out as they must", self.expected),
            wrong => format!("{wrong} of {} cases did NOT come out as they must", self.expected),
        };
        out.line(format!("checked   {right}"))?;
        for wrong in self.wrong.iter().take(NAMED) {
            out.line(format!("          {wrong}"))?;
        }
        out.line(format!("notices   {}", listed(&notices)))?;
        let twice = match self.twice {
            0 => "no one twice".to_owned(),
            twice => format!("{twice} of them TWICE"),
        };
        out.line(format!("received  {} messages, {twice}", self.received))?;
        out.end()
    }
}

/// Notices that are still on their way to a provider.
pub(super) fn unsettled(stats: &Stats) -> u64 {
    let waits = |state| {
        matches!(
            state,
            NoticeState::Queued | NoticeState::Leased | NoticeState::Submitted
        )
    };
    stats
        .notices
        .iter()
        .filter(|(state, _)| waits(*state))
        .map(|(_, count)| count)
        .sum()
}

fn words<'w>(counts: impl Iterator<Item = (&'w str, u64)>) -> Map<String, Value> {
    counts
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| (word.to_owned(), json!(count)))
        .collect()
}

fn listed(counts: &Map<String, Value>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    counts.join(", ")
}

/// Subject and outcome by the facts of a case.
type Cases = BTreeMap<Vec<String>, (String, String)>;

fn answers(city: &City) -> Cases {
    let cases = city.truth().filter_map(|answer| match answer {
        Answer::Case(case) => Some(case),
        Answer::Fact(_) => None,
    });
    cases
        .map(|case| {
            let outcome = serde_json::to_value(case.outcome).ok();
            let outcome = outcome
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default();
            (sorted(case.facts), (case.subject, outcome))
        })
        .collect()
}

async fn cases(store: &SqliteStore) -> Result<Cases, Failure> {
    let mut filter = CaseFilter {
        effective_only: true,
        ..CaseFilter::default()
    };
    let mut cases = Cases::new();
    loop {
        let page = store.cases(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(cases) };
        filter.after = Some(last.sequence);
        for stored in &page {
            let line = CaseLine::parse(&stored.body)
                .map_err(|error| StoreError::Corrupt(format!("case {}: {error}", stored.id)))?;
            cases.insert(sorted(line.facts), (line.subject, line.outcome));
        }
    }
}

fn sorted(mut facts: Vec<String>) -> Vec<String> {
    facts.sort_unstable();
    facts
}

fn differences(expected: &Cases, found: &Cases) -> Vec<String> {
    let mut wrong = Vec::new();
    for (facts, (subject, outcome)) in expected {
        match found.get(facts) {
            Some(it) if it == &(subject.clone(), outcome.clone()) => {}
            Some((_, other)) => wrong.push(format!("{}: {other} instead of {outcome}", facts[0])),
            None => wrong.push(format!(
                "{}: no case of these {} sightings, instead of {outcome}",
                facts[0],
                facts.len()
            )),
        }
    }
    for (facts, (_, outcome)) in found.iter().filter(|(facts, _)| !expected.contains_key(*facts)) {
        let first = facts.first().map_or("a case without sightings", String::as_str);
        wrong.push(format!("{first}: {outcome} though no such case is expected"));
    }
    wrong
}
