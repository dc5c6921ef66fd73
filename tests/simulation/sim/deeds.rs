//! What happens to the town: facts come, requests arrive, time passes, people act, providers push, processes die.

use std::sync::Arc;
use std::time::Duration;

use engine::ids::{AttemptId, hash};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{HOUR, MINUTE, SECOND};
use formats::inner::Inner;
use ports::dispatch::{ALL_PROVIDERS, Acted, DispatchStore as _, NoticeAct, Pause};
use ports::log::{NewEnvelope, Stream as _};
use ports::read::{NoticeFilter, ReadStore as _};
use ports::receipt::{NewReceipt, ReceiptStore as _};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use testkit::Defect;

use super::{Place, Sim, settle};
use crate::witness::{ALL, Violation, hold, seen};

impl Sim {
    pub(super) async fn append(&mut self) -> Result<(), Violation> {
        let mut records = Vec::new();
        for _ in 0..self.rng.random_range(1..6) {
            records.push(NewEnvelope {
                known: self.now,
                payload: self.town.speak(&mut self.rng, self.now),
            });
        }
        self.tally.facts += records.len() as u64;
        let before = seen(self.door.end().await)?;
        seen(self.door.append(&records).await)?;
        let (end, count) = (seen(self.door.end().await)?, records.len() as u64);
        hold!(
            "durable",
            end == before + count,
            "{count} facts were answered for, and the stream ends at {end} after {before}"
        );
        Ok(())
    }

    /// A request arrives, or its answer does.
    pub(super) fn post(&mut self) {
        // Mostly all of what is on the wire is dealt with at once, sometimes one request only.
        let deals = if self.rng.random_bool(0.5) { 1 } else { 4 };
        (0..deals).for_each(|_| self.deal());
    }

    pub(super) fn deal(&mut self) {
        let mut calls = self.outside.post.calls();
        let open: Vec<usize> = (0..calls.len())
            .filter(|at| !calls[*at].is_settled || calls[*at].is_awaited())
            .collect();
        let Some(at) = open.choose(&mut self.rng) else {
            return;
        };
        let call = &mut calls[*at];
        if call.is_settled {
            let was_taken = call.accepted > 0 && self.rng.random_bool(0.6);
            return call.answer(if was_taken {
                AttemptClass::Accepted
            } else {
                AttemptClass::Unknown
            });
        }
        call.is_settled = true;
        match self.rng.random_range(0..100) {
            0..55 => {
                call.accepted += 1;
                match self.rng.random_range(0..10) {
                    _ if self.outside.defect == Some(Defect::LyingProvider) => {
                        call.answer(AttemptClass::NotSent);
                    }
                    0..6 => call.answer(AttemptClass::Accepted),
                    6..8 => call.answer(AttemptClass::Unknown),
                    _ => {}
                }
            }
            55..88 => {
                let refusals = [
                    AttemptClass::NotSent,
                    AttemptClass::NotSent,
                    AttemptClass::ThrottledAccount,
                    AttemptClass::ThrottledRecipient,
                    AttemptClass::PermanentRecipient,
                    AttemptClass::PermanentContent,
                    AttemptClass::QuietHours,
                    AttemptClass::ClockSkew,
                    AttemptClass::Suppressed,
                    AttemptClass::AccountBlocked,
                    AttemptClass::Unknown,
                ];
                call.answer(*refusals.choose(&mut self.rng).unwrap());
            }
            // Lost on its way, and nobody ever answers.
            _ => {}
        }
    }

    pub(super) async fn time_passes(&mut self) {
        let micros = match self.rng.random_range(0..100) {
            0..45 => self.rng.random_range(0..20 * SECOND),
            45..85 => self.rng.random_range(0..8 * MINUTE),
            _ => self.rng.random_range(0..5 * HOUR),
        };
        self.pass(micros).await;
    }

    pub(super) async fn pass(&mut self, micros: i64) {
        self.now = self.now.plus(micros);
        tokio::time::advance(Duration::from_micros(micros.unsigned_abs())).await;
    }

