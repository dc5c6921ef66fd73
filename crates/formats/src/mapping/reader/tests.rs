//! Whole files through whole mappings.

use std::io::{Cursor, Write as _};

use super::*;

const FACT: &str = r#"
[fact]
source = { const = "/import/x" }
id = { column = "id" }
plate = { column = "plate", null = ["NS"] }
captured_at = { column = "at", formats = ["%Y-%m-%d %H:%M"], zone = "Asia/Shanghai" }
zone = { column = "zone" }
device = { const = "import" }
"#;

fn now() -> jiff::Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn mapping(read: &str, fact: &str) -> Mapping {
    Mapping::parse("m.toml", &format!("[read]\n{read}\n{fact}")).unwrap()
}

fn open(mapping: &Mapping, bytes: impl Into<Vec<u8>>) -> Result<Reader<'_>, ReadError> {
    Reader::new(
        "f",
        Box::new(Cursor::new(bytes.into())),
        mapping,
        Options::at(now()),
    )
}

/// One word or line for each row: `id plate`, `filtered`, or `line reason: detail`.
fn rows(reader: &mut Reader<'_>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        all.push(match row {
            Row::Fact(fact) => format!("{} {}", fact.id, fact.plate_number),
            Row::Filtered => "filtered".to_owned(),
            Row::Quarantined { reason, detail, line } => format!("{line} {}: {detail}", reason.as_str()),
        });
    }
    let counts = reader.counts();
    assert_eq!(
        counts.read,
        counts.kept + counts.filtered + counts.quarantined.values().sum::<u64>()
    );
    assert_eq!(counts.read, all.len() as u64);
    all
}

fn facts(mapping: &Mapping, bytes: impl Into<Vec<u8>>) -> Vec<MappedFact> {
    let mut reader = open(mapping, bytes).unwrap();
    let mut all = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        match row {
            Row::Fact(fact) => all.push(fact.clone()),
            other => panic!("{other:?}"),
        }
    }
    all
}

#[test]
fn every_row_is_kept_filtered_or_quarantined_with_its_line_and_reason() {
    let keep = "[[keep]]\ncolumn = \"kind\"\nnot_equals = [\"bus\"]\n";
    let mapping = mapping("format = \"csv\"", &format!("{keep}{FACT}"));
    let file = "id,plate,at,zone,kind\n\
                1,湘K12345,2026-03-02 10:00,Z1,car\n\
                2,湘K12345,2026-03-02 10:00,Z1,bus\n\
                3,NS,2026-03-02 10:00,Z1,car\n\
                4,,2026-03-02 10:00,Z1,car\n\
                5,--,2026-03-02 10:00,Z1,car\n\
                6,湘K1,2026-03-02 25:00,Z1,car\n\
                7,湘K1,,Z1,car\n\
                8,湘K1,2026-06-01 08:01,Z1,car\n\
                9,湘K1,2026-06-01 08:00,Z1,car\n\
                10,湘K1,2026-03-02 10:00,,car\n\
                ,湘K1,2026-03-02 10:00,Z1,car\n\
                12,湘K1,2026-03-02 10:00,Z1\n";
    let mut reader = open(&mapping, file).unwrap();
    assert_eq!(
        rows(&mut reader),
        [
            "1 湘K12345",
            "filtered",
            "4 unidentified_vehicle: plate (column `plate`): is blank or on the mapping's `null` list",
            "5 unidentified_vehicle: plate (column `plate`): is blank or on the mapping's `null` list",
            "6 unidentified_vehicle: plate (column `plate`): has no letter and no digit",
            "7 schema: captured_at (column `at`): expected an hour 00 to 23 at character 12",
            "8 schema: captured_at (column `at`): is absent",
            "9 clock_skew: captured_at (column `at`): lies after the import's own clock",
            "9 湘K1",
            "11 schema: zone (column `zone`): is absent, and nothing else says where; give it a `default`",
            "12 schema: id (column `id`): is absent",
            "13 schema: has 4 cells where the first row has 5",
        ]
    );
    let quarantined = [
        (Reason::Schema, 5),
        (Reason::UnidentifiedVehicle, 3),
        (Reason::ClockSkew, 1),
    ];
    assert_eq!(
        *reader.counts(),
        Counts {
            read: 12,
            kept: 2,
            filtered: 1,
            quarantined: BTreeMap::from(quarantined)
        }
    );
}

