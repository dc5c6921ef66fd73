//! Whatever is done to an export of the audit log after a checkpoint was published is found.

use world::verify::chain::{Checkpoint, Entry, check, checkpoint};

const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX constants; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn chained(chain: &str, length: u64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for seq in 1..=length {
        let mut entry = Entry {
            chain: chain.to_owned(),
            seq,
            at: format!("2026-03-02T02:00:{:02}.{seq:03}001Z", seq % 60),
            actor: format!("person {}", seq % 3),
            action: "void".to_owned(),
            object: format!("260302-{seq:04}"),
            before: (seq % 2 == 0).then(|| "waived".to_owned()),
            after: (seq % 5 != 0).then(String::new),
            prev: entries
                .last()
                .map_or_else(|| ZERO.to_owned(), |last| last.hash.clone()),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash().unwrap();
        entries.push(entry);
    }
    entries
}

fn export() -> Vec<Entry> {
    [chained("actions", 12), chained("decisions", 18)].concat()
}

fn printed(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|it| serde_json::to_string(it).unwrap())
        .collect()
}

/// Whether an export is refused: it cannot be read, or something is wrong with it.
fn is_found(lines: &[String], checkpoints: &[Checkpoint]) -> bool {
    let entries: Result<Vec<Entry>, _> = lines.iter().map(|line| serde_json::from_str(line)).collect();
    entries.map_or(true, |entries| check(&entries, checkpoints).broken > 0)
}

/// Computes all hashes of a chain anew, as whoever knows how they are made would.
fn forge(lines: &[String]) -> Vec<String> {
    let mut entries: Vec<Entry> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for at in 0..entries.len() {
        let is_next = at > 0 && entries[at - 1].chain == entries[at].chain;
        entries[at].seq = if is_next { entries[at - 1].seq + 1 } else { 1 };
        entries[at].prev = if is_next {
            entries[at - 1].hash.clone()
        } else {
            ZERO.to_owned()
        };
        entries[at].hash = entries[at].computed_hash().unwrap();
    }
    printed(&entries)
}

fn mutate(lines: &mut Vec<String>, dice: &mut Dice) -> &'static str {
    let at = dice.roll(lines.len());
    match dice.roll(8) {
        0 | 1 => {
            let mut bytes = lines[at].clone().into_bytes();
            let place = dice.roll(bytes.len());
            let old = bytes[place];
            while bytes[place] == old {
                bytes[place] = b'!' + dice.roll(94) as u8;
            }
            lines[at] = String::from_utf8(bytes).unwrap();
            "change a byte"
        }
        2 => {
            lines.remove(at);
            "remove"
        }
        3 => {
            let line = lines[dice.roll(lines.len())].clone();
            lines.insert(at, line);
            "insert"
        }
        4 => {
            let other = (at + 1 + dice.roll(lines.len() - 1)) % lines.len();
            lines.swap(at, other);
            "reorder"
        }
        5 => {
            lines.truncate(at);
            "truncate"
        }
        6 => {
            lines[at] = lines[at].replace("\"void\"", "\"pardon\"");
            *lines = forge(lines);
            "change and forge"
        }
        _ => {
            lines.remove(at);
            *lines = forge(lines);
            "remove and forge"
        }
    }
}

#[test]
fn ten_thousand_mutations_are_all_found() {
    let entries = export();
    let checkpoints = [checkpoint(&entries, "2026-03-03T00:00:00Z")];
    let whole = printed(&entries);
    assert!(!is_found(&whole, &checkpoints), "the export itself is in order");
    let mut dice = Dice(1);
    let mut kinds = std::collections::BTreeMap::new();
    for round in 0..10_000 {
        let mut lines = whole.clone();
        let kind = mutate(&mut lines, &mut dice);
        assert_ne!(lines, whole, "round {round}: {kind} did nothing");
        assert!(
            is_found(&lines, &checkpoints),
            "round {round}: {kind} was not found"
        );
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert!(
        kinds.len() == 7 && kinds.values().all(|times| *times > 500),
        "{kinds:?}"
    );
}

#[test]
fn without_a_checkpoint_a_cut_end_stays_hidden_and_says_so() {
    let entries = export();
    let cut = &entries[..25];
    let finding = check(cut, &[]);
    assert_eq!(finding.broken, 0);
    assert!(
        finding.checked.contains("without a checkpoint"),
        "{}",
        finding.checked
    );
    let later = checkpoint(&entries, "2026-03-03T00:00:00Z");
    assert_eq!(check(cut, std::slice::from_ref(&later)).broken, 1);
}

#[test]
fn an_older_checkpoint_holds_for_a_chain_that_grew() {
    let entries = export();
    let older = checkpoint(&entries[..10], "2026-03-03T00:00:00Z");
    assert_eq!(check(&entries, &[older]).broken, 0);
}
