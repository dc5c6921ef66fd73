//! One seed drives the real intake, dispatch and upkeep of several processes, the clock, the senders, people and the
//! providers, with every fault in between: crashes, answers that are lost, owners that do not know that they were
//! replaced, providers that take a message and say nothing. After every turn a witness looks at the store.
//!
//! `CLEARWALK_SIM_SEED` repeats one seed, `CLEARWALK_SIM_SEEDS` says how many are run, and `CLEARWALK_SIM_DEFECT` plants
//! one of the defects of `testkit`. A seed repeats exactly on the memory store; on SQLite, too, but for how long it takes.
//!
//! Which promise notices which planted defect ([`CAUGHT`] is this table, and a test runs it):
//!
//! | defect | promise |
//! |---|---|
//! | `forgotten_fence`, `silent_claim` | one writer |
//! | `lost_commit` | progress, one writer |
//! | `progress_first` | effects, fresh judgement |
//! | `cancelled_after_submission` | cancelled |
//! | `forgotten_timers` | fresh judgement |
//! | `lease_twice` | lease |
//! | `open_wall` | told, wall, paused |
//! | `pause_ignored` | paused |
//! | `told_lost` | told |
//! | `not_taken_back` | taken back |
//! | `unknown_requeued` | taken back, sent stays sent |
//! | `hold_forgotten` | act |
//! | `duplicate_row` | records |
//! | `miscount` | counts |
//! | `lying_provider` | sent stays sent |
//! | `clock_behind` | expired |
//! | `receipt_astray`, `first_news_wins` | news |
//! | `absence_believed` | taken back, at most once |
//! | `expiry_unchecked` | expired |
//! | `quiet_hours_ignored` | quiet hours |
//! | `same_reference` | wall |
//! | `version_overwritten` | versions |
//! | `record_dropped` | records |
//! | `conflict_as_duplicate`, `duplicate_accepted` | identity |
//! | `told_for_refused` | told |
//! | `retry_after_ignored` | waits |
//! | `overdue_requeued` | taken back, sent stays sent |
//! | `cap_ignored` | caps |
//! | `answered_before_durable` | durable |
//! | `pause_forgotten` | act |
//! | `lost_outcome` | outcome |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actors;
mod facts;
mod sim;
mod witness;

use sim::{Place, Tally, run};
use testkit::{Defect, MemoryStore};
use witness::Violation;

/// Seeds that always run, and first: whoever meets one that fails adds it here.
const FOUND: [u64; 8] = [15, 16, 61, 67, 86, 1053, 5109, 7289];
const MEMORY: u64 = 40;
const SQLITE: u64 = 3;
/// Within so many seeds a defect must be noticed.
const PATIENCE: u64 = 60;

const CAUGHT: [(Defect, &[&str]); 34] = [
    (Defect::ForgottenFence, &["one writer"]),
    (Defect::SilentClaim, &["one writer"]),
    (Defect::LostCommit, &["progress", "one writer"]),
    (Defect::ProgressFirst, &["effects", "fresh judgement"]),
    (Defect::CancelledAfterSubmission, &["cancelled"]),
    (Defect::ForgottenTimers, &["fresh judgement"]),
    (Defect::LeaseTwice, &["lease"]),
    (Defect::OpenWall, &["told", "wall", "paused"]),
    (Defect::PauseIgnored, &["paused"]),
    (Defect::ToldLost, &["told"]),
    (Defect::NotTakenBack, &["taken back"]),
    (Defect::UnknownRequeued, &["taken back", "sent stays sent"]),
    (Defect::HoldForgotten, &["act"]),
    (Defect::DuplicateRow, &["records"]),
    (Defect::Miscount, &["counts"]),
    (Defect::LyingProvider, &["sent stays sent"]),
    (Defect::ClockBehind, &["expired"]),
    (Defect::ReceiptAstray, &["news"]),
    (Defect::FirstNewsWins, &["news"]),
    (Defect::AbsenceBelieved, &["taken back", "at most once"]),
    (Defect::ExpiryUnchecked, &["expired"]),
    (Defect::QuietHoursIgnored, &["quiet hours"]),
    (Defect::SameReference, &["wall"]),
    (Defect::VersionOverwritten, &["versions"]),
    (Defect::RecordDropped, &["records"]),
    (Defect::ConflictAsDuplicate, &["identity"]),
    (Defect::DuplicateAccepted, &["identity"]),
    (Defect::ToldForRefused, &["told"]),
    (Defect::RetryAfterIgnored, &["waits"]),
    (Defect::OverdueRequeued, &["taken back", "sent stays sent"]),
    (Defect::CapIgnored, &["caps"]),
    (Defect::AnsweredBeforeDurable, &["durable"]),
    (Defect::PauseForgotten, &["act"]),
    (Defect::LostOutcome, &["outcome"]),
];