#[test]
fn all_four_tests_of_keep_look_at_the_trimmed_cell_and_all_must_hold() {
    let file =
        "id,plate,at,zone,a\n1,A1,2026-03-02 10:00,Z1, SIDEWALK CC \n2,A1,2026-03-02 10:00,Z1,CROSSWALK\n";
    for (test, kept) in [
        ("starts_with = \"SIDE\"", [true, false]),
        ("starts_with = [\"SIDE\", \"CROSS\"]", [true, true]),
        ("equals = \"CROSSWALK\"", [false, true]),
        ("equals = [\"SIDEWALK CC\", \"x\"]", [true, false]),
        ("not_equals = [\"CROSSWALK\", \"x\"]", [true, false]),
        ("contains = \"WALK\"", [true, true]),
        ("contains = [\"DEW\", \"x\"]", [true, false]),
        (
            "contains = \"WALK\"\n[[keep]]\ncolumn = \"id\"\nequals = \"2\"",
            [false, true],
        ),
    ] {
        let mapping = mapping(
            "format = \"csv\"",
            &format!("[[keep]]\ncolumn = \"a\"\n{test}\n{FACT}"),
        );
        let found: Vec<bool> = rows(&mut open(&mapping, file).unwrap())
            .iter()
            .map(|row| row != "filtered")
            .collect();
        assert_eq!(found, kept, "{test}");
    }
}

const EVERY_FIELD: &str = r#"
[fact]
source = { column = "s" }
id = { columns = ["a", "b"], join = "/" }
ticket = { from = "id" }
session = { column = "se" }
plate = { columns = ["p", "st"], join = "-", null = [""] }
class = { column = "c" }
color = { column = "co" }
captured_at = { columns = ["d", "t"], formats = ["%m/%d/%Y hhmmA"], zone = "America/New_York" }
time = { column = "k" }
precision = { column = "pr" }
zone = { column = "z", default = "unknown" }
name = { columns = ["n1", "n2"] }
lon = { column = "x" }
lat = { column = "y" }
crs = { const = "gcj02" }
device = { column = "de" }
code = { column = "v", default = "51" }
mode = { column = "m", default = "test" }
"#;

#[test]
fn every_field_reaches_the_fact() {
    let mapping = mapping("format = \"csv\"\ndelimiter = \";\"", EVERY_FIELD);
    let header = "s;a;b;se;p;st;c;co;d;t;k;pr;z;n1;n2;x;y;de;v;m\n";
    let full =
        "/s;1;2;9;ABC;NY;-;blue;08/04/2013;0752A;2013-08-05T00:00:00Z;day;;12;Main St;-73.5;40.25;D;;live\n";
    let bare = "/s;1;;;ABC;NJ;02;;08/04/2013;0752P;;;Z;;;-73.5;;D;50;\n";
    let facts = facts(&mapping, format!("{header}{full}{bare}"));
    let text = |text: &str| Some(text.to_owned());
    let micros = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!(
        facts[0],
        MappedFact {
            source: "/s".into(),
            id: "1/2".into(),
            plate_number: "ABC-NY".into(),
            class: None,
            color: text("blue"),
            captured_at: micros("2013-08-04T11:52:00Z"),
            time: Some(micros("2013-08-05T00:00:00Z")),
            day_precision: true,
            zone: text("unknown"),
            lon: Some(-735_000_000),
            lat: Some(402_500_000),
            crs: Some(super::super::Crs::Gcj02),
            name: text("12 Main St"),
            device: "D".into(),
            code: text("51"),
            mode: Mode::Live,
            ticket: text("1/2"),
            session: text("9"),
        }
    );
    assert_eq!(
        facts[1],
        MappedFact {
            source: "/s".into(),
            id: "1/".into(),
            plate_number: "ABC-NJ".into(),
            class: text("02"),
            color: None,
            captured_at: micros("2013-08-04T23:52:00Z"),
            time: None,
            day_precision: false,
            zone: text("Z"),
            lon: None,
            lat: None,
            crs: None,
            name: None,
            device: "D".into(),
            code: text("50"),
            mode: Mode::Test,
            ticket: text("1/"),
            session: None,
        }
    );
}

