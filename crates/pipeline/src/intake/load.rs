//! Which ledgers a batch touches, and what the store has of them.

use std::sync::Arc;

use engine::fact::{Fact, FactId};
use engine::route::{self, Home};
use engine::time::Timestamp;
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use formats::inner::Inner;
use ports::commit::Commit;
use ports::read::Store;
use ports::store::{Identity, InnerEntry, Progress, StoreError, StoredLedger};

use super::batch::Open;
use super::read_ahead::Incoming;

/// Most timers in one batch.
const TIMERS: usize = 4096;

/// What a batch is made from.
pub(crate) struct Sources {
    /// Where the lane stands before it.
    pub(crate) from: Progress,
    /// The wall clock.
    pub(crate) now: Timestamp,
    /// The instant that its ledgers are judged at.
    pub(crate) judged_at: Timestamp,
    pub(crate) records: Vec<Incoming>,
    pub(crate) inner: Vec<InnerEntry>,
    /// Look every id up, because one of them is known under another plate.
    pub(crate) check_ids: bool,
}

/// What the batch before decided, as long as the store does not show it: it is on its way there.
#[derive(Default)]
pub(crate) struct Before {
    /// Ledgers as they are written; one that handed everything on is there and empty.
    pub(crate) ledgers: HashMap<Arc<str>, Open>,
    /// Everything else; none: the store shows all there is.
    pub(crate) commit: Option<Arc<Commit>>,
}

impl Before {
    /// How many more ledgers have facts that wait.
    fn waiting(&self) -> i64 {
        self.commit.as_ref().map_or(0, |commit| commit.waiting)
    }
}

/// A batch with everything that it needs of the store.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) inner: Vec<Inner>,
    pub(crate) due: Vec<Arc<str>>,
    /// Where the fact of each record lives; none: it cannot be read.
    pub(crate) homes: Vec<Option<Home>>,
    /// What is remembered of ids that were looked up.
    pub(crate) known: HashMap<FactId, Identity>,
    /// In order of their keys.
    pub(crate) ledgers: Vec<(Arc<str>, Origin)>,
}

/// Where a ledger comes from.
pub(crate) enum Origin {
    Stored(StoredLedger),
    /// The batch before left it.
    Before(Box<Open>),
}

impl Default for Origin {
    fn default() -> Self {
        Self::Stored(StoredLedger::default())
    }
}

impl Loaded {
    /// None: there is nothing to do.
    pub(crate) async fn load(
        store: &dyn Store,
        rules: &engine::rules::Rules,
        sources: Sources,
        before: &mut Before,
    ) -> Result<Option<Self>, StoreError> {
        let mut due = store.due(sources.judged_at, TIMERS).await?;
        // The batch before has judged the others, and writes new timers for them.
        due.retain(|plate| !before.ledgers.contains_key(plate));
        if sources.records.is_empty() && sources.inner.is_empty() && due.is_empty() {
            return Ok(None);
        }
        let inner = decode_inner(&sources.inner)?;
        let mut keys: HashSet<Arc<str>> = due.iter().cloned().collect();
        keys.extend(inner.iter().flat_map(keys_of));
        let home_of = |record: &Incoming| {
            let fact = &record.parsed.as_ref().ok()?.fact;
            Some(route::home(rules, &fact.id, &fact.body))
        };
        let homes: Vec<Option<Home>> = sources.records.iter().map(home_of).collect();
        let known = needs(store, &sources, &homes, before, &mut keys).await?;
        let ledgers = fetch(store, keys, before).await?;
        Ok(Some(Self {
            sources,
            inner,
            due,
            homes,
            known,
            ledgers,
        }))
    }
}

impl Loaded {
    /// Bytes of the documents that were read from the store.
    pub(crate) fn documents(&self) -> usize {
        let bytes = |(_, origin): &(Arc<str>, Origin)| match origin {
            Origin::Stored(stored) => stored.document.len(),
            Origin::Before(_) => 0,
        };
        self.ledgers.iter().map(bytes).sum()
    }
}