fn memory(seed: u64, defect: Option<Defect>) -> Result<Tally, Violation> {
    run(seed, Place::Memory(MemoryStore::new()), defect)
}

fn sqlite(seed: u64) -> Result<Tally, Violation> {
    let folder = tempfile::tempdir().unwrap();
    run(
        seed,
        Place::Sqlite(folder.path().join("city.db")),
        Defect::from_environment(),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who repeats a run says so by the environment"
)]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: {text} is no number")),
    )
}

/// The seeds of this run.
fn seeds(standard: u64) -> Vec<u64> {
    if let Some(seed) = number("CLEARWALK_SIM_SEED") {
        return vec![seed];
    }
    let count = number("CLEARWALK_SIM_SEEDS").unwrap_or(standard);
    FOUND.into_iter().chain(1_000..1_000 + count).collect()
}

/// Says how to repeat a seed, also where the product itself panics.
struct Hint(u64);

impl Drop for Hint {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "repeat it with CLEARWALK_SIM_SEED={} cargo test -p system-tests --test simulation",
                self.0
            );
        }
    }
}

fn all(seeds: &[u64], mut one: impl FnMut(u64) -> Result<Tally, Violation>) -> Tally {
    let mut sum = Tally::default();
    for seed in seeds {
        let _hint = Hint(*seed);
        match one(*seed) {
            Ok(tally) => sum.add(&tally),
            Err(violation) => panic!("seed {seed} breaks \"{}\": {}", violation.promise, violation.what),
        }
    }
    println!("{} seeds: {sum:?}", seeds.len());
    sum
}

#[test]
fn every_promise_holds_on_the_memory_store_whatever_fails() {
    let seeds = seeds(MEMORY);
    let sum = all(&seeds, |seed| memory(seed, Defect::from_environment()));
    // A run in which nothing went wrong has tested nothing.
    if seeds.len() as u64 >= MEMORY {
        let counts = [
            sum.facts,
            sum.calls,
            sum.taken,
            sum.unknown,
            sum.cancelled,
            sum.crashes,
            sum.takeovers,
            sum.lost_lanes,
            sum.lost_answers,
            sum.receipts,
            sum.acts,
            sum.absent,
            sum.capped,
            sum.wishes,
        ];
        assert!(sum.again > 0, "{sum:?}");
        assert!(counts.iter().all(|count| *count > 5), "{sum:?}");
    }
}

#[test]
fn every_promise_holds_on_sqlite_whatever_fails() {
    let mut seeds = seeds(SQLITE);
    if seeds.len() > 1 {
        seeds.retain(|seed| *seed >= 1_000);
    }
    all(&seeds, sqlite);
}

#[test]
fn a_seed_repeats_exactly() {
    for seed in [3, 61] {
        let (first, again) = (memory(seed, None).unwrap(), memory(seed, None).unwrap());
        assert_eq!(first, again);
        assert!(first.turns > 300, "{first:?}");
    }
}

#[test]
fn every_planted_defect_is_noticed() {
    assert_eq!(
        CAUGHT.map(|(defect, _)| defect),
        Defect::ALL.map(|(defect, _)| defect)
    );
    for (defect, promises) in CAUGHT {
        if Defect::from_environment().is_some_and(|only| only != defect) {
            continue;
        }
        let violation = (1..=PATIENCE).find_map(|seed| memory(seed, Some(defect)).err());
        let violation = violation.unwrap_or_else(|| panic!("nobody notices {}", defect.as_str()));
        println!(
            "{}: {}: {:.120}",
            defect.as_str(),
            violation.promise,
            violation.what
        );
        assert!(
            promises.contains(&violation.promise),
            "{}: {violation:?}",
            defect.as_str()
        );
    }
}
