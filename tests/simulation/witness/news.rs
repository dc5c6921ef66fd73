//! What was answered stays so: outcomes, waits, quiet hours, news of providers, and what each record of the stream was
//! read as.

use std::collections::{BTreeMap, BTreeSet};

use engine::case::Disposition;
use engine::fact::ContentDigest;
use engine::notice::{AttemptClass, NoticeState, after_quiet_hours};
use engine::time::{MINUTE, Timestamp};
use formats::event::{self, Known};
use formats::notice_parameters::NoticeParameters;
use ports::commit::NoticeChange;
use ports::log::Stream as _;
use ports::read::{NoticeFilter, ReadStore as _};
use testkit::fault::{Entry, FaultyStore, Wall};

use super::{ALL, Violation, Witness, hold, seen};
use crate::actors::Outside;

/// A lease ends by itself after this; what was read under it is no older.
const LEASE: i64 = 2 * MINUTE;

/// What was answered so far.
#[derive(Default)]
pub(super) struct News {
    /// Attempts whose outcome was written: the provider took them.
    accepted: BTreeSet<String>,
    /// Until when a notice waits for another try.
    waits: BTreeMap<String, Timestamp>,
    /// What was read of each fact: its content, and whether a ledger holds it.
    read: BTreeMap<String, (ContentDigest, bool)>,
    /// Records that were looked at.
    records: u64,
}

impl Witness {
    /// Looks at what the calls of this turn were answered, and whether it is so.
    pub(super) async fn answers(
        &mut self,
        store: &FaultyStore,
        outside: &Outside,
        entries: &[Entry],
    ) -> Result<(), Violation> {
        let mut waiting = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Submitted(walls) => {
                    for wall in walls.iter().filter(|wall| wall.granted) {
                        self.waited(wall)?;
                        awake(wall)?;
                    }
                }
                Entry::Finished(outcomes) => {
                    for outcome in outcomes {
                        if outcome.class == AttemptClass::Accepted {
                            self.news.accepted.insert(outcome.attempt.to_string());
                        }
                        let notice = outcome.notice.to_string();
                        match outcome.not_before {
                            Some(until) if outcome.next == NoticeState::Queued => {
                                waiting.insert(notice.clone(), until);
                                self.news.waits.insert(notice, until);
                            }
                            _ => drop(self.news.waits.remove(&notice)),
                        }
                    }
                }
                // Queued anew, for another reason than the last try.
                Entry::Committed(batch, _) => {
                    for change in &batch.notices {
                        if let NoticeChange::Requeue(notice) = change {
                            self.news.waits.remove(notice.id.as_str());
                        }
                    }
                }
                _ => {}
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.attempts(store).await?;
        self.backed(store, outside, &waiting).await?;
        self.identities(store).await
    }

    /// A message that was refused for now is not tried again before its time.
    fn waited(&mut self, wall: &Wall) -> Result<(), Violation> {
        let until = self.news.waits.remove(wall.notice.as_str());
        let holds = until.is_none_or(|until| until <= wall.at);
        hold!(
            "waits",
            holds,
            "{} is tried again at {} and waits until {until:?}",
            wall.attempt,
            wall.at
        );
        Ok(())
    }

    /// What a provider took is written as taken.
    async fn attempts(&self, store: &FaultyStore) -> Result<(), Violation> {
        for attempt in seen(store.attempts(0, ALL).await)? {
            let was_accepted = self.news.accepted.contains(&*attempt.id);
            let (id, class) = (&attempt.id, attempt.class);
            let holds = !was_accepted || class == Some(AttemptClass::Accepted);
            hold!("outcome", holds, "{id} was taken, and is {class:?}");
        }
        Ok(())
    }

