//! Published policies.

use async_trait::async_trait;
use engine::time::Timestamp;
use ports::read::StoredPolicy;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, conflict, corrupt};
use crate::heads::Head;
use crate::writer::Job;

pub(super) async fn all(conn: &mut SqliteConnection) -> Result<Vec<StoredPolicy>, Fault> {
    let query = sqlx::query("SELECT id, version, text, hash, at, by FROM policy ORDER BY sequence");
    let rows = query.fetch_all(conn).await?;
    rows.iter().map(to_policy).collect()
}

fn to_policy(row: &SqliteRow) -> Result<StoredPolicy, Fault> {
    Ok(StoredPolicy {
        id: row.try_get::<&str, _>(0)?.into(),
        version: row.try_get::<&str, _>(1)?.into(),
        text: row.try_get::<&str, _>(2)?.into(),
        hash: row
            .try_get::<&[u8], _>(3)?
            .try_into()
            .map_err(|_| corrupt("the hash of a policy is not 32 bytes long"))?,
        at: Timestamp::from_micros(row.try_get(4)?),
        by: row.try_get::<&str, _>(5)?.into(),
    })
}

pub(super) struct Publish(pub(super) StoredPolicy);

#[async_trait]
impl Job for Publish {
    type Output = ();

    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        let policy = &self.0;
        let query = sqlx::query("SELECT text FROM policy WHERE id = ?1 AND version = ?2");
        let query = query.bind(&*policy.id).bind(&*policy.version);
        if let Some(row) = query.fetch_optional(&mut *conn).await? {
            return if row.try_get::<&str, _>(0)? == &*policy.text {
                Ok(())
            } else {
                Err(conflict(format!(
                    "policy {} {} is published with another text; give the new text a new version",
                    policy.id, policy.version
                )))
            };
        }
        let sequence = Head::Policy.take(conn, 1).await?;
        sqlx::query(
            "INSERT INTO policy (sequence, id, version, text, hash, at, by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(sequence)
        .bind(&*policy.id)
        .bind(&*policy.version)
        .bind(&*policy.text)
        .bind(&policy.hash[..])
        .bind(policy.at.as_micros())
        .bind(&*policy.by)
        .execute(conn)
        .await?;
        Ok(())
    }
}
