//! Processes of the service: an intake, a dispatch and an upkeep each, which run turn by turn.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::message::Texts;
use engine::rules::Rules;
use engine::time::{HOUR, MINUTE, Timestamp};
use pipeline::dispatch::Dispatch;
use pipeline::intake::{Intake, IntakeError, JudgeBy};
use pipeline::upkeep::{Resend, Upkeep};
use ports::dispatch::Caps;
use ports::gateway::Gateway;
use ports::read::Store;
use ports::store::StoreError;
use testkit::fault::{FaultyStore, Journal};
use testkit::post::Post;
use testkit::turns::{Baton, Fate, Turn};
use testkit::{Defect, StaticRegistry};

/// What outlives every process.
pub(crate) struct Outside {
    pub(crate) post: Arc<Post>,
    pub(crate) registry: Arc<StaticRegistry>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) defect: Option<Defect>,
    /// What the city wants when a provider proves that it never had a message.
    pub(crate) resend: Resend,
    /// How much one recipient may be sent.
    pub(crate) caps: Caps,
}

impl Outside {
    /// The store as one actor sees it.
    pub(crate) fn door(&self, store: &Opened, baton: Arc<Baton>) -> Arc<FaultyStore> {
        let (inner, journal) = (Arc::clone(&store.store), Arc::clone(&self.journal));
        Arc::new(FaultyStore::new(
            inner,
            store.opening,
            baton,
            journal,
            self.defect,
        ))
    }
}

/// A store, and which of its openings this is.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) opening: u32,
}

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Under which epoch it was held.
    LostLane(u64),
    Store(StoreError),
}

enum Work {
    /// None: it has not taken the lane over yet.
    Intake(Option<Box<Intake>>),
    Dispatch(Box<Dispatch>),
    Upkeep(Box<Upkeep>),
}

struct Done {
    work: Work,
    did: Result<(), Failure>,
}

/// A little less than a notice may wait.
const BEHIND: i64 = 5 * HOUR + 50 * MINUTE;

type Running = Pin<Box<dyn Future<Output = Done>>>;

/// One role of one process.
pub(crate) struct Actor {
    pub(crate) process: u32,
    baton: Arc<Baton>,
    store: Arc<FaultyStore>,
    rests: Option<Work>,
    runs: Option<Running>,
}

impl Actor {
    /// The roles of a new process.
    pub(crate) fn process(process: u32, outside: &Outside, store: &Opened) -> Vec<Self> {
        let mut actors: Vec<Self> = Vec::new();
        let mut add = |work: &dyn Fn(&Arc<FaultyStore>) -> Work| {
            let baton = Baton::new();
            let store = outside.door(store, Arc::clone(&baton));
            actors.push(Self {
                process,
                baton,
                rests: Some(work(&store)),
                runs: None,
                store,
            });
        };
        let providers: [Arc<dyn Gateway>; 2] =
            ["primary", "second"].map(|name| outside.post.provider(name, outside.defect));
        add(&|_| Work::Intake(None));
        add(&|store| {
            let texts = Arc::new(Texts::built_in());
            let registry = Arc::clone(&outside.registry);
            let route = providers.to_vec();
            Work::Dispatch(Box::new(
                Dispatch::new(store.clone(), route, registry, texts).with_caps(outside.caps),
            ))
        });
        add(&|store| {
            Work::Upkeep(Box::new(Upkeep::new(
                store.clone(),
                providers.to_vec(),
                outside.resend,
            )))
        });
        actors
    }

    /// Whether it is in the middle of a step.
    pub(crate) fn is_busy(&self) -> bool {
        self.runs.is_some()
    }

    /// Lets it run to its next call; says how the step went where it ended.
    pub(crate) async fn turn(
        &mut self,
        outside: &Outside,
        now: Timestamp,
        fate: Fate,
    ) -> Option<Result<(), Failure>> {
        let mut running = self.runs.take().unwrap_or_else(|| {
            let work = self.rests.take().expect("it rests or runs");
            let (store, rules) = (Arc::clone(&self.store), Arc::clone(&outside.rules));
            let is_behind = outside.defect == Some(Defect::ClockBehind);
            Box::pin(step(work, store, rules, now, is_behind))
        });
        match self.baton.turn(&mut running, fate).await {
            Turn::At(_) => {
                self.runs = Some(running);
                None
            }
            Turn::Ended(Done { work, did }) => {
                // An owner that lost its lane is of no more use; a new one must claim.
                let has_lost = matches!(did, Err(Failure::LostLane(_)));
                self.rests = Some(if has_lost { Work::Intake(None) } else { work });
                Some(did)
            }
        }
    }

    /// The process is gone, wherever it was.
    pub(crate) fn kill(self) {
        self.baton.kill();
    }
}

async fn step(
    work: Work,
    store: Arc<FaultyStore>,
    rules: Arc<Rules>,
    now: Timestamp,
    is_behind: bool,
) -> Done {
    match work {
        Work::Intake(None) => match Intake::claim(store, rules, JudgeBy::WallClock, "simulated").await {
            Ok(intake) => Done {
                work: Work::Intake(Some(Box::new(intake))),
                did: Ok(()),
            },
            Err(error) => Done {
                work: Work::Intake(None),
                did: Err(Failure::Store(error)),
            },
        },
        Work::Intake(Some(mut intake)) => {
            let did = match intake.advance(now).await {
                Ok(_) => Ok(()),
                Err(IntakeError::LostLane) => Err(Failure::LostLane(intake.progress().epoch)),
                Err(IntakeError::Store(error)) => Err(Failure::Store(error)),
            };
            Done {
                work: Work::Intake(Some(intake)),
                did,
            }
        }
        Work::Dispatch(mut dispatch) => {
            let now = if is_behind { now.plus(-BEHIND) } else { now };
            let did = dispatch.step(now).await.map(drop).map_err(Failure::Store);
            Done {
                work: Work::Dispatch(dispatch),
                did,
            }
        }
        Work::Upkeep(mut upkeep) => {
            let did = upkeep.step(now).await.map(drop).map_err(Failure::Store);
            Done {
                work: Work::Upkeep(upkeep),
                did,
            }
        }
    }
}
