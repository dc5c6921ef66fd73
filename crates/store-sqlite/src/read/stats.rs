//! Counts by stage.

use std::collections::BTreeMap;
use std::sync::Mutex;

use engine::notice::NoticeState;
use ports::read::Stats;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::dispatch::{Leases, lock};
use crate::error::{Fault, corrupt};
use crate::heads::{Count, Head};
use crate::words::Word;

/// Reads all counts from one snapshot.
pub(super) async fn read(conn: &mut SqliteConnection, leases: &Mutex<Leases>) -> Result<Stats, Fault> {
    let mut snapshot = conn.begin().await?;
    let query = sqlx::query("SELECT kind, key, n FROM counter WHERE n <> 0 ORDER BY kind, key");
    let mut counts: BTreeMap<String, Vec<(i64, u64)>> = BTreeMap::new();
    for row in query.fetch_all(&mut *snapshot).await? {
        let kind: String = row.try_get(0)?;
        let count = u64::try_from(row.try_get::<i64, _>(2)?)
            .map_err(|_| corrupt(format!("the count of {kind} is below zero")))?;
        counts.entry(kind).or_default().push((row.try_get(1)?, count));
    }
    let query = sqlx::query("SELECT next FROM progress WHERE lane = 0");
    let next: i64 = query.fetch_one(&mut *snapshot).await?.try_get(0)?;
    let end = Head::Log.next(&mut snapshot).await?;
    // Leases end beside the snapshot: only those count whose notice is queued in it.
    let leased: Vec<String> = lock(leases)?.ids().map(str::to_owned).collect();
    let mut is_leased = 0;
    for id in leased {
        let query = sqlx::query("SELECT 1 FROM notice WHERE id = ?1 AND state = 0").bind(id);
        is_leased += u64::from(query.fetch_optional(&mut *snapshot).await?.is_some());
    }
    snapshot.rollback().await?;
    let single = |what: Count| {
        counts
            .get(what.name())
            .map_or(0, |keys| keys.iter().map(|(_, n)| n).sum())
    };
    let mut notices = words::<NoticeState>(&counts, Count::Notice)?;
    lend(&mut notices, is_leased);
    Ok(Stats {
        appended: (end - 1) as u64,
        read: (next - 1) as u64,
        records: words(&counts, Count::Record)?,
        cases: words(&counts, Count::Case)?,
        notices,
        attempts: words(&counts, Count::Attempt)?,
        in_flight: single(Count::InFlight),
        ledgers: single(Count::Ledger),
    })
}

fn words<W: Word>(counts: &BTreeMap<String, Vec<(i64, u64)>>, what: Count) -> Result<Vec<(W, u64)>, Fault> {
    let keys = counts.get(what.name()).map_or(&[][..], Vec::as_slice);
    keys.iter().map(|(key, n)| Ok((W::of(*key)?, *n))).collect()
}

/// Shows leased ones as leased.
fn lend(notices: &mut Vec<(NoticeState, u64)>, leased: u64) {
    if leased == 0 {
        return;
    }
    for (state, count) in notices.iter_mut() {
        if *state == NoticeState::Queued {
            *count -= leased.min(*count);
        }
    }
    notices.retain(|(_, count)| *count > 0);
    notices.push((NoticeState::Leased, leased));
    notices.sort_unstable_by_key(|(state, _)| *state);
}
