//! Puts the facts of a batch into the ledgers that it has opened.

use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::{ContentDigest, Fact, FactId};
use engine::ledger::Added;
use engine::route::{self, Home};
use engine::time::Timestamp;
use foldhash::{HashMap, HashMapExt as _};
use formats::inner::Inner;
use ports::commit::NewIdentity;
use ports::store::Identity;

use super::batch::Open;
use super::read_ahead::Incoming;

/// What became of a record before any judgement.
pub(crate) enum Fate {
    /// It changes nothing more.
    Settled(Disposition, Option<Reason>),
    /// It is in a ledger, whose judgement says the rest.
    InLedger,
}

/// The open ledgers of a batch.
pub(crate) struct Apply<'a> {
    pub(crate) opens: Vec<Open>,
    pub(crate) identities: Vec<NewIdentity>,
    numbers: HashMap<Arc<str>, usize>,
    /// Ids taken in by this batch.
    taken: HashMap<&'a FactId, (ContentDigest, Arc<str>)>,
    /// What the store remembers of ids that were looked up.
    known: &'a HashMap<FactId, Identity>,
    /// Ledgers of observations that come with this batch.
    arrived: HashMap<&'a FactId, Arc<str>>,
    /// Whether any open ledger is one in which facts wait.
    has_waiting: bool,
}

impl<'a> Apply<'a> {
    /// `homes` are those of the records, in their order.
    pub(crate) fn new(
        opens: Vec<Open>,
        records: &'a [Incoming],
        homes: &[Option<Home>],
        known: &'a HashMap<FactId, Identity>,
    ) -> Self {
        let mut arrived: HashMap<&'a FactId, Arc<str>> = HashMap::new();
        // Nobody asks for them where no fact is about another.
        let is_about = |home: &Option<Home>| matches!(home, Some(Home::With(_)));
        if homes.iter().any(is_about) {
            for (record, home) in records.iter().zip(homes) {
                if let (Ok(decoded), Some(Home::Ledger(key))) = (&record.parsed, home)
                    && decoded.fact.body.observation().is_some()
                {
                    arrived.entry(&decoded.fact.id).or_insert_with(|| key.clone());
                }
            }
        }
        let keys = opens.iter().map(|open| open.key.clone());
        Self {
            has_waiting: opens.iter().any(|open| route::is_waiting_key(&open.key)),
            numbers: keys.enumerate().map(|(at, key)| (key, at)).collect(),
            opens,
            identities: Vec::with_capacity(records.len()),
            taken: HashMap::with_capacity(records.len()),
            known,
            arrived,
        }
    }

    /// Puts in what our own work made.
    pub(crate) fn inner(&mut self, entry: Inner) {
        match entry {
            Inner::Fact { plate, fact } => {
                if let Some(open) = self.open_mut(&plate)
                    && open.ledger.add(fact) == Added::New
                {
                    open.touched = true;
                }
            }
            Inner::Seat { target, guest } => {
                if let Some(open) = self.open_mut(&target) {
                    open.ledger.seat(guest);
                    open.touched = true;
                }
            }
            Inner::Unseat { target, observation } => {
                if let Some(open) = self.open_mut(&target) {
                    open.ledger.unseat(&observation);
                    open.touched = true;
                }
            }
            Inner::Wish { plate, wish } => {
                if let Some(open) = self.open_mut(&plate) {
                    open.ledger.wish(wish);
                    open.touched = true;
                }
            }
            Inner::Wake { plates } => plates.iter().for_each(|plate| self.touch(plate)),
        }
    }

    /// Asks for a judgement although no fact is new.
    pub(crate) fn touch(&mut self, plate: &Arc<str>) {
        if let Some(open) = self.open_mut(plate) {
            open.touched = true;
        }
    }

    fn open_mut(&mut self, key: &str) -> Option<&mut Open> {
        self.numbers.get(key).map(|at| &mut self.opens[*at])
    }

