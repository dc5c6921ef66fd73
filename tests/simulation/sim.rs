//! One run of a seed: what happens next is drawn from it, and after every turn the witness looks.

mod calm;
mod deeds;

use std::path::PathBuf;
use std::sync::Arc;

use engine::time::Timestamp;
use formats::rules_files::{RulesFiles, load};
use pipeline::upkeep::Resend;
use ports::contact::Phone;
use ports::dispatch::Caps;
use ports::read::Store;
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
use crate::witness::{Violation, Witness, hold, seen};

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
