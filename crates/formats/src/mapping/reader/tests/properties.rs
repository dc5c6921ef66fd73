//! Whatever a file holds: no panic, no row lost, and what others write is read as they meant it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Bytes that are more like files than random ones are.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"id,plate,at,zone\n".to_vec()),
        Just(b"1,A1,2026-03-02 10:00,Z1\r\n".to_vec()),
        Just(br#"{"id":1,"plate":"A1","at":"2026-03-02 10:00","zone":"Z"}"#.to_vec()),
        Just(br#"{"id":{"r":1},"plate":{"r":"A"},"at":{},"zone":{}}"#.to_vec()),
        vec(prop::sample::select(b"\"\\,[]{}:\n\r 1a\x00\xe6".to_vec()), 0..12),
        vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Cells with everything that quotes are for. A row of one blank cell is a blank line, so rows have two or more.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = "[ab\",\n湘 ]{0,5}";
    (2..5_usize).prop_flat_map(move |width| vec(vec(cell, width), 1..8))
}

proptest! {
    #[test]
    fn no_bytes_can_stop_the_walk_or_lose_a_row(bytes in file()) {
        for format in ["csv", "json", "jsonl", "columns"] {
            let mapping = mapping(&format!("format = \"{format}\""), FACT);
            let Ok(mut reader) = open(&mapping, bytes.clone()) else { continue };
            let mut rows = 0;
            while let Ok(Some(_)) = reader.next_row() {
                rows += 1;
            }
            let counts = reader.counts();
            prop_assert_eq!(counts.read, rows);
            prop_assert_eq!(counts.read, counts.kept + counts.filtered + counts.quarantined.values().sum::<u64>());
        }
    }

    #[test]
    fn what_another_library_writes_is_read_back_to_the_letter(table in table(), by in prop::sample::select(vec![b"\n", b"\r"])) {
        let width = table[0].len();
        let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::Any(by[0])).from_writer(Vec::new());
        for row in &table {
            writer.write_record(row).unwrap();
        }
        let read = super::super::super::Read {
            format: Format::Csv,
            delimiter: b',',
            header: false,
            encoding: super::super::super::Encoding::Utf8,
        };
        let lines = Lines::new(Box::new(Cursor::new(writer.into_inner().unwrap())));
        let mut rows = CsvRows::new(lines, &read);
        let mut cells = Cells::default();
        let mut found: Vec<Vec<String>> = Vec::new();
        while rows.next(&mut cells).unwrap() == Step::Row {
            found.push(cells.all().map(str::to_owned).collect());
        }
        prop_assert_eq!(found, table);
        prop_assert!(width > 1);
    }

    #[test]
    fn an_event_is_json_whatever_its_texts_hold(text in ".{0,20}", micros in -60_000_000_000_000_000..250_000_000_000_000_000_i64) {
        let fact = MappedFact {
            source: text.clone(),
            id: text.clone(),
            plate_number: text.clone(),
            name: Some(text.clone()),
            captured_at: micros,
            ..MappedFact::default()
        };
        let mut out = Vec::new();
        fact.to_cloudevent_json(&mut out);
        let event: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&event["id"], &text);
        prop_assert_eq!(&event["data"]["place"]["name"], &text);
        let at: jiff::Timestamp = event["data"]["captured_at"].as_str().unwrap().parse().unwrap();
        prop_assert_eq!(at.as_microsecond(), micros);
    }
}
