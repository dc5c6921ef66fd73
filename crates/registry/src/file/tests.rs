//! What a registry file says, and how its mistakes are told.

use engine::time::Timestamp;
use jiff::tz::TimeZone;

use super::*;

const HEADER: &str = "plate,class,phone,name,owner_id,valid_from,valid_to\n";

fn open(rows: &str) -> Result<FileRegistry, FileError> {
    open_as(rows, Grammar::Cn)
}

fn open_as(rows: &str, grammar: Grammar) -> Result<FileRegistry, FileError> {
    FileRegistry::read(
        Path::new("owners.csv"),
        format!("{HEADER}{rows}").as_bytes(),
        grammar,
    )
}

fn ids(registry: &FileRegistry, number: &str, class: &str, at: &str) -> Vec<String> {
    let query = OwnerQuery {
        number: number.into(),
        class: class.into(),
        at: Timestamp::from(at.parse::<jiff::Timestamp>().unwrap()),
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
    };
    let owners = registry.rows.owners(&query);
    owners
        .iter()
        .map(|owner| owner.owner_id.as_deref().unwrap_or("?").to_owned())
        .collect()
}

fn mistakes(result: Result<FileRegistry, FileError>) -> Vec<String> {
    let error = result.expect_err("the file must be refused").to_string();
    error.lines().map(str::to_owned).collect()
}

const NOON: &str = "2026-03-02T12:00:00+08:00";

#[test]
fn the_owner_of_that_day_is_found_and_the_end_is_not_included() {
    let registry = open(
        "湘K12345,02,+8613800000001,甲,a,2020-01-01,2026-03-02\n\
         湘K12345,02,+8613800000002,乙,b,2026-03-02,\n\
         湘K12346,02,+8613800000003,丙,c,,\n",
    )
    .unwrap();
    assert_eq!(
        ids(&registry, "湘K12345", "02", "2019-12-31T23:59:59+08:00"),
        [""; 0]
    );
    assert_eq!(
        ids(&registry, "湘K12345", "02", "2026-03-01T23:59:59+08:00"),
        ["a"]
    );
    // The day begins in the policy's zone, where UTC is still a day behind.
    assert_eq!(
        ids(&registry, "湘K12345", "02", "2026-03-02T00:00:00+08:00"),
        ["b"]
    );
    assert_eq!(ids(&registry, "湘K12346", "02", NOON), ["c"]);
    assert_eq!(ids(&registry, "湘K12347", "02", NOON), [""; 0]);
    assert_eq!(registry.len(), 3);
}

#[test]
fn several_rows_are_tried_in_the_order_of_the_file_and_those_without_a_phone_are_left_out() {
    let registry = open(
        "湘K12345,02,+8613800000001,,z,,\n湘K12345,02,,,n,,\n湘K00001,02,+8613800000009,,o,,\n湘K12345,,+8613800000002,,a,,\n",
    )
    .unwrap();
    assert_eq!(ids(&registry, "湘K12345", "02", NOON), ["z", "a"]);
    assert_eq!(ids(&registry, "湘K12345", "01", NOON), ["a"]);
}

#[test]
fn an_unknown_class_finds_the_only_class_and_never_chooses_between_two() {
    let registry = open(
        "湘K12345,02,+8613800000001,,car,,\n湘K12345,-,+8613800000003,,any,,\n\
         湘K12346,01,+8613800000001,,truck,,\n湘K12346,02,+8613800000002,,car,,\n湘K12346,-,+8613800000003,,any,,\n\
         湘K12347,01,+8613800000001,,former,,2026-01-01\n湘K12347,02,+8613800000002,,car,2026-01-01,\n",
    )
    .unwrap();
    assert_eq!(ids(&registry, "湘K12345", "-", NOON), ["car", "any"]);
    assert_eq!(ids(&registry, "湘K12346", "-", NOON), [""; 0]);
    assert_eq!(ids(&registry, "湘K12347", "-", NOON), ["car"]);
}

