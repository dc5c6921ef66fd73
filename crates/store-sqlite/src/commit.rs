//! One batch of intake in one transaction: compare-and-set of the lane first, then everything that it decided.

mod notices;
mod segment;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use ports::commit::{CaseWrite, Commit, LedgerWrite, NewIdentity};
use ports::store::StoreError;
use sqlx::{Row as _, SqliteConnection};

use crate::Sources;
use crate::dispatch::Leases;
use crate::error::{Fault, conflict, corrupt};
use crate::heads::{Count, Head, Tally};
use crate::intake::{insert_inner, number_sources};
use crate::ladder::{Binds, Ladder};
use crate::words::Word as _;
use crate::writer::Job;

use segment::Packed;

pub(crate) use segment::{DECISIONS, Span, entry, unpack};

/// A batch on its way to the writer, with all that can be worked out before it has its turn.
pub(crate) struct CommitJob {
    batch: Commit,
    packed: Packed,
    sources: Arc<Mutex<Sources>>,
    /// Senders that this batch is the first to name, or that were not in memory.
    numbered: Vec<(Arc<str>, i64)>,
    leases: Arc<Mutex<Leases>>,
}

impl CommitJob {
    pub(crate) async fn prepare(
        batch: &Commit,
        sources: &Arc<Mutex<Sources>>,
        leases: &Arc<Mutex<Leases>>,
    ) -> Result<Self, StoreError> {
        let mut batch = batch.clone();
        let work = move || {
            // In the order of the tables, so that neighbours are written together.
            batch.ledgers.sort_unstable_by(|a, b| a.plate.cmp(&b.plate));
            batch.identities.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            let packed = segment::pack(&batch)?;
            Ok::<_, Fault>((batch, packed))
        };
        let done = tokio::task::spawn_blocking(work).await;
        let (batch, packed) = done
            .map_err(|error| StoreError::Unavailable(format!("preparing a batch was stopped: {error}")))??;
        Ok(Self {
            batch,
            packed,
            sources: sources.clone(),
            numbered: Vec::new(),
            leases: leases.clone(),
        })
    }
}

#[async_trait]
impl Job for CommitJob {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let batch = &self.batch;
        let mut tally = Tally::default();
        advance(conn, batch).await?;
        let sources = self
            .sources
            .lock()
            .map_or_else(|_| Sources::new(), |sources| sources.clone());
        self.numbered = identities(conn, &batch.identities, sources).await?;
        ledgers(conn, batch, &mut tally).await?;
        let cases_first = cases(conn, batch, &mut tally).await?;
        notices::write(conn, batch, &self.leases, &mut tally).await?;
        segment::write(conn, batch, &self.packed, cases_first).await?;
        insert_inner(conn, batch.at, &batch.inner).await?;
        for record in &batch.records {
            tally.add(Count::Record, record.disposition.number(), 1);
        }
        tally.add(Count::Waiting, 0, batch.waiting);
        tally.write(conn).await
    }

    fn committed(&mut self, (): &()) {
        if let Ok(mut sources) = self.sources.lock() {
            sources.extend(self.numbered.drain(..));
        }
    }
}

/// Moves the lane on; somebody else who has moved it or taken it over makes this batch void.
async fn advance(conn: &mut SqliteConnection, batch: &Commit) -> Result<(), Fault> {
    let (from, to) = (batch.from, batch.to);
    if to.epoch != from.epoch || to.next < from.next || to.inner_next < from.inner_next {
        return Err(conflict("a batch must move its lane on within its own epoch"));
    }
    let query = sqlx::query(
        "UPDATE progress SET next = ?1, inner_next = ?2, high_water = ?3
         WHERE lane = 0 AND epoch = ?4 AND next = ?5 AND inner_next = ?6",
    );
    let moved = query
        .bind(to.next as i64)
        .bind(to.inner_next as i64)
        .bind(to.high_water.as_micros())
        .bind(from.epoch as i64)
        .bind(from.next as i64)
        .bind(from.inner_next as i64)
        .execute(conn)
        .await?;
    if moved.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Fault::LostLane)
    }
}

/// Remembers ids, each for the first time. `sources` are the senders that are in memory; says which others there are.
async fn identities(
    conn: &mut SqliteConnection,
    identities: &[NewIdentity],
    sources: Sources,
) -> Result<Vec<(Arc<str>, i64)>, Fault> {
    static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO identity (source, id, digest, plate) VALUES",
            "(?, ?, ?, ?)",
            "ON CONFLICT (source, id) DO NOTHING",
        )
    });
    let unknown: HashSet<&str> = identities
        .iter()
        .map(|identity| identity.id.source())
        .filter(|name| !sources.contains_key(*name))
        .collect();
    let numbered = number_sources(conn, unknown).await?;
    let mut numbers: HashMap<&str, i64> = HashMap::with_capacity(sources.len() + numbered.len());
    numbers.extend(
        sources
            .iter()
            .chain(numbered.iter().map(|(name, id)| (name, id)))
            .map(|(name, id)| (&**name, *id)),
    );
    let mut rows = Vec::with_capacity(identities.len());
    for identity in identities {
        let number = numbers.get(identity.id.source());
        let number = *number.ok_or_else(|| corrupt("a sender has lost its number"))?;
        rows.push((number, identity));
    }
    let bind = |binds: &mut Binds, (source, identity): &(i64, &NewIdentity)| {
        binds
            .add(*source)
            .add(identity.id.id())
            .add(&identity.digest[..])
            .add(identity.plate.clone());
    };
    let inserted = INSERT.execute(conn, &rows, bind).await?;
    if inserted == rows.len() as u64 {
        Ok(numbered)
    } else {
        Err(Fault::IdentityTaken)
    }
}

