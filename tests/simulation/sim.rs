//! One run of a seed: what happens next is drawn from it, and after every turn the witness looks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::ids::{AttemptId, hash};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{HOUR, MINUTE, SECOND, Timestamp};
use formats::inner::Inner;
use formats::rules_files::{RulesFiles, load};
use pipeline::upkeep::Resend;
use ports::contact::Phone;
use ports::dispatch::{
    ALL_PROVIDERS, Acted, Caps, DispatchStore as _, NoticeAct, PROVED_NOT_RECEIVED, Pause,
};
use ports::log::{NewEnvelope, Stream as _};
use ports::read::{NoticeFilter, ReadStore as _, Store};
use ports::receipt::{NewReceipt, ReceiptStore as _};
use ports::registry::Owner;
use ports::store::{IntakeStore as _, StoreError};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use store_sqlite::{Keys, Options, SqliteStore};
use testkit::fault::FaultyStore;
use testkit::turns::{Baton, Fate};
use testkit::{Defect, MemoryStore, StaticRegistry};

use crate::actors::{Actor, Failure, Opened, Outside};
use crate::facts::Town;
use crate::witness::{ALL, Violation, Witness, decided_afresh, hold, replayed, seen};

/// Where everything is kept.
pub(crate) enum Place {
    Memory(MemoryStore),
    Sqlite(PathBuf),
}

impl Place {
    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => Arc::new(store.reopened()),
            Self::Sqlite(file) => {
                let options = Options {
                    keys: Keys::new(&[[7; 32]]).unwrap(),
                    create: true,
                    migrate: true,
                };
                Arc::new(SqliteStore::open(file.to_str().unwrap(), options).await.unwrap())
            }
        }
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) turns: u64,
    pub(crate) facts: u64,
    pub(crate) calls: u64,
    pub(crate) taken: u64,
    pub(crate) unknown: u64,
    pub(crate) cancelled: u64,
    pub(crate) crashes: u64,
    pub(crate) takeovers: u64,
    pub(crate) lost_lanes: u64,
    pub(crate) lost_answers: u64,
    pub(crate) receipts: u64,
    pub(crate) acts: u64,
    /// Attempts that their provider never had, by its own word, and those that were sent again for it.
    pub(crate) absent: u64,
    pub(crate) again: u64,
    /// Times that a recipient had had enough.
    pub(crate) capped: u64,
    /// Messages that were to be said again.
    pub(crate) wishes: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.facts += other.facts;
        self.calls += other.calls;
        self.taken += other.taken;
        self.unknown += other.unknown;
        self.cancelled += other.cancelled;
        self.crashes += other.crashes;
        self.takeovers += other.takeovers;
        self.lost_lanes += other.lost_lanes;
        self.lost_answers += other.lost_answers;
        self.receipts += other.receipts;
        self.acts += other.acts;
        self.absent += other.absent;
        self.again += other.again;
        self.capped += other.capped;
        self.wishes += other.wishes;
    }
}

/// Turns of one run before it calms down.
const TURNS: u32 = 320;

pub(crate) struct Sim {
    rng: ChaCha8Rng,
    now: Timestamp,
    place: Place,
    outside: Outside,
    store: Opened,
    /// For people, senders and the witness.
    door: Arc<FaultyStore>,
    actors: Vec<Actor>,
    processes: u32,
    town: Town,
    witness: Witness,
    /// Whether anything is sent in this run at all.
    sends: bool,
    /// Whether this run has quiet hours, and late news of every message. Few runs do: what the seeds that once found
    /// something find stays what it was.
    is_rich: bool,
    tally: Tally,
}