#[test]
fn a_null_cell_among_several_makes_the_whole_value_absent() {
    let fact = FACT.replace(
        "{ column = \"plate\"",
        "{ columns = [\"plate\", \"zone\"], join = \"-\"",
    );
    let mapping = mapping("format = \"csv\"", &fact);
    let rows = rows(
        &mut open(
            &mapping,
            "id,plate,at,zone\n1,NS,2026-03-02 10:00,NY\n2,N,2026-03-02 10:00,NY\n",
        )
        .unwrap(),
    );
    assert!(
        rows[0].starts_with("2 unidentified_vehicle: plate (columns `plate`, `zone`)"),
        "{rows:?}"
    );
    assert_eq!(rows[1], "2 N-NY");
}

#[test]
fn the_import_can_set_the_time_and_the_mode_of_all_rows() {
    let mapping = mapping("format = \"csv\"", FACT);
    let file = "id,plate,at,zone\n1,A1,2026-03-02 10:00,Z1\n";
    let options = Options {
        now: now(),
        known_now: true,
        mode: Some(Mode::Live),
    };
    let mut reader = Reader::new("f", Box::new(Cursor::new(file)), &mapping, options).unwrap();
    let Some(Row::Fact(fact)) = reader.next_row().unwrap() else {
        panic!("a fact")
    };
    assert_eq!((fact.time, fact.mode), (Some(now().as_microsecond()), Mode::Live));
    assert_eq!(facts(&mapping, file)[0].time, None);
    assert_eq!(facts(&mapping, file)[0].mode, Mode::History);
}

#[test]
fn a_time_of_knowledge_in_the_future_is_a_wrong_clock() {
    let mapping = mapping(
        "format = \"csv\"",
        &format!("{FACT}time = {{ column = \"k\" }}\n"),
    );
    let file =
        "id,plate,at,zone,k\n1,A1,2026-03-02 10:00,Z1,2026-06-01T00:00:01Z\n2,A1,2026-03-02 10:00,Z1,soon\n";
    assert_eq!(
        rows(&mut open(&mapping, file).unwrap()),
        [
            "2 clock_skew: time (column `k`): lies after the import's own clock",
            "3 schema: time (column `k`): expected a year of four digits at character 1",
        ]
    );
}

#[test]
fn encodings_and_byte_order_marks_are_read_and_wrong_bytes_cost_their_row() {
    let file = "id,plate,at,zone\n1,湘K12345,2026-03-02 10:00,Z1\n";
    let utf8 = mapping("format = \"csv\"", FACT);
    let marked = [b"\xef\xbb\xbf".as_slice(), file.as_bytes()].concat();
    assert_eq!(rows(&mut open(&utf8, marked.clone()).unwrap()), ["1 湘K12345"]);
    let gbk = mapping("format = \"csv\"\nencoding = \"gbk\"", FACT);
    let (encoded, _, _) = encoding_rs::GBK.encode(file);
    assert_eq!(
        rows(&mut open(&gbk, encoded.clone().into_owned()).unwrap()),
        ["1 湘K12345"]
    );
    assert_eq!(
        rows(&mut open(&utf8, encoded.into_owned()).unwrap()),
        ["2 schema: is not UTF-8"]
    );
    let latin = mapping("format = \"csv\"\nencoding = \"latin-1\"", FACT);
    let bytes = b"id,plate,at,zone\n1,\xc9A1,2026-03-02 10:00,Z1\n".to_vec();
    assert_eq!(rows(&mut open(&latin, bytes).unwrap()), ["1 ÉA1"]);
    let wrong = open(&gbk, marked).err().unwrap().to_string();
    assert_eq!(
        wrong,
        "f: begins with the mark of UTF-8, and the mapping's `read.encoding` says otherwise"
    );
    assert_eq!(
        open(&utf8, *b"\xff\xfei\0").err().unwrap().to_string(),
        "f: is UTF-16; convert it to UTF-8"
    );
    let jsonl = mapping("format = \"jsonl\"\nencoding = \"gbk\"", FACT);
    let line = r#"{"id":"1","plate":"湘K12345","at":"2026-03-02 10:00","zone":"Z1"}"#;
    let (encoded, _, _) = encoding_rs::GBK.encode(line);
    assert_eq!(
        rows(&mut open(&jsonl, encoded.into_owned()).unwrap()),
        ["1 湘K12345"]
    );
}

