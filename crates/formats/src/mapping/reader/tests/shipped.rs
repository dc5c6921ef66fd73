//! The mappings in `deploy/mappings` on rows like those they were written for, and on the real files where they are.
#![expect(clippy::too_many_lines, reason = "tables of what goes in and what comes out")]

use std::path::PathBuf;

use super::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped(name: &str) -> Mapping {
    let path = root().join("deploy/mappings").join(name);
    Mapping::parse(name, &std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The events that a mapping makes of a text.
fn events(name: &str, text: &str) -> Vec<String> {
    facts(&shipped(name), text)
        .iter()
        .map(|fact| {
            let mut out = Vec::new();
            fact.to_cloudevent_json(&mut out);
            String::from_utf8(out).unwrap()
        })
        .collect()
}

#[test]
fn every_shipped_mapping_is_right() {
    let folder = std::fs::read_dir(root().join("deploy/mappings")).unwrap();
    let names: Vec<String> = folder
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in &names {
        let mode = if name == "clearwalk.toml" {
            Mode::Live
        } else {
            Mode::History
        };
        assert_eq!(shipped(name).mode(), Some(mode), "{name}");
    }
}

#[test]
fn our_own_table_is_live() {
    let text = "source,id,plate,class,captured_at,zone,device,code\n\
                /devices/LD-0132,7f3a,湘K12345,02,2026-03-02T10:00:05+08:00,Z1,LD-0132,1039\n\
                /devices/LD-0132,7f3b,湘K12345,,2026-03-02T10:00:05+08:00,,LD-0132,\n";
    assert_eq!(
        events("clearwalk.toml", text),
        [
            concat!(
                r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/devices/LD-0132","id":"7f3a","#,
                r#""time":"2026-03-02T02:00:05Z","data":{"plate":{"number":"湘K12345","class":"02"},"#,
                r#""captured_at":"2026-03-02T02:00:05Z","device":{"id":"LD-0132","mode":"live"},"#,
                r#""place":{"zone":"Z1"},"violation_code":"1039"}}"#
            ),
            concat!(
                r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/devices/LD-0132","id":"7f3b","#,
                r#""time":"2026-03-02T02:00:05Z","data":{"plate":{"number":"湘K12345"},"#,
                r#""captured_at":"2026-03-02T02:00:05Z","device":{"id":"LD-0132","mode":"live"},"#,
                r#""place":{"zone":"unknown"}}}"#
            ),
        ]
    );
}

#[test]
fn the_false_z_of_philadelphia_is_local_time() {
    assert_eq!(
        events(
            "philadelphia-2013.toml",
            "2013-04-03T15:15:00Z,76,SIDEWALK   CC,1322731,PA,2905938,\n"
        ),
        [concat!(
            r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/import/philadelphia-2013","#,
            r#""id":"2905938","time":"2013-04-03T19:15:00Z","data":{"plate":{"number":"1322731"},"#,
            r#""captured_at":"2013-04-03T19:15:00Z","device":{"id":"import","mode":"history"},"#,
            r#""place":{"zone":"unknown"},"violation_code":"SIDEWALK   CC","ticket":"2905938"}}"#
        )]
    );
}

#[test]
fn new_york_plates_carry_their_state_and_its_hours_are_understood() {
    let fiscal = "Summons Number,Plate ID,Registration State,Issue Date,Violation Code,Violation Precinct,\
                  Violation Time,House Number,Street Name\n\
                  1626542141,GPX3852,NY,08/04/2013,51,33,0030P,712,W 175 ST\n";
    assert_eq!(
        events("new-york-fiscal-year.toml", fiscal),
        [concat!(
            r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/import/new-york","id":"1626542141","#,
            r#""time":"2013-08-04T16:30:00Z","data":{"plate":{"number":"GPX3852-NY"},"#,
            r#""captured_at":"2013-08-04T16:30:00Z","device":{"id":"import","mode":"history"},"#,
            r#""place":{"zone":"33","name":"712 W 175 ST"},"violation_code":"51","ticket":"1626542141"}}"#
        )]
    );
    let api = r#"[{"plate":"33VN25","state":"NY","summons_number":"8852211682","issue_date":"07/13/2016",
                   "violation_time":"00:34A","violation":"SIDEWALK","precinct":"010"}]"#;
    let facts = facts(&shipped("new-york-api.toml"), api);
    assert_eq!(facts[0].plate_number, "33VN25-NY");
    assert_eq!(
        facts[0].captured_at,
        "2016-07-13T04:34:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_microsecond()
    );
}

/// Whether the real file is there; says so when it is not.
fn real(file: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "NOT CHECKED: {} is absent; this test needs the real data beside the project",
        path.display()
    );
    None
}

#[test]
fn the_real_files_are_read_to_the_last_row() {
    // File, mapping, rows read, kept, quarantined by reason, distinct ids; counted by other means (see data/README.md).
    let none: &[(Reason, u64)] = &[];
    for (file, name, read, kept, quarantined, distinct) in [
        (
            "philadelphia-ppa-2013-vehicle-sample-part-a.csv.gz",
            "philadelphia-2013.toml",
            13_084,
            280,
            none,
            280,
        ),
        (
            "philadelphia-unpaid-tickets-1991-2021-part-a.csv.gz",
            "philadelphia-unpaid.toml",
            38_288,
            1_693,
            none,
            1_018,
        ),
        (
            "nyc-parking-violations-fy2014-sample.csv.gz",
            "new-york-fiscal-year.toml",
            9_999,
            91,
            none,
            91,
        ),
        (
            "nyc-parking-violations-fy2015-sample.csv.gz",
            "new-york-fiscal-year.toml",
            9_999,
            95,
            &[(Reason::UnidentifiedVehicle, 2)],
            90,
        ),
        (
            "nyc-parking-violations-fy2016-sample.csv.gz",
            "new-york-fiscal-year.toml",
            9_999,
            88,
            &[(Reason::Schema, 4)],
            88,
        ),
        (
            "nyc-open-parking-camera-violations-api-1000.json.gz",
            "new-york-api.toml",
            1_000,
            3,
            none,
            3,
        ),
        (
            "bengaluru-police-parking-2023-11_2024-04-part-a.csv.gz",
            "bengaluru.toml",
            5_111,
            83,
            none,
            83,
        ),
        (
            "mta-ace-camera-violations-2025-08-part-a.csv.gz",
            "mta.toml",
            4_997,
            4_997,
            none,
            4_997,
        ),
        (
            "philadelphia-all-tickets-2015-02.json.gz",
            "philadelphia-all-tickets.toml",
            87_338,
            0,
            &[(Reason::UnidentifiedVehicle, 1_211)],
            0,
        ),
        (
            "philadelphia-all-tickets-2017-12.json.gz",
            "philadelphia-all-tickets.toml",
            104_461,
            0,
            &[(Reason::UnidentifiedVehicle, 1_418)],
            0,
        ),
    ] {
        let Some(path) = real(file) else { return };
        let mapping = shipped(name);
        let mut reader = Reader::open(&path, &mapping, Options::at(now())).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        while let Some(row) = reader.next_row().unwrap() {
            if let Row::Fact(fact) = row {
                ids.insert(fact.id.clone());
            }
        }
        let filtered = read - kept - quarantined.iter().map(|(_, count)| count).sum::<u64>();
        let expected = Counts {
            read,
            kept,
            filtered,
            quarantined: quarantined.iter().copied().collect(),
        };
        assert_eq!(*reader.counts(), expected, "{file}");
        assert_eq!(ids.len(), distinct, "{file}");
    }
}