impl Sim {
    async fn new(seed: u64, place: Place, defect: Option<Defect>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let phone = |digits| Owner {
            phone: Phone::parse(digits).unwrap(),
            name: None,
            owner_id: None,
        };
        let owners = vec![phone("+8613800000001"), phone("+8613800000002")];
        let outside = Outside {
            post: Arc::default(),
            registry: Arc::new(StaticRegistry::for_everybody(owners)),
            journal: Arc::default(),
            rules: rules(&mut rng, is_rich(seed)),
            defect,
            resend: if seed.is_multiple_of(3) {
                Resend::AfterProof
            } else {
                Resend::Never
            },
            caps: Caps {
                per_hour: seed.is_multiple_of(2).then_some(4),
                per_day: seed.is_multiple_of(4).then_some(9),
            },
        };
        let store = Opened {
            store: place.open().await,
            opening: 0,
        };
        let mut sim = Self {
            now: "2026-03-02T09:00:00+08:00"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .into(),
            door: outside.door(&store, Baton::free()),
            place,
            outside,
            store,
            actors: Vec::new(),
            processes: 0,
            town: Town::default(),
            witness: Witness::default(),
            sends: rng.random_bool(0.8),
            is_rich: is_rich(seed),
            tally: Tally::default(),
            rng,
        };
        sim.begin();
        sim
    }

    /// One more process.
    fn begin(&mut self) {
        self.processes += 1;
        let actors = Actor::process(self.processes, &self.outside, &self.store);
        self.actors.extend(actors);
    }

    fn kill(&mut self, process: impl Fn(u32) -> bool) {
        let (gone, stay) = std::mem::take(&mut self.actors)
            .into_iter()
            .partition(|actor| process(actor.process));
        self.actors = stay;
        let gone: Vec<Actor> = gone;
        gone.into_iter().for_each(Actor::kill);
    }

    async fn reopen(&mut self) {
        self.store = Opened {
            store: self.place.open().await,
            opening: self.store.opening + 1,
        };
        self.door = self.outside.door(&self.store, Baton::free());
    }

    async fn storm(&mut self) -> Result<(), Violation> {
        for _ in 0..TURNS {
            match self.rng.random_range(0..200) {
                0..120 => self.turn().await?,
                120..138 => self.append().await?,
                138..162 => self.post(),
                162..176 => self.time_passes().await,
                176..182 => self.act().await?,
                182..186 => self.pause_or_resume().await?,
                186..192 => self.receipt().await?,
                192..195 => self.crash().await,
                195..197 => self.take_over().await,
                _ => self.outside.registry.set_away(self.rng.random_bool(0.3)),
            }
            self.look().await?;
        }
        Ok(())
    }

    /// Lets everything come to rest that was begun, and looks.
    async fn look(&mut self) -> Result<(), Violation> {
        settle().await;
        self.tally.turns += 1;
        self.witness.look(&self.door, &self.outside, self.now).await
    }

    async fn turn(&mut self) -> Result<(), Violation> {
        // Intake and dispatch have more to do than upkeep.
        let process = self.rng.random_range(0..self.actors.len() / 3) * 3;
        let at = process + [0, 0, 0, 0, 1, 1, 1, 2].choose(&mut self.rng).expect("eight");
        let fate = match self.rng.random_range(0..100) {
            0..3 => Fate::Refuse,
            3..6 => Fate::Lose,
            6..11 => Fate::Linger,
            _ => Fate::Go,
        };
        // Where nobody is to be told, dispatch does not run.
        if at % 3 == 1 && !self.sends {
            return Ok(());
        }
        self.tally.lost_answers += u64::from(fate == Fate::Lose && self.actors[at].is_busy());
        self.step(at, fate).await
    }

    async fn step(&mut self, at: usize, fate: Fate) -> Result<(), Violation> {
        let process = self.actors[at].process;
        let Some(Err(failure)) = self.actors[at].turn(&self.outside, self.now, fate).await else {
            return Ok(());
        };
        match failure {
            Failure::Store(StoreError::Unavailable(_)) => Ok(()),
            Failure::Store(error) => Err(Violation::of("store", error.to_string())),
            Failure::LostLane(epoch) => {
                self.tally.lost_lanes += 1;
                let stands = seen(self.door.progress().await)?.epoch;
                let is_lost = stands > epoch;
                hold!(
                    "one writer",
                    is_lost,
                    "nobody took the lane of epoch {epoch}, and it was given up"
                );
                // The service stops; a supervisor begins it anew unless another one has taken over.
                if self.actors.iter().any(|actor| actor.process > process) {
                    self.kill(|it| it == process);
                }
                Ok(())
            }
        }
    }

