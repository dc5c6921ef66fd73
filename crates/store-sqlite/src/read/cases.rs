//! Cases and their versions.

use engine::ids::CaseId;
use engine::time::Timestamp;
use ports::read::{CaseFilter, StoredCase};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use crate::error::Fault;
use crate::words::Word as _;

/// The columns, with whether there is no higher version.
const SELECT: &str = "SELECT sequence, case_id, version, plate, decided_at, body,
    NOT EXISTS (SELECT 1 FROM case_version AS next
                WHERE next.case_id = it.case_id AND next.version > it.version) AS effective
    FROM case_version AS it WHERE ";

pub(super) async fn by_filter(
    conn: &mut SqliteConnection,
    filter: &CaseFilter,
    limit: usize,
) -> Result<Vec<StoredCase>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(if filter.newest_first {
        "sequence < "
    } else {
        "sequence > "
    });
    let start = if filter.newest_first { i64::MAX } else { 0 };
    query.push_bind(filter.after.map_or(start, |after| after as i64));
    if let Some(plate) = &filter.plate {
        // The index holds first versions only; a case keeps its ledger.
        query.push(" AND case_id IN (SELECT case_id FROM case_version WHERE version = 1 AND plate = ");
        query.push_bind(plate.clone());
        query.push(")");
    }
    match (filter.outcome, filter.effective_only) {
        (Some(outcome), true) => {
            query.push(" AND effective AND outcome = ");
            query.push_bind(outcome.number());
        }
        (Some(outcome), false) => {
            // The effective one may be another version than this one.
            query.push(
                " AND (SELECT last.outcome FROM case_version AS last WHERE last.case_id = it.case_id
                       ORDER BY last.version DESC LIMIT 1) = ",
            );
            query.push_bind(outcome.number());
        }
        (None, true) => {
            query.push(" AND effective");
        }
        (None, false) => {}
    }
    query.push(if filter.newest_first {
        " ORDER BY sequence DESC LIMIT "
    } else {
        " ORDER BY sequence LIMIT "
    });
    query.push_bind(limit as i64);
    let rows = query.build().fetch_all(conn).await?;
    rows.iter().map(to_case).collect()
}

pub(super) async fn versions(conn: &mut SqliteConnection, id: &CaseId) -> Result<Vec<StoredCase>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push("case_id = ");
    query.push_bind(id.as_str());
    query.push(" ORDER BY version");
    let rows = query.build().fetch_all(conn).await?;
    rows.iter().map(to_case).collect()
}

fn to_case(row: &SqliteRow) -> Result<StoredCase, Fault> {
    Ok(StoredCase {
        sequence: row.try_get::<i64, _>(0)? as u64,
        id: CaseId::from_text(row.try_get(1)?),
        version: row.try_get(2)?,
        plate: row.try_get::<&str, _>(3)?.into(),
        decided_at: Timestamp::from_micros(row.try_get(4)?),
        body: row.try_get::<Vec<u8>, _>(5)?.into(),
        effective: row.try_get(6)?,
    })
}
