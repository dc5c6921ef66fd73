//! Every mistake that a mapping can have is told apart, with its line and key and what to write instead.
#![expect(clippy::too_many_lines, reason = "tables of what goes in and what comes out")]

use super::super::Mapping;

const READ: &str = "[read]\nformat = \"csv\"\n";
/// Lines 4 to 8 of [`mapping`].
const FACT: [&str; 5] = [
    "source = { const = \"/import/x\" }",
    "id = { column = \"id\" }",
    "plate = { column = \"plate\" }",
    "zone = { const = \"unknown\" }",
    "device = { const = \"import\" }",
];
/// Line 9.
const TIME: &str = "captured_at = { column = \"at\" }";

fn error(text: &str) -> String {
    Mapping::parse("m.toml", text)
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

/// A right mapping in which the line of `line`'s key is replaced, or to which the line is added as line 10.
fn with(line: &str) -> String {
    let key = line.split(' ').next().unwrap();
    let mut lines: Vec<&str> = FACT.to_vec();
    lines.push(TIME);
    match lines
        .iter()
        .position(|known| known.split(' ').next() == Some(key))
    {
        Some(at) => lines[at] = line,
        None => lines.push(line),
    }
    format!("{READ}[fact]\n{}\n", lines.join("\n"))
}

/// The error of [`with`] the first of the lines, and the others after it.
fn error_of(lines: &str) -> String {
    let (first, rest) = lines.split_once('\n').unwrap_or((lines, ""));
    error(&format!("{}{rest}\n", with(first)))
}

#[test]
fn the_example_of_the_contract_is_right() {
    let text = r#"
[read]
format = "csv"
delimiter = ","
header = true
encoding = "utf-8"
[[keep]]
column = "3"
starts_with = ["SIDEWALK"]
[fact]
source = { const = "/import/philadelphia-2013" }
id = { column = "6" }
ticket = { from = "id" }
plate = { columns = ["4", "5"], join = "-", null = ["", "BLANKPLATE", "N/S", "NS", "N/A"] }
class = { const = "-" }
captured_at = { column = "1", formats = ["%Y-%m-%dT%H:%M:%SZ"], zone = "America/New_York" }
zone = { column = "7", default = "unknown" }
device = { const = "import" }
code = { column = "3" }
mode = { const = "history" }
"#;
    assert!(Mapping::parse("m.toml", text).is_ok());
    assert!(Mapping::parse("m.toml", &with(TIME)).is_ok());
}

#[test]
fn mistakes_of_the_file_and_of_read_are_told_apart() {
    let all = with(TIME);
    for (read, expected) in [
        (
            "",
            "m.toml:1: read: the table [read] is missing; it says what the file looks like; see `format`",
        ),
        (
            "[reed]\nformat = \"csv\"\n",
            "m.toml:1: reed: unknown key; did you mean `read`?",
        ),
        ("read = 3\n", "m.toml:1: read: must be a table, not an integer"),
        (
            "[read]\n",
            "m.toml:1: read.format: is missing; write csv, json, jsonl or columns",
        ),
        (
            "[read]\nformat = 7\n",
            "m.toml:2: read.format: must be a string in quotes, not an integer",
        ),
        (
            "[read]\nformat = \"json-l\"\n",
            "m.toml:2: read.format: `json-l` is not known; did you mean `jsonl`? There are csv, json, jsonl, columns",
        ),
        (
            "[read]\nformat = \"xml\"\n",
            "m.toml:2: read.format: `xml` is not known; there are csv, json, jsonl, columns",
        ),
        (
            "[read]\nformat = \"csv\"\nencoding = \"utf8\"\n",
            "m.toml:3: read.encoding: `utf8` is not known; did you mean `utf-8`? There are utf-8, gbk, latin-1",
        ),
        (
            "[read]\nformat = \"csv\"\ndelimiter = \"::\"\n",
            "m.toml:3: read.delimiter: must be one ASCII character, such as \",\", \";\" or \"\\t\", and no quote or line end",
        ),
        (
            "[read]\nformat = \"csv\"\nheader = \"no\"\n",
            "m.toml:3: read.header: must be true or false, not a string",
        ),
        (
            "[read]\nformat = \"csv\"\ndelimeter = \";\"\n",
            "m.toml:3: read.delimeter: unknown key; did you mean `delimiter`?",
        ),
        (
            "[read]\nformat = \"csv\"\nskip = 3\n",
            "m.toml:3: read.skip: unknown key; there are format, delimiter, header, encoding",
        ),
        (
            "[read]\nformat = \"json\"\nheader = false\n",
            "m.toml:3: read.header: has no meaning in this format; remove it",
        ),
        (
            "[read]\nformat = \"columns\"\nencoding = \"gbk\"\n",
            "m.toml:3: read.encoding: has no meaning in this format; remove it",
        ),
    ] {
        assert_eq!(error(&all.replace(READ, read)), expected);
    }
    assert_eq!(
        error(READ),
        "m.toml:1: fact: the table [fact] is missing; it says where the parts of a fact come from"
    );
    assert!(
        error("[read]\nformat = csv\n").starts_with("m.toml:2: TOML: "),
        "{}",
        error("[read]\nformat = csv\n")
    );
    assert!(
        error("[read]\nformat = \"csv\"\nformat = \"csv\"\n").starts_with("m.toml:3: TOML: duplicate key")
    );
}

#[test]
fn mistakes_of_keep_are_told_apart() {
    for (keep, expected) in [
        (
            "[keep]\ncolumn = \"a\"\n",
            "m.toml:10: keep: must be written as [[keep]], once for each condition",
        ),
        (
            "[[keep]]\nequals = \"1\"\n",
            "m.toml:10: keep[1].column: is missing; name the column that is looked at",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\n",
            "m.toml:10: keep[1]: has no condition; give one of starts_with, equals, not_equals, contains",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\nequals = \"1\"\ncontains = \"2\"\n",
            "m.toml:10: keep[1]: has both `equals` and `contains`; write one [[keep]] for each",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\nequals = \"1\"\n[[keep]]\ncolumn = \"a\"\nequal = \"1\"\n",
            "m.toml:15: keep[2].equal: unknown key; did you mean `equals`?",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\nequals = []\n",
            "m.toml:12: keep[1].equals: lists nothing, so no row could be judged by it",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\nstarts_with = [\"x\", \"\"]\n",
            "m.toml:12: keep[1].starts_with: lists an empty text, which every cell has; remove it",
        ),
        (
            "[[keep]]\ncolumn = \"a\"\nequals = 51\n",
            "m.toml:12: keep[1].equals: must be a string or a list of strings, not an integer",
        ),
        (
            "[[keep]]\ncolumn = 3\nequals = \"1\"\n",
            "m.toml:11: keep[1].column: must be a string in quotes, not an integer",
        ),
    ] {
        assert_eq!(error(&format!("{}{keep}", with(TIME))), expected);
    }
}

#[test]
fn mistakes_of_where_a_field_comes_from_are_told_apart() {
    for (line, expected) in [
        (
            "tiket = { from = \"id\" }",
            "m.toml:10: fact.tiket: unknown key; did you mean `ticket`?",
        ),
        (
            "id = \"id\"",
            "m.toml:5: fact.id: must be a table, not a string; write { column = \"...\" } or { const = \"...\" }",
        ),
        (
            "id = { colum = \"id\" }",
            "m.toml:5: fact.id.colum: unknown key; did you mean `column`?",
        ),
        (
            "id = {}",
            "m.toml:5: fact.id: does not say where it comes from; give one of column, columns, const, hash, from",
        ),
        (
            "id = { column = \"id\", hash = true }",
            "m.toml:5: fact.id: has both `column` and `hash`; a field comes from one place",
        ),
        (
            "id = { columns = [] }",
            "m.toml:5: fact.id.columns: lists no column",
        ),
        (
            "id = { column = \"id\", join = \"-\" }",
            "m.toml:5: fact.id.join: belongs to `columns` only",
        ),
        (
            "id = { hash = false }",
            "m.toml:5: fact.id.hash: can only be true; leave it out and give a column",
        ),
        (
            "id = { hash = \"yes\" }",
            "m.toml:5: fact.id.hash: must be true or false, not a string",
        ),
        (
            "code = { hash = true }",
            "m.toml:10: fact.code.hash: is for `id`, `ticket` and `session` only",
        ),
        (
            "id = { const = \"1\" }",
            "m.toml:5: fact.id.const: would make one fact of all rows; name a column or write { hash = true }",
        ),
        (
            "ticket = { const = \"1\" }",
            "m.toml:10: fact.ticket.const: would make one offence of all rows; name a column or write { from = \"id\" }",
        ),
        (
            "plate = { const = \"A\" }",
            "m.toml:6: fact.plate.const: would make one vehicle of all rows; name a column, or write \"\" where the file \
             has no plates",
        ),
        (
            "source = { const = \"a#b\" }",
            "m.toml:4: fact.source.const: must not contain `#`, which ends a source wherever source#id is written",
        ),
        (
            "code = { const = \" \" }",
            "m.toml:10: fact.code.const: is blank; leave the field out, or give it a text",
        ),
        (
            "plate = { column = \"plate\", default = \"X\" }",
            "m.toml:6: fact.plate.default: would make one vehicle of all that nobody could read; remove it",
        ),
        (
            "id = { column = \"id\", default = \"X\" }",
            "m.toml:5: fact.id.default: would make one fact of all rows without an id; remove it",
        ),
        (
            "device = { const = \"x\", null = [\"y\"] }",
            "m.toml:8: fact.device.null: has no effect here: the value is never absent; remove it",
        ),
    ] {
        assert_eq!(error_of(line), expected, "{line}");
    }
}

#[test]
fn mistakes_of_from_are_told_apart() {
    for (line, expected) in [
        (
            "ticket = { from = \"idd\" }",
            "m.toml:10: fact.ticket.from: `idd` is not known; did you mean `id`? There are source, id, ticket, session, plate, class, color, captured_at, time, precision, zone, name, lon, lat, crs, device, code, mode",
        ),
        (
            "ticket = { from = \"session\" }",
            "m.toml:10: fact.ticket.from: names the field `session`, which this mapping does not give",
        ),
        (
            "ticket = { from = \"ticket\" }",
            "m.toml:10: fact.ticket.from: goes round in a ring: ticket -> ticket",
        ),
        (
            "ticket = { from = \"session\" }\nsession = { from = \"name\" }\nname = { from = \"ticket\" }",
            "m.toml:11: fact.session.from: goes round in a ring: name -> ticket -> session -> name",
        ),
    ] {
        assert_eq!(error_of(line), expected, "{line}");
    }
    let hashed = with("plate = { from = \"id\" }").replace(FACT[1], "id = { hash = true }");
    assert_eq!(
        error(&hashed),
        "m.toml:6: fact.plate: cannot come from the hash of a row"
    );
}

#[test]
fn what_a_fact_cannot_do_without_is_asked_for() {
    for (key, expected) in [
        (
            "source",
            "m.toml:3: fact.source: is missing; name the sender, such as { const = \"/import/our-city\" }",
        ),
        (
            "id",
            "m.toml:3: fact.id: is missing; name the column that tells rows apart, or write { hash = true }",
        ),
        (
            "plate",
            "m.toml:3: fact.plate: is missing; name the column that tells vehicles apart",
        ),
        (
            "zone",
            "m.toml:3: fact.zone: is missing; name the column, or `lon` and `lat`, or write { const = \"unknown\" }",
        ),
        (
            "device",
            "m.toml:3: fact.device: is missing; name the column, or write { const = \"import\" }",
        ),
        (
            "captured_at",
            "m.toml:3: fact.captured_at: is missing; name the column with the time of the offence, and its `formats`",
        ),
    ] {
        let whole = with(TIME);
        let lines: Vec<&str> = whole
            .lines()
            .filter(|line| line.split(' ').next() != Some(key))
            .collect();
        assert_eq!(error(&lines.join("\n")), expected);
    }
}

#[test]
fn mistakes_of_times_places_and_closed_words_are_told_apart() {
    for (line, expected) in [
        (
            "captured_at = { column = \"at\", formats = [\"%F %Q\"], zone = \"UTC\" }",
            "m.toml:9: fact.captured_at.formats: `%F %Q`: `%Q` is not a directive that can be read; there are %Y %y %m %b %B \
             %d %e %j %H %k %I %l %M %S %f %.f %p %P %a %A %z %:z %s %F %T %R %D %% and hhmmA",
        ),
        (
            "captured_at = { column = \"at\", formats = [\"%H:%M\"], zone = \"UTC\" }",
            "m.toml:9: fact.captured_at.formats: `%H:%M`: does not say a whole date: a year (%Y), a month (%m or %b) and a \
             day (%d), or %Y and %j",
        ),
        (
            "captured_at = { column = \"at\", formats = [] }",
            "m.toml:9: fact.captured_at.formats: lists no format; leave it out to read RFC 3339",
        ),
        (
            "captured_at = { column = \"at\", formats = [\"%F\"] }",
            "m.toml:9: fact.captured_at.zone: is missing: a format has no offset, so name the zone of its times",
        ),
        (
            "captured_at = { column = \"at\", zone = \"Asia/Shanghia\" }",
            "m.toml:9: fact.captured_at.zone: `Asia/Shanghia` is not a time zone; did you mean `Asia/Shanghai`?",
        ),
        (
            "captured_at = { column = \"at\", zone = \"+0800\" }",
            "m.toml:9: fact.captured_at.zone: `+0800` is not a time zone; write a name such as Asia/Shanghai or UTC",
        ),
        (
            "captured_at = { column = \"at\", formats = [\"%s\"], zone = \"UTC\" }",
            "m.toml:9: fact.captured_at.zone: has no meaning for `%s`, which counts from an instant; remove it",
        ),
        (
            "captured_at = { const = \"2026-03-02\" }",
            "m.toml:9: fact.captured_at.const: expected a T or a blank at character 11",
        ),
        (
            "captured_at = { column = \"at\", default = \"2026-03-02T00:00:00Z\" }",
            "m.toml:9: fact.captured_at.default: would invent a time; remove it",
        ),
        (
            "code = { column = \"code\", formats = [\"%F\"] }",
            "m.toml:10: fact.code.formats: belongs to `captured_at` and `time` only",
        ),
        (
            "lon = { column = \"x\" }",
            "m.toml:10: fact.lon: needs `lat` beside it",
        ),
        (
            "lat = { column = \"x\" }",
            "m.toml:10: fact.lat: needs `lon` beside it",
        ),
        (
            "crs = { const = \"wgs84\" }",
            "m.toml:10: fact.crs: needs `lon` and `lat` beside it",
        ),
        (
            "lat = { const = \"91\" }\nlon = { const = \"1\" }",
            "m.toml:10: fact.lat.const: `91` is not a latitude in decimal degrees, -90 to 90",
        ),
        (
            "mode = { const = \"lively\" }",
            "m.toml:10: fact.mode.const: `lively` is not live, history, test",
        ),
        (
            "mode = { column = \"m\", default = \"old\" }",
            "m.toml:10: fact.mode.default: `old` is not live, history, test",
        ),
        (
            "precision = { const = \"hour\" }",
            "m.toml:10: fact.precision.const: `hour` is not second, day",
        ),
    ] {
        assert_eq!(error_of(line), expected, "{line}");
    }
}

#[test]
fn without_a_header_columns_are_numbers() {
    let text = with(TIME).replace("format = \"csv\"", "format = \"csv\"\nheader = false");
    assert_eq!(
        error(&text),
        "m.toml:6: fact.id.column: `id` is not the number of a column; without a header columns are called \"1\", \"2\", ..."
    );
}

#[test]
fn what_a_field_does_not_say_it_takes_from_where_it_comes_from() {
    let text = with("time = { from = \"captured_at\" }").replace(
        TIME,
        "captured_at = { column = \"at\", formats = [\"%F\"], zone = \"Asia/Shanghai\" }",
    );
    assert!(Mapping::parse("m.toml", &text).is_ok());
    assert_eq!(
        error_of("captured_at = { from = \"name\" }\nname = { column = \"n\", zone = \"UTC\" }"),
        "m.toml:10: fact.name.zone: belongs to `captured_at` and `time` only"
    );
}
