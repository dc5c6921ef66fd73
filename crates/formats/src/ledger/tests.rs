//! What a ledger document promises: nothing is lost, old ones stay readable, damage is an error.

use std::path::PathBuf;

use proptest::prelude::*;

use super::samples::{ledgers, sighting, whole};
use super::*;

fn document(ledger: &Ledger) -> Vec<u8> {
    let mut out = Vec::new();
    encode(ledger, &mut out);
    out
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ledger-1.bin")
}

#[test]
fn the_golden_document_of_each_format_is_read_and_written_for_ever() {
    let bytes = std::fs::read(golden()).unwrap();
    assert_eq!(decode(&bytes).unwrap(), whole());
    assert_eq!(
        document(&whole()),
        bytes,
        "a document that is written otherwise needs a new format byte"
    );
}

#[test]
#[ignore = "run once by hand when a format is born; it refuses to overwrite a document"]
fn a_new_format_gets_its_golden_document() {
    let mut file = std::fs::File::create_new(golden()).unwrap();
    std::io::Write::write_all(&mut file, &document(&whole())).unwrap();
}

#[test]
fn the_golden_document_has_every_kind_of_fact() {
    let kinds: std::collections::BTreeSet<u8> = whole()
        .facts()
        .iter()
        .map(|fact| {
            let mut out = Vec::new();
            fact.body.write(&mut Writer::new(&mut out));
            out[0]
        })
        .collect();
    assert_eq!(kinds, (1..=20).collect());
}

#[test]
fn one_more_frame_of_a_stay_takes_few_bytes() {
    let mut ledger = Ledger::default();
    let sizes: Vec<usize> = (0..100)
        .map(|number| {
            ledger.add(sighting(number));
            document(&ledger).len()
        })
        .collect();
    assert!(sizes[0] < 200, "the first took {}", sizes[0]);
    let more = (sizes[99] - sizes[0]) / 99;
    assert!(more < 75, "each of the others took {more}");
}

#[test]
fn what_is_wrong_with_a_document_is_said() {
    let bytes = document(&whole());
    assert_eq!(decode(&[]), Err(DocumentError::Short { at: 0 }));
    assert_eq!(decode(&[9]), Err(DocumentError::Format(9)));
    assert_eq!(
        decode(&bytes[..bytes.len() - 1]).unwrap_err(),
        DocumentError::Short { at: bytes.len() - 1 }
    );
    let long = [bytes.as_slice(), &[0]].concat();
    assert_eq!(decode(&long), Err(DocumentError::Long { at: bytes.len() }));
    // A count that the rest of the document has no room for is refused before anything is set aside.
    let huge = [FORMAT, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert_eq!(decode(&huge), Err(DocumentError::Short { at: 6 }));
}

#[test]
fn facts_out_of_order_are_damage() {
    let facts = vec![sighting(2), sighting(1)];
    let damaged = document(&Ledger::restore(facts, Vec::new(), Memo::default()));
    assert!(matches!(
        decode(&damaged),
        Err(DocumentError::Damaged {
            what: "facts out of order",
            ..
        })
    ));
}

proptest! {
    #[test]
    fn a_ledger_comes_back_whole(ledger in ledgers()) {
        let bytes = document(&ledger);
        prop_assert_eq!(decode(&bytes), Ok(ledger));
    }

    #[test]
    fn equal_ledgers_have_equal_documents(ledger in ledgers()) {
        prop_assert_eq!(document(&ledger), document(&ledger.clone()));
    }

    #[test]
    fn a_document_is_appended_to_what_is_there(ledger in ledgers()) {
        let mut out = b"before".to_vec();
        encode(&ledger, &mut out);
        prop_assert_eq!(&out[6..], document(&ledger));
    }

    #[test]
    fn a_cut_document_is_an_error(ledger in ledgers(), cut in any::<prop::sample::Index>()) {
        let bytes = document(&ledger);
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_damaged_document_never_panics(
        ledger in ledgers(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = document(&ledger);
        for (index, byte) in edits {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(read) = decode(&bytes) {
            // What can be read can be written and read again.
            prop_assert_eq!(decode(&document(&read)), Ok(read));
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&[&[FORMAT], bytes.as_slice()].concat());
        let _ = decode(&bytes);
    }
}