#[test]
fn all_formats_give_the_same_facts_plain_and_packed() {
    let csv = "id,plate,at,zone\n1,A1,2026-03-02 10:00,Z1\n2,A2,2026-03-02 11:00,Z2\n";
    let one = r#"{"id":1,"plate":"A1","at":"2026-03-02 10:00","zone":"Z1"}"#;
    let two = r#"{"id":2,"plate":"A2","at":"2026-03-02 11:00","zone":"Z2"}"#;
    let columns = r#"{"id":{"r":1,"s":2},"at":{"r":"2026-03-02 10:00","s":"2026-03-02 11:00"},
        "zone":{"s":"Z2","r":"Z1"},"plate":{"r":"A1","s":"A2"},"other":{"r":null}}"#;
    let expected = facts(&mapping("format = \"csv\"", FACT), csv);
    assert_eq!(expected.len(), 2);
    for (format, text) in [
        ("csv", csv.to_owned()),
        ("json", format!("[{one},\n{two}]")),
        ("jsonl", format!("{one}\n{two}\n")),
        ("columns", columns.to_owned()),
    ] {
        let mapping = mapping(&format!("format = \"{format}\""), FACT);
        assert_eq!(facts(&mapping, text.clone()), expected, "{format}");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        assert_eq!(facts(&mapping, gz.finish().unwrap()), expected, "{format}.gz");
        let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(facts(&mapping, zst), expected, "{format}.zst");
    }
}