/// Writes ledgers where they are as they were read. They come sorted by plate.
async fn ledgers(conn: &mut SqliteConnection, batch: &Commit, tally: &mut Tally) -> Result<(), Fault> {
    static QUIET: LazyLock<Ladder> =
        LazyLock::new(|| Ladder::new("UPDATE ledger SET due = NULL WHERE plate IN (", "?", ")"));
    static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO ledger (plate, version, due, document) VALUES",
            "(?, 1, ?, ?)",
            "ON CONFLICT (plate) DO NOTHING",
        )
    });
    // Half the price of an UPDATE ... FROM; that every row is there is asked before.
    static UPDATE: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO ledger (plate, version, due, document) VALUES",
            "(?, ?, ?, ?)",
            "ON CONFLICT (plate) DO UPDATE SET version = excluded.version, due = excluded.due,
                 document = excluded.document
             WHERE ledger.version = excluded.version - 1",
        )
    });
    let written: HashSet<&str> = batch.ledgers.iter().map(|ledger| &*ledger.plate).collect();
    let fired: Vec<&Arc<str>> = batch
        .fired
        .iter()
        .filter(|plate| !written.contains(&***plate))
        .collect();
    let bind = |binds: &mut Binds, plate: &&Arc<str>| {
        binds.add(Arc::clone(plate));
    };
    QUIET.execute(conn, &fired, bind).await?;
    let of = |is: fn(&LedgerWrite) -> bool| -> Vec<&LedgerWrite> {
        batch.ledgers.iter().filter(|ledger| is(ledger)).collect()
    };
    let new = of(|ledger| ledger.expected == 0 && !ledger.document.is_empty());
    let known = of(|ledger| ledger.expected > 0 && !ledger.document.is_empty());
    let gone = of(|ledger| ledger.expected > 0 && ledger.document.is_empty());
    let bind = |binds: &mut Binds, ledger: &&LedgerWrite| {
        let wake = ledger.wake.map(engine::time::Timestamp::as_micros);
        binds
            .add(ledger.plate.clone())
            .add(wake)
            .add(&ledger.document[..]);
    };
    let mut done = INSERT.execute(conn, &new, bind).await?;
    let bind = |binds: &mut Binds, ledger: &&LedgerWrite| {
        let wake = ledger.wake.map(engine::time::Timestamp::as_micros);
        binds
            .add(ledger.plate.clone())
            .add(ledger.expected as i64 + 1)
            .add(wake)
            .add(&ledger.document[..]);
    };
    if count(conn, &known).await? != known.len() as i64 {
        return Err(Fault::LostLane);
    }
    done += UPDATE.execute(conn, &known, bind).await?;
    for ledger in &gone {
        let query = sqlx::query("DELETE FROM ledger WHERE plate = ?1 AND version = ?2");
        let query = query.bind(&*ledger.plate).bind(ledger.expected as i64);
        done += query.execute(&mut *conn).await?.rows_affected();
    }
    tally.add(Count::Ledger, 0, new.len() as i64 - gone.len() as i64);
    if done == (new.len() + known.len() + gone.len()) as u64 {
        Ok(())
    } else {
        Err(Fault::LostLane)
    }
}

/// How many of these ledgers there are.
async fn count(conn: &mut SqliteConnection, ledgers: &[&LedgerWrite]) -> Result<i64, Fault> {
    static COUNT: LazyLock<Ladder> =
        LazyLock::new(|| Ladder::new("SELECT COUNT(*) FROM ledger WHERE plate IN (", "?", ")"));
    let bind = |binds: &mut Binds, ledger: &&LedgerWrite| {
        binds.add(ledger.plate.clone());
    };
    let mut count = 0;
    for row in COUNT.fetch(conn, |_| {}, ledgers, bind).await? {
        count += row.try_get::<i64, _>(0)?;
    }
    Ok(count)
}

/// Appends versions of cases; says the sequence of the first.
async fn cases(conn: &mut SqliteConnection, batch: &Commit, tally: &mut Tally) -> Result<i64, Fault> {
    static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO case_version
                (sequence, case_id, version, plate, outcome, offence_at, decided_at, body) VALUES",
            "(?, ?, ?, ?, ?, ?, ?, ?)",
            "",
        )
    });
    if batch.cases.is_empty() {
        return Head::Case.next(conn).await;
    }
    let first = Head::Case.take(conn, batch.cases.len()).await?;
    let rows: Vec<(i64, &CaseWrite)> = (first..).zip(&batch.cases).collect();
    let decided_at = batch.at.as_micros();
    let bind = |binds: &mut Binds, (sequence, case): &(i64, &CaseWrite)| {
        binds
            .add(*sequence)
            .add(case.id.as_str())
            .add(case.version)
            .add(case.plate.clone())
            .add(case.outcome.number())
            .add(case.offence_at.as_micros())
            .add(decided_at)
            .add(&case.body[..]);
    };
    INSERT.execute(conn, &rows, bind).await?;
    for case in &batch.cases {
        if let Some(before) = case.before {
            tally.add(Count::Case, before.number(), -1);
        }
        tally.add(Count::Case, case.outcome.number(), 1);
    }
    Ok(first)
}