/// Adds the keys of all ledgers that the records need, and answers what is known of ids that had to be looked up.
async fn needs(
    store: &dyn Store,
    sources: &Sources,
    homes: &[Option<Home>],
    before: &Before,
    keys: &mut HashSet<Arc<str>>,
) -> Result<HashMap<FactId, Identity>, StoreError> {
    let facts = || with_homes(&sources.records, homes);
    let mut arrived: HashSet<&FactId> = HashSet::with_capacity(sources.records.len());
    for (fact, home) in facts() {
        if let Home::Ledger(key) = home {
            keys.insert(key.clone());
            if fact.body.observation().is_some() {
                arrived.insert(&fact.id);
            }
        }
    }
    let mut wanted: HashSet<&FactId> = HashSet::new();
    for (fact, home) in facts() {
        if sources.check_ids {
            wanted.insert(&fact.id);
        }
        if let Home::With(about) = home
            && (sources.check_ids || !arrived.contains(about))
        {
            wanted.insert(about);
        }
    }
    let known = look_up(store, wanted, before).await?;
    let named = known.values().filter(|identity| !identity.plate.is_empty());
    keys.extend(named.map(|identity| identity.plate.clone()));
    for (_, home) in facts() {
        if let Home::With(about) = home
            && !arrived.contains(about)
            && !known.contains_key(about)
        {
            keys.insert(route::waiting_key(about));
        }
    }
    if store.waiting().await?.saturating_add_signed(before.waiting()) > 0 {
        keys.extend(arrived.iter().map(|id| route::waiting_key(id)));
    }
    Ok(known)
}

async fn look_up(
    store: &dyn Store,
    wanted: HashSet<&FactId>,
    before: &Before,
) -> Result<HashMap<FactId, Identity>, StoreError> {
    let mut known = HashMap::with_capacity(wanted.len());
    if wanted.is_empty() {
        return Ok(known);
    }
    let fresh = before.commit.iter().flat_map(|commit| &commit.identities);
    for it in fresh.filter(|it| wanted.contains(&it.id)) {
        let identity = Identity {
            digest: it.digest,
            plate: it.plate.clone(),
        };
        known.insert(it.id.clone(), identity);
    }
    let asked = wanted.into_iter().filter(|id| !known.contains_key(*id));
    let mut asked: Vec<FactId> = asked.cloned().collect();
    asked.sort_unstable();
    let found = store.identities(&asked).await?;
    let found = asked.into_iter().zip(found);
    known.extend(found.filter_map(|(id, identity)| Some((id, identity?))));
    Ok(known)
}

async fn fetch(
    store: &dyn Store,
    keys: HashSet<Arc<str>>,
    before: &mut Before,
) -> Result<Vec<(Arc<str>, Origin)>, StoreError> {
    let mut keys: Vec<Arc<str>> = keys.into_iter().collect();
    keys.sort_unstable();
    let asked: Vec<Arc<str>> = keys
        .iter()
        .filter(|key| !before.ledgers.contains_key(*key))
        .cloned()
        .collect();
    let mut stored = store.ledgers(&asked).await?.into_iter();
    let origin = |key: Arc<str>| {
        let origin = match before.ledgers.remove(&key) {
            Some(open) => Origin::Before(Box::new(open)),
            None => Origin::Stored(stored.next().unwrap_or_default()),
        };
        (key, origin)
    };
    Ok(keys.into_iter().map(origin).collect())
}

/// The facts of the records that could be read, with where they live.
fn with_homes<'s>(
    records: &'s [Incoming],
    homes: &'s [Option<Home>],
) -> impl Iterator<Item = (&'s Fact, &'s Home)> {
    let facts = records
        .iter()
        .map(|record| record.parsed.as_ref().ok().map(|decoded| &decoded.fact));
    facts
        .zip(homes)
        .filter_map(|(fact, home)| fact.zip(home.as_ref()))
}

fn decode_inner(entries: &[InnerEntry]) -> Result<Vec<Inner>, StoreError> {
    entries
        .iter()
        .map(|entry| {
            Inner::decode(&entry.payload)
                .map_err(|error| StoreError::Corrupt(format!("inner log, entry {}: {error}", entry.sequence)))
        })
        .collect()
}

fn keys_of(entry: &Inner) -> Vec<Arc<str>> {
    match entry {
        Inner::Fact { plate, .. } | Inner::Wish { plate, .. } => vec![plate.clone()],
        Inner::Seat { target, .. } | Inner::Unseat { target, .. } => vec![target.clone()],
        Inner::Wake { plates } => plates.clone(),
    }
}
