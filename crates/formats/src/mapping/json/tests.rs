//! JSON as others write it, whole and broken.

use super::*;

fn column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        key: String::new(),
        line: 0,
    }
}

type Rows = Vec<(u64, Result<Vec<String>, String>)>;

fn all(mut rows: JsonRows) -> io::Result<Rows> {
    let mut cells = Cells::default();
    let mut all = Vec::new();
    loop {
        match rows.next(&mut cells)? {
            Step::End => return Ok(all),
            Step::Broken(why) => all.push((rows.at, Err(why))),
            Step::Row => all.push((rows.at, Ok(cells.all().map(str::to_owned).collect()))),
        }
    }
}

/// Reads an array through a buffer of `size` bytes.
fn array_by(size: usize, text: &str) -> io::Result<Rows> {
    let input = io::BufReader::with_capacity(size, io::Cursor::new(text.to_owned()));
    all(JsonRows::array(Box::new(input), &[column("a"), column("b")]))
}

fn array(text: &str) -> io::Result<Rows> {
    array_by(4096, text)
}

fn lines(text: &str) -> Rows {
    let lines = Lines::new(Box::new(io::Cursor::new(text.to_owned())));
    all(JsonRows::lines(
        lines,
        Encoding::Utf8,
        &[column("a"), column("b")],
    ))
    .unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "stands beside rows that are errors")]
fn row(a: &str, b: &str) -> Result<Vec<String>, String> {
    Ok(vec![a.to_owned(), b.to_owned()])
}

#[test]
fn every_kind_of_value_is_a_cell() {
    let text = r#"  [ {"a":"x, \"y\" ]}\u6e58","b":12.50} ,
        {"b":null,"c":[1,{"d":"]"}],"a":true}, {"a":["x","y"],"b":{"k":1}},{}]  "#;
    let expected = vec![
        (1, row("x, \"y\" ]}湘", "12.50")),
        (2, row("true", "")),
        (3, row("[\"x\",\"y\"]", "{\"k\":1}")),
        (4, row("", "")),
    ];
    for size in [1, 2, 7, 4096] {
        assert_eq!(array_by(size, text).unwrap(), expected, "buffer of {size}");
    }
}

#[test]
fn an_element_that_is_no_object_or_no_json_is_broken_and_the_next_is_read() {
    let text = r#"[{"a":1 "b":2},17,{"a":1,"a":2},{"a":"ok"},,{"a":"ok"}]"#;
    let rows = array(text).unwrap();
    assert_eq!(rows[0], (1, Err("is not JSON after character 8".to_owned())));
    assert_eq!(
        rows[1],
        (2, Err("is not an object with each member once".to_owned()))
    );
    assert_eq!(
        rows[2],
        (3, Err("is not an object with each member once".to_owned()))
    );
    assert_eq!(rows[3], (4, row("ok", "")));
    assert_eq!(rows.last(), Some(&(6, row("ok", ""))));
}

#[test]
fn an_empty_array_has_no_rows() {
    assert_eq!(array("[]").unwrap(), []);
    assert_eq!(array(" [ \n ] ").unwrap(), []);
}

#[test]
fn an_array_that_was_cut_or_is_none_stops_the_import() {
    for (text, expected) in [
        (r#"[{"a":1},{"a":2"#, "the array is not closed; the file was cut"),
        (r#"[{"a":1}"#, "the array is not closed; the file was cut"),
        (
            r#"{"a":1}"#,
            "is not a JSON array; one object a line is the format jsonl",
        ),
        (r#"[{"a":1}] [2]"#, "goes on after the array's end"),
    ] {
        assert_eq!(array(text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn lines_are_rows_and_a_broken_one_costs_itself_only() {
    assert_eq!(
        lines("{\"a\":\"1\"}\r\n\n{\"a\":\n[1]\n{\"a\":\"2\",\"b\":\"3\"}"),
        [
            (1, row("1", "")),
            (3, Err("is not JSON after character 5".to_owned())),
            (4, Err("is not an object with each member once".to_owned())),
            (5, row("2", "3")),
        ]
    );
}

#[test]
fn the_hash_of_an_object_does_not_depend_on_order_blanks_escapes_or_nulls() {
    let one = hash_of_object(r#"{"b":"x","a":1,"c":null}"#);
    assert_eq!(one, hash_of_object(r#"{ "a" : 1, "b" : "\u0078" }"#));
    assert_eq!(one, hash(["a", "1", "b", "x"].into_iter()));
    assert_ne!(one, hash_of_object(r#"{"a":"x","b":1}"#));
}