    /// Nobody is said to have got, or not to have got, a message of which no provider said so; what was just refused for
    /// now is written to wait.
    async fn backed(
        &self,
        store: &FaultyStore,
        outside: &Outside,
        waiting: &BTreeMap<String, Timestamp>,
    ) -> Result<(), Violation> {
        let said = outside.post.said();
        for notice in seen(store.notices(&NoticeFilter::default(), ALL).await)? {
            if let Some(until) = waiting.get(notice.id.as_str()) {
                let holds = notice.state != NoticeState::Queued || notice.not_before >= *until;
                hold!(
                    "waits",
                    holds,
                    "{} waits until {} and not until {until}",
                    notice.id,
                    notice.not_before
                );
            }
            if !matches!(notice.state, NoticeState::Delivered | NoticeState::Undelivered) {
                continue;
            }
            let id = notice.id.as_str();
            let is_backed = said.iter().any(|(client_ref, state)| {
                *state == notice.state && client_ref.rsplit_once('-').is_some_and(|(of, _)| of == id)
            });
            hold!(
                "news",
                is_backed,
                "{id} is {:?}, and nobody said so",
                notice.state
            );
        }
        Ok(())
    }

    /// A fact that was read before is a duplicate or a conflict, by what it says, and nothing else is.
    async fn identities(&mut self, store: &FaultyStore) -> Result<(), Violation> {
        let records = seen(store.records(self.news.records, ALL).await)?;
        let payloads = seen(store.read(self.news.records + 1, records.len().max(1)).await)?;
        for (record, envelope) in records.iter().zip(&payloads) {
            if record.position != envelope.position {
                return Ok(());
            }
            self.news.records = record.position;
            let Ok(decoded) = event::decode(&envelope.payload, Known::At(envelope.known), 0) else {
                continue;
            };
            let (name, digest) = (decoded.fact.id.to_string(), decoded.fact.digest);
            let word = record.disposition;
            let before = self.news.read.get(&name).copied();
            let expected = match before {
                Some((same, _)) if same == digest => Disposition::Duplicate,
                _ => Disposition::Conflict,
            };
            let is_again = matches!(word, Disposition::Duplicate | Disposition::Conflict);
            let holds = match before {
                None => !is_again,
                Some((_, true)) => word == expected,
                Some((_, false)) => !is_again || word == expected,
            };
            hold!(
                "identity",
                holds,
                "{name} is {word:?} at {}, known before: {before:?}",
                record.position
            );
            if !is_again {
                let is_kept = !matches!(word, Disposition::Quarantined | Disposition::Routed);
                self.news.read.entry(name).or_insert((digest, is_kept));
            }
        }
        Ok(())
    }

    /// In the end the best news counts, in whatever order it came.
    pub(crate) async fn best_news(&self, store: &FaultyStore, outside: &Outside) -> Result<(), Violation> {
        let pushed = outside.post.pushed();
        for notice in seen(store.notices(&NoticeFilter::default(), ALL).await)? {
            let id = notice.id.as_str();
            let was_delivered = pushed.iter().any(|(client_ref, state)| {
                *state == NoticeState::Delivered
                    && client_ref.rsplit_once('-').is_some_and(|(of, _)| of == id)
                    && self.granted.contains_key(client_ref)
            });
            let holds = !was_delivered || notice.state == NoticeState::Delivered;
            hold!(
                "news",
                holds,
                "{id} was delivered, and is {:?} in the end",
                notice.state
            );
        }
        Ok(())
    }
}

/// Nobody is woken.
fn awake(wall: &Wall) -> Result<(), Violation> {
    let Some(notice) = &wall.before else { return Ok(()) };
    let Ok(parameters) = NoticeParameters::decode(&notice.parameters) else {
        return Ok(());
    };
    let Some(hours) = parameters.quiet() else {
        return Ok(());
    };
    let zone = parameters.zone();
    let is_free = |at: Timestamp| after_quiet_hours(at, hours, &zone) <= at;
    let holds = is_free(wall.at) || is_free(wall.at.plus(-LEASE));
    hold!(
        "quiet hours",
        holds,
        "{} was let through at {}",
        wall.attempt,
        wall.at
    );
    Ok(())
}