    /// Puts the next record of the stream in, which stands at `number` in the batch; they must come in order.
    pub(crate) fn record(&mut self, number: usize, record: &'a Incoming, home: Option<Home>) -> Fate {
        let (Ok(decoded), Some(home)) = (&record.parsed, home) else {
            return Fate::Settled(Disposition::Quarantined, Some(Reason::Schema));
        };
        let fact = &decoded.fact;
        if let Some(fate) = self.repeated(fact) {
            return fate;
        }
        let (key, is_observation) = match home {
            Home::Ledger(key) => (key, fact.body.observation().is_some()),
            Home::With(about) => (self.home_of(&about), false),
            Home::Nowhere => {
                self.remember(fact, "".into());
                let reason = (!fact.body.has_effect()).then_some(Reason::NoEffectYet);
                return Fate::Settled(Disposition::Applied, reason);
            }
        };
        let Some(&at) = self.numbers.get(&key) else {
            return Fate::Settled(Disposition::Quarantined, Some(Reason::Schema));
        };
        let open = &mut self.opens[at];
        let before = open.ledger.fact(&fact.id).map(|known| known.known);
        match open.ledger.add(fact.clone()) {
            Added::New => {
                open.touched = true;
                open.arrivals.push(number);
            }
            Added::Duplicate => {
                // The smallest known counts; only then is there anything to judge anew.
                open.touched |= before.is_some_and(|known| fact.known < known);
                return Fate::Settled(Disposition::Duplicate, Some(Reason::SameContent));
            }
            Added::Conflict => return Fate::Settled(Disposition::Conflict, Some(Reason::OtherContent)),
        }
        if is_observation && self.has_waiting {
            self.fetch_waiting(&fact.id, &key);
        }
        self.remember(fact, key);
        Fate::InLedger
    }

    /// A fact whose id this batch or the store has under some ledger already.
    fn repeated(&mut self, fact: &Fact) -> Option<Fate> {
        let known = self.taken.get(&fact.id).cloned().or_else(|| {
            self.known
                .get(&fact.id)
                .map(|identity| (identity.digest, identity.plate.clone()))
        });
        let (digest, key) = known?;
        if digest != fact.digest {
            return Some(Fate::Settled(Disposition::Conflict, Some(Reason::OtherContent)));
        }
        self.lower(&key, &fact.id, &digest, fact.known);
        Some(Fate::Settled(Disposition::Duplicate, Some(Reason::SameContent)))
    }

    fn lower(&mut self, key: &str, id: &FactId, digest: &ContentDigest, known: Timestamp) {
        let Some(open) = self.open_mut(key) else { return };
        let before = open.ledger.fact(id).map(|fact| fact.known);
        open.ledger.meet(id, digest, known);
        open.touched |= before.is_some_and(|before| known < before);
    }

    fn remember(&mut self, fact: &'a Fact, plate: Arc<str>) {
        self.taken.insert(&fact.id, (fact.digest, plate.clone()));
        self.identities.push(NewIdentity {
            id: fact.id.clone(),
            digest: fact.digest,
            plate,
        });
    }

    /// The ledger of an observation, or that in which facts wait for it.
    fn home_of(&self, about: &FactId) -> Arc<str> {
        let known = self.known.get(about).map(|identity| identity.plate.clone());
        known
            .or_else(|| self.arrived.get(about).cloned())
            .unwrap_or_else(|| route::waiting_key(about))
    }

    /// Facts that waited for an observation move to where it lives.
    fn fetch_waiting(&mut self, observation: &FactId, key: &Arc<str>) {
        let waiting = route::waiting_key(observation);
        if waiting == *key {
            return;
        }
        let Some(open) = self.open_mut(&waiting) else {
            return;
        };
        let about = open.ledger.take_about(observation);
        if about.is_empty() {
            return;
        }
        open.touched = true;
        if let Some(home) = self.open_mut(key) {
            for fact in about {
                home.ledger.add(fact);
            }
        }
    }
}