#[test]
fn plates_and_classes_are_normalised_as_those_of_facts_are() {
    let registry = open("湘k·12345,2,+8613800000001,,a,,\n").unwrap();
    assert_eq!(ids(&registry, "湘K12345", "02", NOON), ["a"]);
    let generic = open_as("abc 123-pa,P/A S,+12155550100,,a,,\n", Grammar::Generic).unwrap();
    assert_eq!(ids(&generic, "ABC123-PA", "PAS", NOON), ["a"]);
}

#[test]
fn a_wrong_row_is_named_by_line_and_column_and_never_repeated() {
    let found = mistakes(open(
        "湘K12345,02,13812345678,张三,a,,\n\
         ,02,+8613800000001,,a,,\n\
         湘K12345,blue,+8613800000001,,a,,\n\
         湘K12345,02,+8613800000001,,a,2026-13-01,\n\
         湘K12345,02,+8613800000001,,a,2026-03-02,2026-03-02\n\
         湘K12345,02\n\
         湘K12345,02,+8613800000001,\"two\nlines\",a,,\n\
         湘K12345,02,+8613800000001,,a,,2026-03-02T00:00:00Z\n",
    ));
    let expected = [
        "owners.csv:2: phone: not a number in E.164, such as +8613800000000",
        "owners.csv:3: plate: there is none",
        "owners.csv:4: class: not a class of two digits, such as 02; write - where the row holds for all",
        "owners.csv:5: valid_from: not a date, such as 2026-03-02; leave it empty where it is open",
        "owners.csv:6: valid_to: not after valid_from, so that the row would never hold",
        "owners.csv:7: 2 fields instead of 7",
        "owners.csv:10: valid_to: not a date, such as 2026-03-02; leave it empty where it is open",
    ];
    assert_eq!(found, expected);
}

#[test]
fn only_the_first_twenty_mistakes_are_listed() {
    let found = mistakes(open(&",,,,,,\n".repeat(25)));
    assert_eq!(found.len(), 21);
    assert_eq!(found[19], "owners.csv:21: plate: there is none");
    assert_eq!(found[20], "and 5 more");
}

#[test]
fn the_header_may_be_in_any_order_and_must_be_complete() {
    let read = |text: &str| FileRegistry::read(Path::new("owners.csv"), text.as_bytes(), Grammar::Cn);
    let registry = read(
        "\u{feff}phone,plate,class,valid_to,valid_from,owner_id,name\r\n+8613800000001,湘K12345,02,,,a,甲\r\n",
    )
    .unwrap();
    assert_eq!(ids(&registry, "湘K12345", "02", NOON), ["a"]);
    let header = "the header is plate,class,phone,name,owner_id,valid_from,valid_to";
    assert_eq!(
        mistakes(read("plate,class,phone\n")),
        [format!("owners.csv:1: the column name is missing; {header}")]
    );
    assert_eq!(
        mistakes(read(
            "plate,class,phone,name,owner_id,valid_from,valid_to,colour\n"
        )),
        [format!("owners.csv:1: there is a column too many; {header}")]
    );
    assert!(read("").is_err(), "an empty file has no header");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let mut bytes = format!("{HEADER}湘K12345,02,,,a,,\n").into_bytes();
    bytes.extend_from_slice(b"\xcf\xe6K12345,02,,,a,,\n");
    let read = FileRegistry::read(Path::new("owners.csv"), &bytes[..], Grammar::Cn);
    assert_eq!(
        mistakes(read),
        ["owners.csv:3: not UTF-8; save the file as UTF-8"]
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = FileRegistry::open(Path::new("no-such/owners.csv"), Grammar::Cn).unwrap_err();
    assert!(error.to_string().starts_with("no-such/owners.csv: "), "{error}");
}

#[test]
fn nothing_of_a_row_can_be_printed() {
    let registry = open("湘K12345,02,+8613812345678,张三,a,,\n").unwrap();
    let printed = format!("{registry:?}");
    assert!(
        !printed.contains("1381234") && !printed.contains('张'),
        "{printed}"
    );
}
