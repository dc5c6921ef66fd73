//! Records in one compressed row: per record its instant, its length and its bytes.

use bytes::Bytes;
use engine::time::Timestamp;
use ports::log::{Envelope, NewEnvelope};

use crate::error::{Fault, corrupt};

/// Most records in a row: enough to compress well, few enough that a reader in the middle unpacks little for nothing.
pub(super) const MOST: usize = 512;
/// Most bytes in a row before compression, except for a single record that is larger.
const LARGEST: usize = 1 << 20;
/// The longest record: far longer than any that a door lets in.
pub(super) const LONGEST: usize = 16 << 20;
/// Most bytes that a row may claim to unpack to.
const CEILING: usize = LONGEST + LARGEST;
/// The fastest level: what it leaves is taken by the disk more cheaply than the next level costs.
const LEVEL: i32 = 1;

/// A row.
pub(crate) struct Chunk {
    pub(super) count: usize,
    pub(super) body: Vec<u8>,
}

/// Cuts records into rows.
pub(super) fn pack(records: &[NewEnvelope]) -> std::io::Result<Vec<Chunk>> {
    let mut chunks = Vec::with_capacity(records.len() / MOST + 1);
    let mut plain = Vec::with_capacity(LARGEST / 2);
    let mut count = 0;
    for record in records {
        if count == MOST || (count > 0 && plain.len() + record.payload.len() > LARGEST) {
            chunks.push(close(&mut plain, &mut count)?);
        }
        plain.extend_from_slice(&record.known.as_micros().to_le_bytes());
        plain.extend_from_slice(&(record.payload.len() as u32).to_le_bytes());
        plain.extend_from_slice(&record.payload);
        count += 1;
    }
    if count > 0 {
        chunks.push(close(&mut plain, &mut count)?);
    }
    Ok(chunks)
}

fn close(plain: &mut Vec<u8>, count: &mut usize) -> std::io::Result<Chunk> {
    // Led by the length, so that reading allocates once and never more than was written.
    let mut body = (plain.len() as u32).to_le_bytes().to_vec();
    body.extend_from_slice(&zstd::bulk::compress(plain, LEVEL)?);
    plain.clear();
    Ok(Chunk {
        count: std::mem::take(count),
        body,
    })
}

/// Adds the records of a row from position `from` on, until there are `limit`.
pub(super) fn unpack(
    first: u64,
    count: usize,
    body: &[u8],
    from: u64,
    limit: usize,
    records: &mut Vec<Envelope>,
) -> Result<(), Fault> {
    let damaged = || corrupt(format!("the stream is damaged in the row of position {first}"));
    let (length, packed) = body.split_first_chunk::<4>().ok_or_else(damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > CEILING {
        return Err(damaged());
    }
    let plain: Bytes = zstd::bulk::decompress(packed, length)
        .map_err(|_| damaged())?
        .into();
    let mut at = 0;
    for position in (first..).take(count) {
        let known = field(&plain, &mut at)
            .map(i64::from_le_bytes)
            .ok_or_else(damaged)?;
        let length = field(&plain, &mut at)
            .map(u32::from_le_bytes)
            .ok_or_else(damaged)? as usize;
        if plain.len() - at < length {
            return Err(damaged());
        }
        let payload = plain.slice(at..at + length);
        at += length;
        if position >= from && records.len() < limit {
            records.push(Envelope {
                position,
                known: Timestamp::from_micros(known),
                payload,
            });
        }
    }
    if at == plain.len() { Ok(()) } else { Err(damaged()) }
}

fn field<const N: usize>(bytes: &[u8], at: &mut usize) -> Option<[u8; N]> {
    let field = bytes.get(*at..)?.first_chunk::<N>()?;
    *at += N;
    Some(*field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: usize, length: usize) -> NewEnvelope {
        NewEnvelope {
            known: Timestamp::from_micros(number as i64 - 5),
            payload: vec![number as u8; length].into(),
        }
    }

    #[test]
    fn what_is_packed_comes_out_again_from_any_position() {
        let records: Vec<_> = (0..1500).map(|number| record(number, number % 700)).collect();
        let chunks = pack(&records).unwrap();
        assert_eq!(chunks.iter().map(|chunk| chunk.count).sum::<usize>(), 1500);
        let mut first = 1;
        for chunk in &chunks {
            let mut out = Vec::new();
            unpack(first, chunk.count, &chunk.body, first + 7, 20, &mut out).unwrap();
            for (envelope, position) in out.iter().zip(first + 7..) {
                let written = &records[position as usize - 1];
                assert_eq!(envelope.position, position);
                assert_eq!(envelope.known, written.known);
                assert_eq!(envelope.payload, written.payload);
            }
            first += chunk.count as u64;
        }
    }

    #[test]
    fn a_row_is_cut_before_it_grows_too_large_and_a_huge_record_stands_alone() {
        let records = [
            record(1, LARGEST),
            record(2, LARGEST * 3),
            record(3, 10),
            record(4, 10),
        ];
        let counts: Vec<_> = pack(&records).unwrap().iter().map(|chunk| chunk.count).collect();
        assert_eq!(counts, [1, 1, 2]);
    }

    #[test]
    fn a_damaged_row_is_an_error_and_not_a_panic() {
        let chunk = &pack(&[record(1, 100), record(2, 100)]).unwrap()[0];
        for at in 0..chunk.body.len() {
            for bit in 0..8 {
                let mut body = chunk.body.clone();
                body[at] ^= 1 << bit;
                let mut out = Vec::new();
                if unpack(1, 2, &body, 1, 10, &mut out).is_ok() {
                    assert_eq!(out.len(), 2);
                }
            }
            assert!(unpack(1, 2, &chunk.body[..at], 1, 10, &mut Vec::new()).is_err());
        }
        assert!(unpack(1, 3, &chunk.body, 1, 10, &mut Vec::new()).is_err());
    }
}
