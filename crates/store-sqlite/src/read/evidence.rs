//! What is known of the attempts of one notice.

use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::read::{AttemptEvidence, Evidence, ReceiptEvidence};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::notices::to_attempt;
use crate::error::Fault;
use crate::words::Word as _;

/// Ids of attempts begin with their notice's and a hyphen, after which the full stop comes.
pub(super) async fn of(conn: &mut SqliteConnection, id: &NoticeId) -> Result<Evidence, Fault> {
    let query = sqlx::query(
        "SELECT sequence, id, notice, provider, submitted_at, class, code, provider_id, finished_at, looks, next_look,
            absent_since
         FROM attempt WHERE id > ?1 || '-' AND id < ?1 || '.' ORDER BY sequence",
    );
    let rows = query.bind(id.as_str()).fetch_all(&mut *conn).await?;
    let attempts: Result<Vec<_>, _> = rows.iter().map(to_evidence).collect();
    let query = sqlx::query(
        "SELECT received_at, state, receipt.code, at FROM receipt JOIN attempt ON attempt.provider = receipt.provider
            AND (attempt.id = receipt.client_ref
                OR receipt.client_ref IS NULL AND attempt.provider_id = receipt.message_id)
         WHERE attempt.id > ?1 || '-' AND attempt.id < ?1 || '.' ORDER BY receipt.sequence",
    );
    let rows = query.bind(id.as_str()).fetch_all(conn).await?;
    let receipts: Result<Vec<_>, _> = rows.iter().map(to_receipt).collect();
    Ok(Evidence {
        attempts: attempts?,
        receipts: receipts?,
    })
}

fn to_evidence(row: &SqliteRow) -> Result<AttemptEvidence, Fault> {
    let time = |column: usize| -> Result<Option<Timestamp>, Fault> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
    };
    Ok(AttemptEvidence {
        attempt: to_attempt(row)?,
        finished_at: time(8)?,
        looks: row.try_get(9)?,
        next_look: time(10)?,
        absent_since: time(11)?,
    })
}

fn to_receipt(row: &SqliteRow) -> Result<ReceiptEvidence, Fault> {
    Ok(ReceiptEvidence {
        received_at: Timestamp::from_micros(row.try_get(0)?),
        state: NoticeState::of(row.try_get(1)?)?,
        code: row.try_get::<Option<&str>, _>(2)?.map(Into::into),
        at: Timestamp::from_micros(row.try_get(3)?),
    })
}
