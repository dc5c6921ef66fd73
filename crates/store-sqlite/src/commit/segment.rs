//! How the records of a batch were read, packed into one row, and the chain over what the batch decided.
//!
//! The root of a batch hashes the hash of every record's line and of every case version; the chain of batches is the
//! audit log's chain of decisions. Whoever changes a stored decision changes a root.

use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::FactId;
use engine::ids::hash;
use engine::time::Timestamp;
use ports::commit::{Commit, Record};
use ports::read::{AuditEntry, StoredRecord};
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

use crate::error::{Fault, conflict, corrupt};
use crate::heads::Head;
use crate::words::Word as _;

/// The name of the chain.
pub(crate) const DECISIONS: &str = "decisions";
const LEVEL: i32 = 1;
const NONE: u32 = u32::MAX;
/// Most bytes that a row may claim to unpack to.
const CEILING: usize = 256 << 20;

/// What is worked out before the transaction.
pub(crate) struct Packed {
    records: Vec<u8>,
    root: [u8; 32],
}

/// Packs the records of a batch, which must be exactly those that its lane moves over.
pub(crate) fn pack(batch: &Commit) -> Result<Packed, Fault> {
    let span = batch.from.next..batch.to.next;
    if !batch.records.iter().map(|record| record.position).eq(span) {
        return Err(conflict(
            "the records of a batch must be those that its lane moves over",
        ));
    }
    let mut plain = Vec::with_capacity(batch.records.len() * 64);
    let mut root = Sha256::new();
    for record in &batch.records {
        let start = plain.len();
        line(&mut plain, record);
        root.update(Sha256::digest(&plain[start..]));
    }
    for case in &batch.cases {
        let parts = [
            case.id.as_str().as_bytes(),
            &case.version.to_be_bytes(),
            &case.body[..],
        ];
        root.update(hash(&parts));
    }
    let mut records = (plain.len() as u32).to_le_bytes().to_vec();
    let packed = zstd::bulk::compress(&plain, LEVEL);
    records.extend(packed.map_err(|error| conflict(format!("a batch cannot be packed: {error}")))?);
    Ok(Packed {
        records,
        root: root.finalize().into(),
    })
}

fn line(out: &mut Vec<u8>, record: &Record) {
    out.push(record.disposition.number() as u8);
    out.extend_from_slice(&record.known.as_micros().to_le_bytes());
    text(out, record.id.as_ref().map(FactId::as_str));
    text(out, record.reason.map(Reason::as_str));
    text(out, record.detail.as_deref());
}

fn text(out: &mut Vec<u8>, text: Option<&str>) {
    out.extend_from_slice(&text.map_or(NONE, |text| text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.unwrap_or_default().as_bytes());
}

/// Reads the records of a row, the first of which stands at `first`.
pub(crate) fn unpack(first: u64, count: usize, packed: &[u8]) -> Result<Vec<StoredRecord>, Fault> {
    let damaged = || {
        corrupt(format!(
            "the records of the batch of position {first} are damaged"
        ))
    };
    let (length, packed) = packed.split_first_chunk::<4>().ok_or_else(damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > CEILING {
        return Err(damaged());
    }
    let plain = zstd::bulk::decompress(packed, length).map_err(|_| damaged())?;
    let mut rest = &plain[..];
    let mut records = Vec::with_capacity(count.min(plain.len()));
    for position in (first..).take(count) {
        records.push(read(position, &mut rest).ok_or_else(damaged)?);
    }
    if rest.is_empty() {
        Ok(records)
    } else {
        Err(damaged())
    }
}

fn read(position: u64, from: &mut &[u8]) -> Option<StoredRecord> {
    let (disposition, rest) = from.split_first()?;
    let (known, rest) = rest.split_first_chunk()?;
    *from = rest;
    let id = read_text(from)?;
    let reason = read_text(from)?;
    let detail = read_text(from)?;
    let (source, id) = match id.map(|id| id.split_once('#')) {
        Some(parts) => parts.map(|(source, id)| (Some(source.into()), Some(id.into())))?,
        None => (None, None),
    };
    Some(StoredRecord {
        position,
        source,
        id,
        disposition: Disposition::of(i64::from(*disposition)).ok()?,
        reason: reason.map(Into::into),
        detail: detail.map(Into::into),
        known: Timestamp::from_micros(i64::from_le_bytes(*known)),
    })
}

#[expect(clippy::option_option, reason = "a damaged text is not an absent one")]
fn read_text<'a>(from: &mut &'a [u8]) -> Option<Option<&'a str>> {
    let (length, rest) = from.split_first_chunk()?;
    let length = u32::from_le_bytes(*length);
    if length == NONE {
        *from = rest;
        return Some(None);
    }
    let (text, rest) = rest.split_at_checked(length as usize)?;
    *from = rest;
    std::str::from_utf8(text).ok().map(Some)
}