#[test]
fn packed_files_in_several_members_are_read_to_the_end_and_cut_ones_stop_the_import() {
    let mapping = mapping("format = \"csv\"", FACT);
    let pack = |text: &str| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    let two = [
        pack("id,plate,at,zone\n1,A1,2026-03-02 10:00,Z1\n"),
        pack("2,A2,2026-03-02 11:00,Z2\n"),
    ]
    .concat();
    assert_eq!(rows(&mut open(&mapping, two.clone()).unwrap()), ["1 A1", "2 A2"]);
    let mut cut = open(&mapping, &two[..two.len() - 12]).unwrap();
    let error = loop {
        match cut.next_row() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the cut was not noticed"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.starts_with("cannot read f after line "), "{error}");
}

#[test]
fn a_column_that_the_file_does_not_have_is_said_before_anything_is_read() {
    let csv = mapping("format = \"csv\"", FACT);
    let error = |mapping: &Mapping, text: &str| open(mapping, text).err().unwrap().to_string();
    assert_eq!(
        error(&csv, "ID,Plate ID,at,zone\n"),
        "m.toml:6: fact.id.column: f has no column `id`; did you mean `ID`?"
    );
    assert_eq!(
        error(&csv, "id,Plates,Plate No,at,zone\n"),
        "m.toml:7: fact.plate.column: f has no column `plate`; did you mean `Plates`, `Plate No`?"
    );
    assert_eq!(
        error(&csv, "id,car,at,zone\n"),
        "m.toml:7: fact.plate.column: f has no column `plate`; there are `id`, `car`, `at`, `zone`"
    );
    assert_eq!(
        error(&csv, "id,plate,at,zone,plate\n"),
        "m.toml:7: fact.plate.column: f has two columns called `plate`; rename one"
    );
    let columns = mapping("format = \"columns\"", FACT);
    assert_eq!(
        error(&columns, "{\"id\":{\"1\":2}}"),
        "m.toml:7: fact.plate.column: f has no column `plate`; there are `id`"
    );
    let fact = FACT
        .replace("\"id\"", "\"9\"")
        .replace("\"plate\"", "\"1\"")
        .replace("\"at\"", "\"1\"");
    let numbered = mapping(
        "format = \"csv\"\nheader = false",
        &fact.replace("\"zone\"", "\"1\""),
    );
    assert_eq!(
        error(&numbered, "a,b\n"),
        "m.toml:7: fact.id.column: f has no column `9`; its first row has 2 cells"
    );
    assert_eq!(error(&csv, ""), "f: is empty");
    assert_eq!(error(&csv, "\n\n"), "f: has no header");
    assert_eq!(
        error(&csv, "PK\x03\x04"),
        "f: is a zip archive or a spreadsheet; unpack it, or save it as CSV"
    );
    let missing = Reader::open(Path::new("/nowhere/f.csv"), &csv, Options::at(now()))
        .err()
        .unwrap()
        .to_string();
    assert!(missing.starts_with("cannot open /nowhere/f.csv: "), "{missing}");
}

#[test]
fn without_a_header_the_first_row_is_a_row_even_when_it_is_broken() {
    let fact = FACT
        .replace("\"id\"", "\"1\"")
        .replace("\"plate\"", "\"2\"")
        .replace("\"at\"", "\"3\"");
    let mapping = mapping(
        "format = \"csv\"\nheader = false",
        &fact.replace("\"zone\"", "\"4\""),
    );
    let file = "1,A\"\n\"1\"x,A1\n1,A1,2026-03-02 10:00,Z1\n";
    let rows = rows(&mut open(&mapping, file.replacen("1,A\"\n", "", 1)).unwrap());
    assert_eq!(rows, ["1 schema: has text after a closing quote", "1 A1"]);
}

#[test]
fn equal_rows_have_equal_ids_under_hash_and_different_ones_do_not() {
    let fact = FACT.replace(
        "id = { column = \"id\" }",
        "id = { hash = true }\nticket = { from = \"id\" }",
    );
    let mapping = mapping("format = \"csv\"", &fact);
    let row = "x,A1,2026-03-02 10:00,Z1\n";
    let facts = facts(
        &mapping,
        format!("id,plate,at,zone\n{row}{row}y,A1,2026-03-02 10:00,Z1\n"),
    );
    assert_eq!(facts[0], facts[1]);
    assert_ne!(facts[0].id, facts[2].id);
    assert_eq!(facts[0].ticket.as_ref(), Some(&facts[0].id));
    assert_eq!(
        facts[0].id,
        hash(["x", "A1", "2026-03-02 10:00", "Z1"].into_iter())
    );
}

#[test]
fn a_source_with_the_separator_of_ids_is_refused() {
    let fact = FACT.replace("{ const = \"/import/x\" }", "{ column = \"zone\" }");
    let mapping = mapping("format = \"csv\"", &fact);
    let rows = rows(&mut open(&mapping, "id,plate,at,zone\n1,A1,2026-03-02 10:00,a#b\n").unwrap());
    assert_eq!(rows, ["2 schema: source (column `zone`): contains `#`"]);
}

mod properties;
mod shipped;

#[test]
fn a_row_whose_id_or_source_no_reader_of_facts_takes_is_set_aside_at_once() {
    let fact = FACT.replace("{ const = \"/import/x\" }", "{ column = \"zone\" }");
    let mapping = mapping("format = \"csv\"", &fact);
    let text = "id,plate,at,zone\n1\u{c}2,A1,2026-03-02 10:00,a\n1,A1,2026-03-02 10:00,a\u{0}b\n";
    let rows = rows(&mut open(&mapping, text).unwrap());
    assert_eq!(
        rows,
        [
            "2 schema: id (column `id`): contains control characters",
            "3 schema: source (column `zone`): contains control characters",
        ]
    );
}
