//! What was granted: the lane, leases, the submit wall, and calls that rest on it.

use std::collections::BTreeMap;

use engine::fact::Body;
use engine::notice::NoticeState;
use engine::time::{SECOND, Timestamp};
use formats::inner::Inner;
use ports::commit::NoticeChange;
use ports::read::{NoticeFilter, ReadStore as _};
use ports::store::IntakeStore as _;
use testkit::fault::{Entry, FaultyStore, Wall};

use super::{ALL, Violation, Witness, hold, seen};
use crate::actors::Outside;

impl Witness {
    /// Reads what was told and what was taken back.
    pub(super) async fn inner_log(&mut self, store: &FaultyStore) -> Result<(), Violation> {
        for entry in seen(store.inner(self.inner_next + 1, ALL).await)? {
            hold!(
                "progress",
                entry.sequence == self.inner_next + 1,
                "a gap before inner entry {}",
                entry.sequence
            );
            self.inner_next = entry.sequence;
            let inner =
                Inner::decode(&entry.payload).map_err(|error| Violation::of("told", error.to_string()))?;
            if let Inner::Fact { fact, .. } = inner
                && matches!(fact.body, Body::Told(_))
                && let Some((attempt, word)) = fact.id.id().rsplit_once('/')
            {
                let list = match word {
                    "handed_over" => &mut self.told,
                    "handed_over_after_all" => &mut self.told_again,
                    _ => &mut self.taken_back,
                };
                hold!(
                    "told",
                    list.insert(attempt.to_owned()),
                    "{} was written twice",
                    fact.id
                );
            }
        }
        Ok(())
    }

    /// The lane goes forward, under one owner at a time.
    pub(super) async fn progress(&mut self, store: &FaultyStore, entries: &[Entry]) -> Result<(), Violation> {
        for entry in entries {
            match entry {
                Entry::Claimed { before, after } => {
                    hold!(
                        "one writer",
                        after.epoch > before.epoch,
                        "a claim left the epoch at {}",
                        after.epoch
                    );
                    self.epoch = after.epoch;
                }
                Entry::Committed(batch, stood) => {
                    let (own, theirs) = (batch.from.epoch, stood.epoch);
                    hold!(
                        "one writer",
                        own == theirs,
                        "committed under epoch {own} in {theirs}"
                    );
                    self.judged_at = batch.at;
                }
                _ => {}
            }
        }
        let stands = seen(store.progress().await)?;
        let was = self.progress;
        let goes_on = stands.epoch >= was.epoch
            && stands.next >= was.next
            && stands.inner_next >= was.inner_next
            && stands.high_water >= was.high_water;
        hold!("progress", goes_on, "{was:?} became {stands:?}");
        let last = entries.iter().rev().find_map(|entry| match entry {
            Entry::Committed(batch, _) => Some(batch.to),
            _ => None,
        });
        if let Some(to) = last {
            let is_there = (stands.next, stands.inner_next) == (to.next, to.inner_next);
            hold!(
                "progress",
                is_there,
                "a batch to {to:?} was committed, and the lane stands at {stands:?}"
            );
        }
        self.progress = stands;
        Ok(())
    }

    /// What was granted could be granted.
    pub(super) async fn walls(&mut self, store: &FaultyStore, entries: &[Entry]) -> Result<(), Violation> {
        for entry in entries {
            match entry {
                Entry::Leased(opening, leases) => {
                    for (notice, token) in leases {
                        let is_new = self.tokens.insert((*opening, notice.to_string(), *token));
                        hold!("lease", is_new, "lease {token} of {notice} was granted twice");
                    }
                }
                Entry::Submitted(walls) => {
                    for wall in walls.iter().filter(|wall| wall.granted) {
                        self.wall(wall)?;
                    }
                    self.capped += walls.iter().filter(|wall| wall.is_capped).count() as u64;
                }
                Entry::Acted(notice, state) => {
                    let stands = state_of(store, notice.as_str()).await?;
                    hold!(
                        "act",
                        stands == Some(*state),
                        "{notice} should be {state:?} and is {stands:?}"
                    );
                }
                Entry::Committed(batch, _) => {
                    for change in &batch.notices {
                        let NoticeChange::Cancel(id) = change else {
                            continue;
                        };
                        let stands = state_of(store, id.as_str()).await?;
                        let is_cancelled = stands == Some(NoticeState::Cancelled);
                        hold!("cancelled", is_cancelled, "{id} was cancelled and is {stands:?}");
                        self.cancelled += 1;
                    }
                }
                Entry::Claimed { .. } | Entry::Finished(_) => {}
            }
        }
        Ok(())
    }

