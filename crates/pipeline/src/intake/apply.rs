//! Opens the ledgers that a batch touches and puts its facts into them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::{ContentDigest, Fact, FactId};
use engine::ledger::Added;
use engine::route::{self, Home};
use engine::time::Timestamp;
use formats::inner::Inner;
use ports::commit::NewIdentity;
use ports::store::{Identity, StoreError};

use super::batch::{Inputs, Open, is_waiting};
use super::read_ahead::Incoming;

/// What became of a record before any judgement.
pub(crate) enum Fate {
    /// It changes nothing more.
    Settled(Disposition, Option<Reason>),
    /// It is in the ledger of this key, whose judgement says the rest.
    In(Arc<str>),
}

/// The open ledgers of a batch.
pub(crate) struct Apply<'a> {
    pub(crate) opens: Vec<Open>,
    pub(crate) identities: Vec<NewIdentity>,
    numbers: HashMap<Arc<str>, usize>,
    homes: Vec<Option<Home>>,
    /// Ids taken in by this batch.
    taken: HashMap<FactId, (ContentDigest, Arc<str>)>,
    /// What the store remembers of ids that were looked up.
    known: HashMap<FactId, Identity>,
    /// Ledgers of observations that came with this batch.
    arrived: HashMap<&'a FactId, Arc<str>>,
    next_home: usize,
}

impl<'a> Apply<'a> {
    /// Finds out which ledgers are needed and loads them at once.
    pub(crate) async fn open(inputs: &Inputs<'a>, inner: &[Inner]) -> Result<Self, StoreError> {
        let mut keys: HashSet<Arc<str>> = inputs.due.iter().cloned().collect();
        keys.extend(inner.iter().flat_map(keys_of));
        let homes: Vec<Option<Home>> = inputs
            .records
            .iter()
            .map(|record| {
                let fact = &record.parsed.as_ref().ok()?.fact;
                Some(route::home(inputs.rules, &fact.id, &fact.body))
            })
            .collect();
        let records = inputs.records;
        let facts = || with_homes(records, &homes);
        let mut arrived: HashMap<&'a FactId, Arc<str>> = HashMap::new();
        for (fact, home) in facts() {
            if let Home::Ledger(key) = home {
                keys.insert(key.clone());
                if fact.body.observation().is_some() {
                    arrived.entry(&fact.id).or_insert_with(|| key.clone());
                }
            }
        }
        let known = look_up(inputs, facts(), &arrived).await?;
        for identity in known.values().filter(|identity| !identity.plate.is_empty()) {
            keys.insert(identity.plate.clone());
        }
        for (_, home) in facts() {
            if let Home::With(about) = home {
                let elsewhere = arrived.contains_key(about) || known.contains_key(about);
                if !elsewhere {
                    keys.insert(route::waiting_key(about));
                }
            }
        }
        if inputs.store.waiting().await? > 0 {
            keys.extend(arrived.keys().map(|id| route::waiting_key(id)));
        }
        let (opens, numbers) = load(inputs, keys).await?;
        Ok(Self {
            opens,
            identities: Vec::with_capacity(inputs.records.len()),
            numbers,
            homes,
            taken: HashMap::with_capacity(inputs.records.len()),
            known,
            arrived,
            next_home: 0,
        })
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

    /// Puts the next record of the stream in; they must come in order.
    pub(crate) fn record(&mut self, record: &Incoming) -> Fate {
        let home = self.homes[self.next_home].take();
        self.next_home += 1;
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
        let Some(open) = self.open_mut(&key) else {
            return Fate::Settled(Disposition::Quarantined, Some(Reason::Schema));
        };
        let before = open.ledger.fact(&fact.id).map(|known| known.known);
        match open.ledger.add(fact.clone()) {
            Added::New => open.touched = true,
            Added::Duplicate => {
                // The smallest known counts; only then is there anything to judge anew.
                open.touched |= before.is_some_and(|known| fact.known < known);
                return Fate::Settled(Disposition::Duplicate, Some(Reason::SameContent));
            }
            Added::Conflict => return Fate::Settled(Disposition::Conflict, Some(Reason::OtherContent)),
        }
        self.remember(fact, key.clone());
        if is_observation {
            self.fetch_waiting(&fact.id, &key);
        }
        Fate::In(key)
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

    fn remember(&mut self, fact: &Fact, plate: Arc<str>) {
        self.taken.insert(fact.id.clone(), (fact.digest, plate.clone()));
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

/// The facts of the records that could be read, with where they live.
fn with_homes<'r, 'h>(
    records: &'r [Incoming],
    homes: &'h [Option<Home>],
) -> impl Iterator<Item = (&'r Fact, &'h Home)> + use<'r, 'h> {
    let facts = records
        .iter()
        .map(|record| record.parsed.as_ref().ok().map(|decoded| &decoded.fact));
    facts
        .zip(homes)
        .filter_map(|(fact, home)| fact.zip(home.as_ref()))
}

fn keys_of(entry: &Inner) -> Vec<Arc<str>> {
    match entry {
        Inner::Fact { plate, .. } => vec![plate.clone()],
        Inner::Seat { target, .. } | Inner::Unseat { target, .. } => vec![target.clone()],
        Inner::Wake { plates } => plates.clone(),
    }
}

/// Asks the store for the observations that facts of the batch are about and that did not come with it, and for every
/// id when one of them is known to be taken.
async fn look_up<'f, 'h>(
    inputs: &Inputs<'_>,
    facts: impl Iterator<Item = (&'f Fact, &'h Home)>,
    arrived: &HashMap<&FactId, Arc<str>>,
) -> Result<HashMap<FactId, Identity>, StoreError> {
    let mut wanted: HashSet<FactId> = HashSet::new();
    for (fact, home) in facts {
        if inputs.check_ids {
            wanted.insert(fact.id.clone());
        }
        if let Home::With(about) = home
            && (inputs.check_ids || !arrived.contains_key(about))
        {
            wanted.insert(about.clone());
        }
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut wanted: Vec<FactId> = wanted.into_iter().collect();
    wanted.sort_unstable();
    let found = inputs.store.identities(&wanted).await?;
    Ok(wanted
        .into_iter()
        .zip(found)
        .filter_map(|(id, identity)| Some((id, identity?)))
        .collect())
}

async fn load(
    inputs: &Inputs<'_>,
    keys: HashSet<Arc<str>>,
) -> Result<(Vec<Open>, HashMap<Arc<str>, usize>), StoreError> {
    let mut keys: Vec<Arc<str>> = keys.into_iter().collect();
    keys.sort_unstable();
    let stored = inputs.store.ledgers(&keys).await?;
    let mut opens = Vec::with_capacity(keys.len());
    for (key, stored) in keys.iter().zip(stored) {
        let ledger = if stored.document.is_empty() {
            engine::ledger::Ledger::default()
        } else {
            formats::ledger::decode(&stored.document)
                .map_err(|error| StoreError::Corrupt(format!("a ledger document: {error}")))?
        };
        let waited = is_waiting(key, &ledger);
        opens.push(Open {
            key: key.clone(),
            version: stored.version,
            ledger,
            touched: false,
            waited,
        });
    }
    let numbers = keys.into_iter().enumerate().map(|(at, key)| (key, at)).collect();
    Ok((opens, numbers))
}
