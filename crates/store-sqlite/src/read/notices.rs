//! Notices and attempts.

use std::sync::Mutex;

use engine::fact::NoticeKind;
use engine::ids::{CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::contact::Phone;
use ports::read::{NoticeFilter, StoredAttempt, StoredNotice};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use crate::dispatch::{Leases, lock};
use crate::error::{Fault, corrupt};
use crate::seal::{Keys, Place};
use crate::words::Word as _;

const SELECT: &str =
    "SELECT sequence, id, case_id, kind, revision, plate, state, reason, parameters, text, segments,
    recipient, not_before, expires_at, attempts, queued_at, submitted_at, accepted_at, final_at
    FROM notice WHERE ";

pub(super) async fn by_filter(
    conn: &mut SqliteConnection,
    filter: &NoticeFilter,
    limit: usize,
    keys: &Keys,
    leases: &Mutex<Leases>,
) -> Result<Vec<StoredNotice>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(if filter.newest_first {
        "sequence < "
    } else {
        "sequence > "
    });
    let start = if filter.newest_first { i64::MAX } else { 0 };
    query.push_bind(filter.after.map_or(start, |after| after as i64));
    if let Some(case) = &filter.case {
        query.push(" AND case_id = ").push_bind(case.as_str());
    }
    if let Some(state) = filter.state {
        // Leases are in memory; on the disk a leased notice is queued.
        let is_lease_asked = matches!(state, NoticeState::Queued | NoticeState::Leased);
        let stored = if is_lease_asked {
            NoticeState::Queued
        } else {
            state
        };
        query.push(" AND state = ").push_bind(stored.number());
        if is_lease_asked {
            let leased: Vec<String> = lock(leases)?.ids().map(str::to_owned).collect();
            query.push(if state == NoticeState::Leased {
                " AND id IN ("
            } else {
                " AND id NOT IN ("
            });
            let mut list = query.separated(", ");
            for id in leased {
                list.push_bind(id);
            }
            query.push(")");
        }
    }
    query.push(if filter.newest_first {
        " ORDER BY sequence DESC LIMIT "
    } else {
        " ORDER BY sequence LIMIT "
    });
    query.push_bind(limit as i64);
    let rows = query.build().persistent(false).fetch_all(conn).await?;
    rows.iter().map(|row| to_notice(row, keys, leases)).collect()
}

pub(super) async fn one(
    conn: &mut SqliteConnection,
    id: &NoticeId,
    keys: &Keys,
    leases: &Mutex<Leases>,
) -> Result<Option<StoredNotice>, Fault> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push("id = ").push_bind(id.as_str());
    let row = query.build().fetch_optional(conn).await?;
    row.map(|row| to_notice(&row, keys, leases)).transpose()
}

fn to_notice(row: &SqliteRow, keys: &Keys, leases: &Mutex<Leases>) -> Result<StoredNotice, Fault> {
    let id: &str = row.try_get(1)?;
    let open = |place, column: usize| -> Result<Option<String>, Fault> {
        let Some(sealed) = row.try_get::<Option<&[u8]>, _>(column)? else {
            return Ok(None);
        };
        let plain = keys.open(place, id, sealed)?;
        let text = String::from_utf8(plain).map_err(|_| corrupt(format!("notice {id} holds no text")))?;
        Ok(Some(text))
    };
    let time = |column: usize| -> Result<Option<Timestamp>, Fault> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
    };
    let mut state = NoticeState::of(row.try_get(6)?)?;
    if state == NoticeState::Queued && lock(leases)?.holds(id) {
        state = NoticeState::Leased;
    }
    let recipient = open(Place::Recipient, 11)?;
    let recipient = recipient.map(|text| {
        to_phone(&text).ok_or_else(|| corrupt(format!("the recipient of notice {id} is no phone")))
    });
    Ok(StoredNotice {
        sequence: row.try_get::<i64, _>(0)? as u64,
        id: NoticeId::from_text(id),
        case: CaseId::from_text(row.try_get(2)?),
        kind: NoticeKind::of(row.try_get(3)?)?,
        revision: row.try_get(4)?,
        plate: row.try_get::<&str, _>(5)?.into(),
        state,
        reason: row.try_get::<Option<&str>, _>(7)?.map(Into::into),
        parameters: row.try_get::<Vec<u8>, _>(8)?.into(),
        text: open(Place::Text, 9)?,
        segments: row.try_get(10)?,
        recipient: recipient.transpose()?,
        not_before: Timestamp::from_micros(row.try_get(12)?),
        expires_at: Timestamp::from_micros(row.try_get(13)?),
        attempts: row.try_get(14)?,
        queued_at: Timestamp::from_micros(row.try_get(15)?),
        submitted_at: time(16)?,
        accepted_at: time(17)?,
        final_at: time(18)?,
    })
}

fn to_phone(text: &str) -> Option<Phone> {
    match text.strip_prefix("plate:") {
        Some(plate) => {
            let (number, class) = plate.rsplit_once('/')?;
            Some(Phone::by_plate(number, class))
        }
        None => Phone::parse(text),
    }
}

pub(super) async fn attempts(
    conn: &mut SqliteConnection,
    after: u64,
    limit: usize,
) -> Result<Vec<StoredAttempt>, Fault> {
    let query = sqlx::query(
        "SELECT sequence, id, notice, provider, submitted_at, class, code, provider_id FROM attempt
         WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    );
    let rows = query
        .bind(after as i64)
        .bind(limit as i64)
        .fetch_all(conn)
        .await?;
    rows.iter().map(to_attempt).collect()
}

pub(super) fn to_attempt(row: &SqliteRow) -> Result<StoredAttempt, Fault> {
    Ok(StoredAttempt {
        sequence: row.try_get::<i64, _>(0)? as u64,
        id: row.try_get::<&str, _>(1)?.into(),
        notice: NoticeId::from_text(row.try_get(2)?),
        provider: row.try_get::<&str, _>(3)?.into(),
        submitted_at: Timestamp::from_micros(row.try_get(4)?),
        class: row
            .try_get::<Option<i64>, _>(5)?
            .map(AttemptClass::of)
            .transpose()?,
        code: row.try_get::<Option<&str>, _>(6)?.map(Into::into),
        provider_id: row.try_get::<Option<&str>, _>(7)?.map(Into::into),
    })
}