    fn wall(&mut self, wall: &Wall) -> Result<(), Violation> {
        let attempt = &wall.attempt;
        hold!("paused", !wall.was_paused, "{attempt} was let through a pause");
        let state = wall.before.as_ref().map(|notice| notice.state);
        let was_ready = matches!(state, Some(NoticeState::Queued | NoticeState::Leased));
        hold!("wall", was_ready, "{attempt} was let through from {state:?}");
        let is_early = wall
            .before
            .as_ref()
            .is_some_and(|notice| notice.not_before > wall.at);
        hold!("wall", !is_early, "{attempt} was let through before its time");
        let is_late = wall
            .before
            .as_ref()
            .is_some_and(|notice| notice.expires_at <= wall.at);
        hold!("expired", !is_late, "{attempt} was let through after its time");
        hold!(
            "told",
            self.told.contains(attempt),
            "{attempt} was let through, and nobody is said to be told"
        );
        let again = self.granted.insert(attempt.clone(), wall.at);
        hold!("wall", again.is_none(), "{attempt} was let through twice");
        let to = (wall.recipient.reveal().to_owned(), wall.at);
        self.recipients.insert(attempt.clone(), to);
        if let Some(notice) = &wall.before {
            self.expires.insert(attempt.clone(), notice.expires_at);
        }
        Ok(())
    }

    /// Every call that has begun rests on the wall.
    pub(super) fn calls(&mut self, outside: &Outside, now: Timestamp) -> Result<(), Violation> {
        let calls = outside.post.calls();
        for call in &calls[self.calls..] {
            let attempt = &call.client_ref;
            let granted = self.granted.get(attempt).copied();
            hold!("wall", granted.is_some(), "{attempt} is sent without leave");
            hold!(
                "told",
                self.told.contains(attempt),
                "{attempt} is sent, and nobody is said to be told"
            );
            let is_fresh = granted.is_some_and(|at| now.since(at) <= 2 * SECOND);
            let is_behind = outside.defect == Some(testkit::Defect::ClockBehind);
            hold!(
                "wall",
                is_fresh || is_behind,
                "{attempt} is sent at {now}, long after it was let through at {granted:?}"
            );
            let in_time = self.expires.get(attempt).is_some_and(|end| now < *end);
            hold!("expired", in_time, "{attempt} is sent after its time");
            if let Some((_, at)) = self.recipients.get_mut(attempt) {
                *at = now;
            }
        }
        self.calls = calls.len();
        Ok(())
    }
}

impl Witness {
    /// No recipient was ever sent more than the caps, by what providers took.
    pub(super) fn caps(&self, outside: &Outside) -> Result<(), Violation> {
        for (most, window) in outside.caps.windows() {
            let mut by_recipient: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
            for call in outside.post.calls().iter().filter(|call| call.accepted > 0) {
                if let Some((to, at)) = self.recipients.get(&call.client_ref) {
                    by_recipient.entry(to).or_default().push(*at);
                }
            }
            for times in by_recipient.values_mut() {
                times.sort_unstable();
                let most = most as usize;
                let is_too_many = |run: &[Timestamp]| run[most].since(run[0]) < window;
                let broken = times.windows(most + 1).any(is_too_many);
                hold!("caps", !broken, "more than {most} in {} s", window / SECOND);
            }
        }
        Ok(())
    }
}

async fn state_of(store: &FaultyStore, id: &str) -> Result<Option<NoticeState>, Violation> {
    let notices = seen(store.notices(&NoticeFilter::default(), ALL).await)?;
    Ok(notices
        .iter()
        .find(|notice| notice.id.as_str() == id)
        .map(|notice| notice.state))
}