/// The entry of the audit log that a batch is.
#[expect(clippy::too_many_arguments, reason = "the columns of a row, in their order")]
pub(crate) fn entry(
    batch: i64,
    epoch: u64,
    at: Timestamp,
    (first, count): (u64, u64),
    (cases_first, cases): (i64, i64),
    root: &[u8],
    prev: [u8; 32],
    known: Option<[u8; 32]>,
) -> AuditEntry {
    let (end, cases_end) = (first + count, cases_first + cases);
    let mut entry = AuditEntry {
        chain: DECISIONS.into(),
        sequence: batch as u64,
        at,
        actor: format!("intake, epoch {epoch}").into(),
        action: "decided".into(),
        object: format!("records {first}..{end}, case versions {cases_first}..{cases_end}").into(),
        before: None,
        after: Some(Arc::from(hex::encode(root))),
        prev,
        hash: [0; 32],
    };
    entry.hash = known.unwrap_or_else(|| entry.computed_hash());
    entry
}

/// Writes the row of a batch, unless it neither read nor decided anything.
pub(crate) async fn write(
    conn: &mut SqliteConnection,
    batch: &Commit,
    packed: &Packed,
    cases_first: i64,
) -> Result<(), Fault> {
    if batch.records.is_empty() && batch.cases.is_empty() {
        return Ok(());
    }
    let number = Head::Batch.take(conn, 1).await?;
    let last = sqlx::query("SELECT hash FROM segment WHERE batch = ?1").bind(number - 1);
    let prev: [u8; 32] = match last.fetch_optional(&mut *conn).await? {
        Some(row) => row
            .try_get::<&[u8], _>(0)?
            .try_into()
            .map_err(|_| corrupt("a hash of the chain of decisions is not 32 bytes long"))?,
        None if number == 1 => [0; 32],
        None => return Err(corrupt("the chain of decisions has lost its end")),
    };
    let (first, count) = (batch.from.next, batch.records.len() as u64);
    let cases = batch.cases.len() as i64;
    let records = batch.records.iter();
    let set_aside = records.filter(|record| record.disposition.is_set_aside()).count();
    let (epoch, at, root) = (batch.to.epoch, batch.at, packed.root);
    let entry = entry(
        number,
        epoch,
        at,
        (first, count),
        (cases_first, cases),
        &root,
        prev,
        None,
    );
    sqlx::query(
        "INSERT INTO segment (batch, epoch, at, first, n, cases_first, cases, records, root, prev, hash, aside)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(number)
    .bind(epoch as i64)
    .bind(at.as_micros())
    .bind(first as i64)
    .bind(count as i64)
    .bind(cases_first)
    .bind(cases)
    .bind(&packed.records[..])
    .bind(&root[..])
    .bind(&prev[..])
    .bind(&entry.hash[..])
    .bind(set_aside as i64)
    .execute(conn)
    .await?;
    Ok(())
}
