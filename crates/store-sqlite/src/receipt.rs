//! Receipts: kept as they came, matched to attempts when they are looked at.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::receipt::{NewReceipt, PendingReceipt, ReceiptFate, ReceiptStore};
use ports::store::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::SqliteStore;
use crate::error::Fault;
use crate::heads::Head;
use crate::ladder::{Binds, Ladder};
use crate::seal::Place;
use crate::words::Word as _;
use crate::writer::Job;

#[async_trait]
impl ReceiptStore for SqliteStore {
    async fn keep_receipts(&self, now: Timestamp, receipts: &[NewReceipt]) -> Result<u64, StoreError> {
        let seal = |receipt: &NewReceipt| {
            let row = hex::encode(receipt.digest);
            let body = self.keys.seal(Place::Receipt, &row, &receipt.body)?;
            Ok((receipt.clone(), body))
        };
        let sealed: Result<Vec<_>, Fault> = receipts.iter().map(seal).collect();
        let keep = Keep {
            now,
            receipts: sealed?,
        };
        Ok(self.writer.write(keep).await?)
    }

    async fn pending_receipts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PendingReceipt>, StoreError> {
        Ok(self.read_pending(now, limit).await?)
    }

    async fn settle_receipts(&self, fates: &[(u64, ReceiptFate)]) -> Result<(), StoreError> {
        if fates.is_empty() {
            return Ok(());
        }
        Ok(self.writer.write(Settle(fates.to_vec())).await?)
    }
}

impl SqliteStore {
    async fn read_pending(&self, now: Timestamp, limit: usize) -> Result<Vec<PendingReceipt>, Fault> {
        // Our own name for the attempt comes before the provider's, which only that provider's attempts may have.
        let query = sqlx::query(
            "SELECT receipt.sequence, receipt.provider, received_at, receipt.state, receipt.code, message_id,
                COALESCE(own.id, theirs.id), COALESCE(own.notice, theirs.notice), kind, plate, parameters,
                COALESCE(own.submitted_at, theirs.submitted_at), receipt.at, client_ref IS NOT NULL
             FROM receipt
             LEFT JOIN attempt AS own ON own.id = receipt.client_ref AND own.provider = receipt.provider
             LEFT JOIN attempt AS theirs ON own.id IS NULL AND theirs.sequence = (
                SELECT MAX(sequence) FROM attempt
                WHERE provider_id = receipt.message_id AND provider = receipt.provider)
             LEFT JOIN notice ON COALESCE(own.class, theirs.class) = 10 AND COALESCE(own.live, theirs.live) IS NULL
                AND notice.id = COALESCE(own.notice, theirs.notice)
             WHERE look_at <= ?1 ORDER BY look_at, receipt.sequence LIMIT ?2",
        );
        let query = query.bind(now.as_micros()).bind(limit as i64);
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(to_pending).collect()
    }
}

fn to_pending(row: &SqliteRow) -> Result<PendingReceipt, Fault> {
    let text = |at: usize| row.try_get::<Option<&str>, _>(at);
    let attempt = text(6)?.map(AttemptId::from_text);
    Ok(PendingReceipt {
        sequence: row.try_get::<i64, _>(0)? as u64,
        provider: row.try_get::<&str, _>(1)?.into(),
        received_at: Timestamp::from_micros(row.try_get(2)?),
        state: NoticeState::of(row.try_get(3)?)?,
        code: text(4)?.map(Arc::from),
        message_id: text(5)?.map(Arc::from),
        attempt: attempt.zip(text(7)?.map(NoticeId::from_text)),
        has_our_name: row.try_get(13)?,
        submitted_at: row.try_get::<Option<i64>, _>(11)?.map(Timestamp::from_micros),
        at: Timestamp::from_micros(row.try_get(12)?),
        retold: match row.try_get::<Option<i64>, _>(8)? {
            Some(kind) => Some((
                NoticeKind::of(kind)?,
                row.try_get::<&str, _>(9)?.into(),
                row.try_get::<Vec<u8>, _>(10)?.into(),
            )),
            None => None,
        },
    })
}

struct Keep {
    now: Timestamp,
    receipts: Vec<(NewReceipt, Vec<u8>)>,
}

#[async_trait]
impl Job for Keep {
    type Output = u64;

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<u64, Fault> {
        static INSERT: LazyLock<Ladder> = LazyLock::new(|| {
            Ladder::new(
                "INSERT INTO receipt (sequence, provider, digest, received_at, message_id, client_ref, state, code, at,
                    look_at, body) VALUES",
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                "ON CONFLICT (digest) DO NOTHING",
            )
        });
        let first = Head::Receipt.take(conn, self.receipts.len()).await?;
        let rows: Vec<_> = (first..).zip(&self.receipts).collect();
        let now = self.now.as_micros();
        let bind = |binds: &mut Binds, (sequence, (receipt, body)): &(i64, &(NewReceipt, Vec<u8>))| {
            binds
                .add(*sequence)
                .add(receipt.provider.clone())
                .add(&receipt.digest[..])
                .add(now)
                .add(receipt.message_id.clone())
                .add(receipt.client_ref.as_ref().map(AttemptId::as_str))
                .add(receipt.state.number())
                .add(receipt.code.clone())
                .add(receipt.at.as_micros())
                .add(now)
                .add(&body[..]);
        };
        INSERT.execute(conn, &rows, bind).await
    }
}

struct Settle(Vec<(u64, ReceiptFate)>);

#[async_trait]
impl Job for Settle {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        static DONE: LazyLock<Ladder> = LazyLock::new(|| {
            Ladder::new(
                "WITH new (sequence, look_at, is_matched) AS (VALUES",
                "(?, ?, ?)",
                ") UPDATE receipt SET look_at = new.look_at, is_matched = new.is_matched
                 FROM new WHERE receipt.sequence = new.sequence AND receipt.look_at IS NOT NULL",
            )
        });
        let bind = |binds: &mut Binds, (sequence, fate): &(u64, ReceiptFate)| {
            let (look_at, is_matched) = match fate {
                ReceiptFate::Applied => (None, Some(1)),
                ReceiptFate::Later(at) => (Some(at.as_micros()), None),
                ReceiptFate::Unmatched => (None, Some(0)),
            };
            binds.add(*sequence as i64).add(look_at).add(is_matched);
        };
        DONE.execute(conn, &self.0, bind).await?;
        Ok(())
    }
}
