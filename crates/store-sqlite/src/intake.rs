//! What intake reads, and the lane that it owns. What it writes is in [`crate::commit`].

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::FactId;
use engine::time::Timestamp;
use ports::commit::Commit;
use ports::store::{CommitError, Identity, InnerEntry, IntakeStore, Progress, StoreError, StoredLedger};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::SqliteStore;
use crate::commit::CommitJob;
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Head};
use crate::ladder::Ladder;
use crate::writer::Job;

/// So many ledgers are loaded by pages, not by intake, and need not wait for a writer.
const A_FEW: usize = 16;

#[async_trait]
impl IntakeStore for SqliteStore {
    async fn claim(&self, owner: &str) -> Result<Progress, StoreError> {
        Ok(self.writer.write(Claim(owner.to_owned())).await?)
    }

    async fn progress(&self) -> Result<Progress, StoreError> {
        Ok(self.read_progress().await?)
    }

    async fn inner(&self, sequence: u64, limit: usize) -> Result<Vec<InnerEntry>, StoreError> {
        Ok(self.read_inner(sequence, limit).await?)
    }

    async fn append_inner(&self, at: Timestamp, payloads: &[Bytes]) -> Result<(), StoreError> {
        let append = AppendInner {
            at,
            payloads: payloads.to_vec(),
        };
        Ok(self.writer.write(append).await?)
    }

    async fn identities(&self, ids: &[FactId]) -> Result<Vec<Option<Identity>>, StoreError> {
        Ok(self.read_identities(ids).await?)
    }

    async fn ledgers(&self, plates: &[Arc<str>]) -> Result<Vec<StoredLedger>, StoreError> {
        // A batch is loaded where it will be written: the writer's cache stays warm over its own commits, which empty
        // those of the readers.
        if plates.len() > A_FEW {
            let load = LoadLedgers(plates.to_vec());
            return Ok(self.writer.write(load).await?);
        }
        Ok(load_ledgers(&mut *self.reader().await?, plates).await?)
    }

    async fn ledgers_after(
        &self,
        plate: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, StoredLedger)>, StoreError> {
        Ok(self.read_ledgers_after(plate, limit).await?)
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        Ok(self.read_waiting().await?)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Arc<str>>, StoreError> {
        Ok(self.read_due(now, limit).await?)
    }

    async fn commit(&self, batch: &Commit) -> Result<(), CommitError> {
        let job = CommitJob::prepare(batch, &self.sources, &self.leases).await?;
        Ok(self.writer.write(job).await?)
    }
}

impl SqliteStore {
    async fn read_progress(&self) -> Result<Progress, Fault> {
        let query = sqlx::query("SELECT next, inner_next, epoch, high_water FROM progress WHERE lane = 0");
        let row = query.fetch_one(&mut *self.reader().await?).await?;
        to_progress(&row)
    }

    async fn read_inner(&self, sequence: u64, limit: usize) -> Result<Vec<InnerEntry>, Fault> {
        let query = sqlx::query(
            "SELECT sequence, at, payload FROM inner_log WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
        );
        let query = query.bind(sequence as i64).bind(limit as i64);
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        let to_entry = |row: SqliteRow| {
            Ok(InnerEntry {
                sequence: row.try_get::<i64, _>(0)? as u64,
                at: Timestamp::from_micros(row.try_get(1)?),
                payload: row.try_get::<Vec<u8>, _>(2)?.into(),
            })
        };
        rows.into_iter().map(to_entry).collect()
    }

    async fn read_identities(&self, ids: &[FactId]) -> Result<Vec<Option<Identity>>, Fault> {
        static ASK: LazyLock<[Ladder; 1]> = LazyLock::new(|| {
            let head = "SELECT id, digest, plate FROM identity WHERE source = ? AND id IN (";
            [Ladder::new(head, "?", ")")]
        });
        let mut conn = self.reader().await?;
        let mut by_source: HashMap<&str, Vec<&str>> = HashMap::new();
        for id in ids {
            by_source.entry(id.source()).or_default().push(id.id());
        }
        let mut known: HashMap<&str, HashMap<String, Identity>> = HashMap::new();
        for (name, mut asked) in by_source {
            let Some(source) = self.source(&mut conn, name).await? else {
                continue;
            };
            asked.sort_unstable();
            asked.dedup();
            let fixed = |binds: &mut crate::ladder::Binds| {
                binds.add(source);
            };
            let rows = ASK[0]
                .fetch(&mut conn, fixed, &asked, |binds, id| {
                    binds.add(*id);
                })
                .await?;
            let found = known.entry(name).or_default();
            for row in rows {
                let identity = Identity {
                    digest: row
                        .try_get::<&[u8], _>(1)?
                        .try_into()
                        .map_err(|_| corrupt("the digest of an identity is not 16 bytes long"))?,
                    plate: row.try_get::<&str, _>(2)?.into(),
                };
                found.insert(row.try_get(0)?, identity);
            }
        }
        let answer = |id: &FactId| known.get(id.source())?.get(id.id()).cloned();
        Ok(ids.iter().map(answer).collect())
    }

