//! How the records of a batch were read, packed into one row, and the chain over what the batch decided.
//!
//! The root of a batch hashes the hash of every record, with its bytes and how it was read, of every entry that it took
//! from the inner log, and of every case version; the chain of batches is the audit log's chain of decisions. Whoever
//! changes a stored decision, or what it was made from, changes a root.

use std::fmt;
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

/// Packs the records of a batch; they and its entries of the inner log must be exactly those that its lane moves over.
pub(crate) fn pack(batch: &Commit) -> Result<Packed, Fault> {
    let span = batch.from.next..batch.to.next;
    if !batch.records.iter().map(|record| record.position).eq(span) {
        return Err(conflict(
            "the records of a batch must be those that its lane moves over",
        ));
    }
    let heard = batch.to.inner_next.checked_sub(batch.from.inner_next);
    if heard != Some(batch.heard.len() as u64) {
        return Err(conflict(
            "a batch must name every entry of the inner log that its lane moves over",
        ));
    }
    let mut plain = Vec::with_capacity(batch.records.len() * 64);
    let mut root = Sha256::new();
    for record in &batch.records {
        let start = plain.len();
        line(&mut plain, record);
        let digest = Sha256::new().chain_update(&plain[start..]);
        root.update(digest.chain_update(record.payload).finalize());
    }
    for entry in &batch.heard {
        root.update(entry);
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

/// The first of some rows that follow each other, and how many they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span(pub(crate) i64, pub(crate) i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0, self.0 + self.1)
    }
}

/// The entry of the audit log that a batch is. `inner` is none where it was decided before roots covered what it was made
/// from.
#[expect(clippy::too_many_arguments, reason = "the columns of a row, in their order")]
pub(crate) fn entry(
    batch: i64,
    epoch: u64,
    at: Timestamp,
    records: Span,
    inner: Option<Span>,
    cases: Span,
    root: &[u8],
    prev: [u8; 32],
    known: Option<[u8; 32]>,
) -> AuditEntry {
    let inner = inner.map_or_else(String::new, |inner| format!("inner entries {inner}, "));
    let mut entry = AuditEntry {
        chain: DECISIONS.into(),
        sequence: batch as u64,
        at,
        actor: format!("intake, epoch {epoch}").into(),
        action: "decided".into(),
        object: format!("records {records}, {inner}case versions {cases}").into(),
        before: None,
        after: Some(Arc::from(hex::encode(root))),
        prev,
        hash: [0; 32],
    };
    entry.hash = known.unwrap_or_else(|| entry.computed_hash());
    entry
}

/// Writes the row of a batch, unless it neither heard nor decided anything.
pub(crate) async fn write(
    conn: &mut SqliteConnection,
    batch: &Commit,
    packed: &Packed,
    cases_first: i64,
) -> Result<(), Fault> {
    if batch.records.is_empty() && batch.cases.is_empty() && batch.heard.is_empty() {
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
    let read = Span(batch.from.next as i64, batch.records.len() as i64);
    let heard = Span(batch.from.inner_next as i64, batch.heard.len() as i64);
    let decided = Span(cases_first, batch.cases.len() as i64);
    let records = batch.records.iter();
    let set_aside = records.filter(|record| record.disposition.is_set_aside()).count();
    let (epoch, at, root) = (batch.to.epoch, batch.at, packed.root);
    let entry = entry(number, epoch, at, read, Some(heard), decided, &root, prev, None);
    sqlx::query(
        "INSERT INTO segment (batch, epoch, at, first, n, cases_first, cases, records, root, prev, hash, aside,
             inner_first, inner)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )
    .bind(number)
    .bind(epoch as i64)
    .bind(at.as_micros())
    .bind(read.0)
    .bind(read.1)
    .bind(decided.0)
    .bind(decided.1)
    .bind(&packed.records[..])
    .bind(&root[..])
    .bind(&prev[..])
    .bind(&entry.hash[..])
    .bind(set_aside as i64)
    .bind(heard.0)
    .bind(heard.1)
    .execute(conn)
    .await?;
    Ok(())
}
