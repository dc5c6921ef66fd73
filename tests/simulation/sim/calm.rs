//! The end of a run: no more faults, everything comes to rest, and then it must be as promised.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::{HOUR, MINUTE};
use ports::dispatch::{DispatchStore as _, PROVED_NOT_RECEIVED};
use ports::log::Stream as _;
use ports::read::{NoticeFilter, ReadStore as _};
use ports::store::IntakeStore as _;
use testkit::turns::Fate;

use super::{Sim, settle};
use crate::witness::{ALL, Violation, decided_afresh, hold, replayed, seen};

impl Sim {
    /// No more faults: everything comes to its end.
    pub(super) async fn calm(&mut self) -> Result<(), Violation> {
        self.outside.registry.set_away(false);
        let newest = self.processes;
        self.kill(|it| it != newest);
        let hops = [(MINUTE, 16), (HOUR, 16), (12 * HOUR, 16), (0, 2)];
        for hop in hops
            .into_iter()
            .flat_map(|(hop, times)| std::iter::repeat_n(hop, times))
        {
            // Answers to old calls may pause a provider again; a person sees to it.
            for state in seen(self.door.providers().await)? {
                seen(self.door.resume(&state.name, "o1", self.now).await)?;
            }
            self.pass(hop).await;
            // Twice, so that what one role leaves for another is done in the same round.
            for at in [0, 1, 2, 0, 1, 2] {
                if at == 1 && !self.sends {
                    continue;
                }
                self.rest(at).await?;
                settle().await;
                self.answer_everything();
            }
            self.look().await?;
        }
        Ok(())
    }

    pub(super) fn answer_everything(&self) {
        for call in self.outside.post.calls().iter_mut() {
            if !call.is_settled {
                call.is_settled = true;
                call.accepted += 1;
            }
            if call.is_awaited() {
                call.answer(if call.accepted > 0 {
                    AttemptClass::Accepted
                } else {
                    AttemptClass::Unknown
                });
            }
        }
    }

    /// Runs a step to its end.
    pub(super) async fn rest(&mut self, at: usize) -> Result<(), Violation> {
        loop {
            self.step(at, Fate::Go).await?;
            if !self.outside.journal.is_empty() {
                self.look().await?;
            }
            if !self.actors[at].is_busy() {
                return Ok(());
            }
        }
    }

    /// What must be true in the end.
    pub(super) async fn end(&mut self) -> Result<(), Violation> {
        let progress = seen(self.door.progress().await)?;
        let end = seen(self.door.end().await)?;
        hold!(
            "rest",
            progress.next == end,
            "the lane stands at {} of {end}",
            progress.next
        );
        let left = seen(self.door.inner(progress.inner_next, ALL).await)?.len();
        hold!(
            "rest",
            left == 0,
            "{left} entries of the inner log were never read"
        );
        self.witness
            .judged_at(&self.door, &self.outside, self.now)
            .await?;
        self.witness.best_news(&self.door, &self.outside).await?;
        for notice in seen(self.door.notices(&NoticeFilter::default(), ALL).await)? {
            let has_reason = notice.reason.is_some();
            let rests = match notice.state {
                NoticeState::Accepted
                | NoticeState::Delivered
                | NoticeState::Undelivered
                | NoticeState::Cancelled
                | NoticeState::Expired => true,
                NoticeState::Held
                | NoticeState::Refused
                | NoticeState::Suppressed
                | NoticeState::NoContact
                | NoticeState::Unknown => has_reason,
                NoticeState::Queued => notice.not_before > self.now || !self.sends,
                NoticeState::Leased | NoticeState::Submitted => false,
            };
            let (id, state, reason) = (&notice.id, notice.state, &notice.reason);
            hold!("rest", rests, "{id} is {state:?} in the end, {reason:?}");
            self.tally.unknown += u64::from(state == NoticeState::Unknown);
        }
        let calls = self.outside.post.calls().len();
        if calls == 0 {
            decided_afresh(&self.door, &self.outside.rules, self.now).await?;
        }
        replayed(&self.door, &self.outside.rules, self.now).await?;
        self.tally.calls = calls as u64;
        let taken = self
            .outside
            .post
            .calls()
            .iter()
            .filter(|call| call.accepted > 0)
            .count();
        self.tally.taken = taken as u64;
        self.tally.cancelled = self.witness.cancelled;
        self.tally.capped = self.witness.capped;
        for attempt in seen(self.door.attempts(0, ALL).await)? {
            let is_absent = attempt.code.as_deref() == Some(PROVED_NOT_RECEIVED);
            self.tally.absent += u64::from(is_absent);
            self.tally.again += u64::from(is_absent && self.witness.was_taken_back(&attempt.id));
        }
        Ok(())
    }
}