    async fn append(&mut self) -> Result<(), Violation> {
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
    fn post(&mut self) {
        // Mostly all of what is on the wire is dealt with at once, sometimes one request only.
        let deals = if self.rng.random_bool(0.5) { 1 } else { 4 };
        (0..deals).for_each(|_| self.deal());
    }

    fn deal(&mut self) {
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

    async fn time_passes(&mut self) {
        let micros = match self.rng.random_range(0..100) {
            0..45 => self.rng.random_range(0..20 * SECOND),
            45..85 => self.rng.random_range(0..8 * MINUTE),
            _ => self.rng.random_range(0..5 * HOUR),
        };
        self.pass(micros).await;
    }

    async fn pass(&mut self, micros: i64) {
        self.now = self.now.plus(micros);
        tokio::time::advance(Duration::from_micros(micros.unsigned_abs())).await;
    }

    async fn act(&mut self) -> Result<(), Violation> {
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

    async fn pause_or_resume(&mut self) -> Result<(), Violation> {
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
    async fn receipt(&mut self) -> Result<(), Violation> {
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
    async fn late_news(&mut self) -> Result<(), Violation> {
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

    async fn push(
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

    async fn crash(&mut self) {
        self.tally.crashes += 1;
        self.kill(|_| true);
        settle().await;
        self.reopen().await;
        self.begin();
    }

    /// A second process begins while the first still runs.
    async fn take_over(&mut self) {
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

    /// No more faults: everything comes to its end.
    async fn calm(&mut self) -> Result<(), Violation> {
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

    fn answer_everything(&self) {
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
    async fn rest(&mut self, at: usize) -> Result<(), Violation> {
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
    async fn end(&mut self) -> Result<(), Violation> {
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

/// Runs a seed.
pub(crate) fn run(seed: u64, place: Place, defect: Option<Defect>) -> Result<Tally, Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime of one thread");
    runtime.block_on(async {
        // While a blocking task runs, time stands still until it is moved.
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let anchor = tokio::task::spawn_blocking(move || stopped.recv().is_err());
        let mut sim = Sim::new(seed, place, defect).await;
        let result = whole(&mut sim).await;
        let tally = sim.tally;
        sim.kill(|_| true);
        settle().await;
        drop(sim);
        drop(stop);
        anchor.await.expect("it only waits");
        result.map(|()| tally)
    })
}

async fn whole(sim: &mut Sim) -> Result<(), Violation> {
    sim.storm().await?;
    if sim.is_rich {
        sim.late_news().await?;
    }
    sim.calm().await?;
    sim.end().await
}

/// Lets every task run that can.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

fn is_rich(seed: u64) -> bool {
    seed % 5 == 3
}

fn rules(rng: &mut ChaCha8Rng, has_quiet_hours: bool) -> Arc<engine::rules::Rules> {
    let (window, rest) = *[
        ("kind = \"calendar-year\"", ""),
        ("kind = \"calendar-year\"", "[admission]\nreview = \"all\"\n"),
        (
            "kind = \"calendar-year\"",
            "[admission]\nreview = \"penalties\"\n",
        ),
        ("kind = \"rolling\"\nlength = \"30d\"\nallowance = 2", ""),
        ("kind = \"lifetime\"\nper = \"plate\"", ""),
    ]
    .choose(rng)
    .unwrap();
    let quiet = if has_quiet_hours {
        "quiet_hours = \"12:00-14:00\"\n"
    } else {
        ""
    };
    let text = format!(
        "[policy]\nid = \"p\"\nversion = \"1\"\neffective = {{ from = \"2010-01-01T00:00:00+08:00\" }}\n\
         time_zone = \"Asia/Shanghai\"\n[window]\n{window}\n[outcome]\nfirst = \"waived\"\n\
         otherwise = \"penalty_proposed\"\nfine_minor = 10000\ncurrency = \"CNY\"\n{rest}\
         [notice]\nhold = \"3m\"\nexpires = \"6h\"\n{quiet}"
    );
    let files = RulesFiles {
        policies: vec![("p.toml".to_owned(), text)],
        ..RulesFiles::default()
    };
    Arc::new(load(&files).expect("the policy of the town can be read"))
}