    /// The number of a sender, when there is one.
    async fn source(&self, conn: &mut SqliteConnection, name: &str) -> Result<Option<i64>, Fault> {
        let known = self
            .sources
            .lock()
            .ok()
            .and_then(|sources| sources.get(name).copied());
        if known.is_some() {
            return Ok(known);
        }
        let query = sqlx::query("SELECT id FROM source WHERE name = ?1").bind(name);
        let row = query.fetch_optional(conn).await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    async fn read_ledgers_after(
        &self,
        plate: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, StoredLedger)>, Fault> {
        // No key is empty, so that all come after the empty one.
        let query = sqlx::query(
            "SELECT plate, version, document FROM ledger WHERE plate > ?1 ORDER BY plate LIMIT ?2",
        );
        let query = query.bind(plate.unwrap_or("")).bind(limit as i64);
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        let to_pair = |row: &SqliteRow| Ok((row.try_get::<&str, _>(0)?.into(), to_ledger(row)?));
        rows.iter().map(to_pair).collect()
    }

    async fn read_waiting(&self) -> Result<u64, Fault> {
        let query =
            sqlx::query("SELECT n FROM counter WHERE kind = ?1 AND key = 0").bind(Count::Waiting.name());
        let row = query.fetch_optional(&mut *self.reader().await?).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
        u64::try_from(count).map_err(|_| corrupt("fewer than no ledgers wait"))
    }

    async fn read_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Arc<str>>, Fault> {
        let query = sqlx::query(
            "SELECT plate FROM ledger WHERE due IS NOT NULL AND due <= ?1 ORDER BY due, plate LIMIT ?2",
        );
        let query = query.bind(now.as_micros()).bind(limit as i64);
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter()
            .map(|row| Ok(row.try_get::<&str, _>(0)?.into()))
            .collect()
    }
}

fn to_progress(row: &SqliteRow) -> Result<Progress, Fault> {
    Ok(Progress {
        next: row.try_get::<i64, _>(0)? as u64,
        inner_next: row.try_get::<i64, _>(1)? as u64,
        epoch: row.try_get::<i64, _>(2)? as u64,
        high_water: Timestamp::from_micros(row.try_get(3)?),
    })
}

fn to_ledger(row: &SqliteRow) -> Result<StoredLedger, Fault> {
    Ok(StoredLedger {
        version: row.try_get::<i64, _>(1)? as u64,
        document: row.try_get::<Vec<u8>, _>(2)?.into(),
    })
}

async fn load_ledgers(conn: &mut SqliteConnection, plates: &[Arc<str>]) -> Result<Vec<StoredLedger>, Fault> {
    static ASK: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "SELECT plate, version, document FROM ledger WHERE plate IN (",
            "?",
            ")",
        )
    });
    // In the order of the table, so that neighbours are read together.
    let mut sorted: Vec<&Arc<str>> = plates.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let bind = |binds: &mut crate::ladder::Binds, plate: &&Arc<str>| {
        binds.add(Arc::clone(plate));
    };
    let rows = ASK.fetch(conn, |_| {}, &sorted, bind).await?;
    let mut found: HashMap<String, StoredLedger> = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(row.try_get(0)?, to_ledger(&row)?);
    }
    Ok(plates
        .iter()
        .map(|plate| found.get(&**plate).cloned().unwrap_or_default())
        .collect())
}

struct LoadLedgers(Vec<Arc<str>>);

#[async_trait]
impl Job for LoadLedgers {
    type Output = Vec<StoredLedger>;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault> {
        load_ledgers(conn, &self.0).await
    }
}

struct Claim(String);

#[async_trait]
impl Job for Claim {
    type Output = Progress;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Progress, Fault> {
        let query = sqlx::query(
            "UPDATE progress SET epoch = epoch + 1, owner = ?1 WHERE lane = 0
             RETURNING next, inner_next, epoch, high_water",
        );
        to_progress(&query.bind(&*self.0).fetch_one(conn).await?)
    }
}

struct AppendInner {
    at: Timestamp,
    payloads: Vec<Bytes>,
}

#[async_trait]
impl Job for AppendInner {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        insert_inner(conn, self.at, &self.payloads).await
    }
}

/// Appends to the inner log.
pub(crate) async fn insert_inner(
    conn: &mut SqliteConnection,
    at: Timestamp,
    payloads: &[Bytes],
) -> Result<(), Fault> {
    static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
        Ladder::new(
            "INSERT INTO inner_log (sequence, at, payload) VALUES",
            "(?, ?, ?)",
            "",
        )
    });
    if payloads.is_empty() {
        return Ok(());
    }
    let first = Head::Inner.take(conn, payloads.len()).await?;
    let rows: Vec<(i64, &Bytes)> = (first..).zip(payloads).collect();
    let bind = |binds: &mut crate::ladder::Binds, (sequence, payload): &(i64, &Bytes)| {
        binds.add(*sequence).add(at.as_micros()).add(&payload[..]);
    };
    INSERT.execute(conn, &rows, bind).await?;
    Ok(())
}

/// Numbers senders that were never seen, for identities that are written in this transaction.
pub(crate) async fn number_sources(
    conn: &mut SqliteConnection,
    names: HashSet<&str>,
) -> Result<Vec<(Arc<str>, i64)>, Fault> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    let mut numbered = Vec::with_capacity(names.len());
    for name in names {
        let query = sqlx::query("SELECT id FROM source WHERE name = ?1").bind(name);
        let number = if let Some(row) = query.fetch_optional(&mut *conn).await? {
            row.try_get(0)?
        } else {
            let number = Head::Source.take(conn, 1).await?;
            let query = sqlx::query("INSERT INTO source (id, name) VALUES (?1, ?2)");
            query.bind(number).bind(name).execute(&mut *conn).await?;
            number
        };
        numbered.push((Arc::from(name), number));
    }
    Ok(numbered)
}