    pub(super) async fn act(&mut self) -> Result<(), Violation> {
        let notices = seen(self.door.notices(&NoticeFilter::default(), ALL).await)?;
        let Some(notice) = notices.choose(&mut self.rng) else {
            return Ok(());
        };
        self.tally.acts += 1;
        if self.rng.random_bool(0.3) {
            let wish = Inner::once_more(&notice.plate, &notice.case, notice.kind, notice.revision);
            let acted = self.door.resend(self.now, &notice.id, wish.encode().into()).await;
            let done = matches!(seen(acted)?, Acted::Done { .. });
            self.tally.wishes += u64::from(done);
            return Ok(());
        }
        let acts = [
            NoticeAct::Hold,
            NoticeAct::Hold,
            NoticeAct::Release,
            NoticeAct::Release,
            NoticeAct::Cancel,
        ];
        let act = *acts.choose(&mut self.rng).unwrap();
        seen(self.door.act(self.now, &notice.id, act, "person: o1").await).map(drop)
    }

    pub(super) async fn pause_or_resume(&mut self) -> Result<(), Violation> {
        let name = *["primary", "second", ALL_PROVIDERS]
            .choose(&mut self.rng)
            .unwrap();
        if self.rng.random_bool(0.4) {
            let pause = Pause {
                reason: "person: o1".into(),
                by: "o1".into(),
                at: self.now,
            };
            seen(self.door.pause(name, &pause).await)?;
            let states = seen(self.door.providers().await)?;
            let is_paused = states
                .iter()
                .any(|state| &*state.name == name && state.paused.is_some());
            hold!("act", is_paused, "{name} should be paused and runs");
            Ok(())
        } else {
            seen(self.door.resume(name, "o1", self.now).await).map(drop)
        }
    }

    /// A provider says what became of a message that it took; now and then of one that nobody knows.
    pub(super) async fn receipt(&mut self) -> Result<(), Violation> {
        let (client_ref, provider, id) = {
            let calls = self.outside.post.calls();
            let taken: Vec<_> = calls.iter().filter(|call| call.accepted > 0).collect();
            match taken.choose(&mut self.rng) {
                Some(call) => (call.client_ref.clone(), call.provider.clone(), call.message_id()),
                None => ("forged-1".to_owned(), "primary".into(), "m/forged-1".into()),
            }
        };
        let states = [
            NoticeState::Delivered,
            NoticeState::Undelivered,
            NoticeState::Expired,
        ];
        let state = *states.choose(&mut self.rng).unwrap();
        let names_us = self.rng.random_bool(0.5);
        self.push((&client_ref, &provider, &id), state, names_us).await?;
        Ok(())
    }

    /// What happened to every message, the last of it first and then what happened before.
    pub(super) async fn late_news(&mut self) -> Result<(), Violation> {
        let taken: Vec<_> = {
            let calls = self.outside.post.calls();
            let taken = calls.iter().filter(|call| call.accepted > 0);
            taken
                .map(|call| (call.client_ref.clone(), call.provider.clone(), call.message_id()))
                .collect()
        };
        for (number, (client_ref, provider, id)) in taken.iter().enumerate() {
            let mut states = [NoticeState::Undelivered, NoticeState::Delivered];
            if number % 2 == 0 {
                states.reverse();
            }
            for state in states {
                self.push((client_ref, provider, id), state, true).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn push(
        &mut self,
        (client_ref, provider, id): (&str, &Arc<str>, &Arc<str>),
        state: NoticeState,
        names_us: bool,
    ) -> Result<(), Violation> {
        let receipt = NewReceipt {
            provider: Arc::clone(provider),
            digest: hash(&[client_ref.as_bytes(), state.as_str().as_bytes()]),
            message_id: Some(Arc::clone(id)),
            client_ref: names_us.then(|| AttemptId::from_text(client_ref)),
            state,
            code: None,
            at: self.now,
            body: bytes::Bytes::from_static(b"{}"),
        };
        let kept = seen(self.door.keep_receipts(self.now, &[receipt]).await)?;
        self.outside.post.push(client_ref, state, names_us && kept > 0);
        self.tally.receipts += kept;
        Ok(())
    }

    pub(super) async fn crash(&mut self) {
        self.tally.crashes += 1;
        self.kill(|_| true);
        settle().await;
        self.reopen().await;
        self.begin();
    }

    /// A second process begins while the first still runs.
    pub(super) async fn take_over(&mut self) {
        let Some(oldest) = self.actors.first().map(|actor| actor.process) else {
            return;
        };
        if self.actors.iter().any(|actor| actor.process != oldest) {
            return self.kill(|it| it == oldest);
        }
        self.tally.takeovers += 1;
        if matches!(self.place, Place::Memory(_)) {
            self.reopen().await;
        }
        self.begin();
    }
}
