//! How much a fact costs to commit. Run by hand: `cargo test --release -p store-sqlite --test throughput -- --ignored --nocapture`.
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a measurement that cannot go on has failed; one literal per table"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::case::{Disposition, Outcome, Reason};
use engine::fact::{FactId, NoticeKind};
use engine::ids::{CaseId, NoticeId, hash};
use engine::time::Timestamp;
use ports::commit::{CaseWrite, Commit, LedgerWrite, NewIdentity, NewNotice, NoticeChange, Record};
use ports::log::{NewEnvelope, Stream as _};
use ports::store::{IntakeStore as _, Progress};
use store_sqlite::{Keys, Options, SqliteStore};

const FACTS: u64 = 200_000;
const DEVICES: u64 = 200;
const PLATES: u64 = 60_000;

/// Bytes that do not compress and repeat from run to run.
fn noise(seed: u64, length: usize) -> Bytes {
    let blocks = (0_u64..).map(|block| hash(&[&seed.to_be_bytes(), &block.to_be_bytes()]));
    let bytes: Vec<u8> = blocks.flatten().take(length).collect();
    bytes.into()
}

fn pick(seed: u64, from: u64) -> u64 {
    let digest = hash(&[&seed.to_be_bytes()]);
    u64::from_be_bytes(*digest.first_chunk().unwrap()) % from
}

/// What this process has used so far: seconds of CPU, megabytes written.
fn used() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|it| it.parse::<f64>().ok())
        .sum();
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    let written: u64 = written.and_then(|it| it.parse().ok()).unwrap_or(0);
    (ticks / 100.0, written >> 20)
}

struct City {
    versions: Vec<u64>,
}

impl City {
    /// A batch of facts: each has an identity and a ledger, every second begins a case with a notice.
    fn batch(&mut self, from: Progress, size: u64) -> Commit {
        let mut commit = Commit {
            from,
            to: Progress {
                next: from.next + size,
                ..from
            },
            at: Timestamp::from_micros(1_700_000_000_000_000 + from.next as i64),
            ..Commit::default()
        };
        let mut touched = std::collections::BTreeMap::new();
        for position in from.next..from.next + size {
            let at = Timestamp::from_micros(1_700_000_000_000_000 + position as i64 * 400_000);
            let plate = pick(position, PLATES);
            let name: Arc<str> = format!("湘K{plate:05}").into();
            let id = FactId::new(
                &format!("/devices/LD-{:04}", position % DEVICES),
                &format!("{position:012}"),
            );
            commit.records.push(Record {
                position,
                id: Some(id.clone()),
                disposition: Disposition::Decided,
                reason: Some(Reason::FirstInWindow),
                detail: None,
                known: at,
                payload: hash(&[id.as_str().as_bytes()]),
            });
            commit.identities.push(NewIdentity {
                id: id.clone(),
                digest: *hash(&[&position.to_be_bytes()]).first_chunk().unwrap(),
                plate: name.clone(),
            });
            touched.insert(name.clone(), (plate, position));
            if position % 2 == 0 {
                let day = position / 3000;
                let case = CaseId::from_text(&format!(
                    "2603{:02}-{}",
                    day % 28,
                    hex::encode(noise(position, 6))
                ));
                let anchor = NoticeId::new(&case, NoticeKind::Waived, 0);
                commit.cases.push(CaseWrite {
                    id: case.clone(),
                    version: 1,
                    plate: name.clone(),
                    outcome: Outcome::ALL[(position % 5) as usize].0,
                    before: None,
                    offence_at: at,
                    body: noise(position, 500),
                });
                commit.notices.push(NoticeChange::Queue(NewNotice {
                    id: anchor,
                    case,
                    kind: NoticeKind::Waived,
                    revision: 0,
                    plate: name,
                    history: false,
                    not_before: at.plus(600_000_000),
                    expires_at: at.plus(86_400_000_000),
                    parameters: noise(position, 200),
                }));
            }
        }
        for (plate, (number, position)) in touched {
            let version = &mut self.versions[number as usize];
            commit.ledgers.push(LedgerWrite {
                plate,
                expected: *version,
                document: noise(position, 300),
                wake: (position % 4 == 0).then(|| commit.at.plus(9_000_000_000)),
            });
            *version += 1;
        }
        commit
    }
}

async fn run(size: u64, notices: bool) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = directory.path().join("city.db");
    let options = Options {
        keys: Keys::new(&[[7; 32]]).unwrap(),
        create: true,
        migrate: true,
    };
    let store = SqliteStore::open(file.to_str().unwrap(), options).await.unwrap();
    let payload = |position: u64| NewEnvelope {
        known: Timestamp::from_micros(0),
        payload: [&noise(position, 60)[..], &[b'x'; 440]].concat().into(),
    };
    let records: Vec<_> = (0..20_000).map(payload).collect();
    let began = Instant::now();
    for part in records.chunks(2000) {
        store.append(part).await.unwrap();
    }
    let append = began.elapsed().as_secs_f64() * 1e6 / records.len() as f64;
    let mut progress = store.claim("bench").await.unwrap();
    let mut city = City {
        versions: vec![0; PLATES as usize],
    };
    let (mut committing, mut loading) = (Duration::ZERO, Duration::ZERO);
    let mut facts = 0;
    let mut slowest = Duration::ZERO;
    let (mut cpu, mut written) = (0.0, 0);
    while facts < FACTS {
        let mut commit = city.batch(progress, size);
        if !notices {
            commit.notices.clear();
            commit.cases.clear();
        }
        let plates: Vec<_> = commit.ledgers.iter().map(|ledger| ledger.plate.clone()).collect();
        let before = used();
        let began = Instant::now();
        store.ledgers(&plates).await.unwrap();
        loading += began.elapsed();
        let began = Instant::now();
        store.commit(&commit).await.unwrap();
        slowest = slowest.max(began.elapsed());
        committing += began.elapsed();
        let after = used();
        cpu += after.0 - before.0;
        written += after.1 - before.1;
        progress = commit.to;
        facts += size;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / facts as f64;
    let status = store.status().await.unwrap();
    println!(
        "batches of {size}, cases and notices {notices}: append {append:.1} us, load {:.1} us, commit {:.1} us per fact; \
         CPU of both {:.1} us; slowest commit {slowest:.0?}; {written} MB written; {} MB, log {} MB",
        each(loading),
        each(committing),
        cpu * 1e6 / facts as f64,
        status.size >> 20,
        status.wal >> 20
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn what_a_fact_costs() {
    run(2000, true).await;
    run(8000, true).await;
    run(2000, false).await;
}
