//! Rows as others write them, and rows that nobody should have written.

use super::super::Format;
use super::*;

fn rows_of(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
    let read = Read {
        format: Format::Csv,
        delimiter: b',',
        header: true,
        encoding: Encoding::Utf8,
    };
    let mut rows = CsvRows::new(Lines::new(Box::new(io::Cursor::new(text.to_owned()))), &read);
    let mut cells = Cells::default();
    let mut all = Vec::new();
    loop {
        match rows.next(&mut cells).unwrap() {
            Step::End => return all,
            Step::Broken(why) => all.push((rows.at, Err(why))),
            Step::Row => all.push((rows.at, Ok(cells.all().map(str::to_owned).collect()))),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "stands beside rows that are errors")]
fn row(cells: &[&str]) -> Result<Vec<String>, String> {
    Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn quotes_delimiters_and_line_ends_within_quotes_are_text() {
    let text = "a,b\n\"x, \"\"y\"\"\",\"two\r\nlines\"\r\n\"\",5\" pipe\n\n,\n";
    assert_eq!(
        rows_of(text),
        [
            (1, row(&["a", "b"])),
            (2, row(&["x, \"y\"", "two\nlines"])),
            (4, row(&["", "5\" pipe"])),
            (6, row(&["", ""])),
        ]
    );
}

#[test]
fn a_row_of_another_width_is_broken_and_the_others_are_read() {
    let text = "a,b\n1\n2,3,4\n5,6\n";
    assert_eq!(
        rows_of(text),
        [
            (1, row(&["a", "b"])),
            (2, Err("has 1 cells where the first row has 2".to_owned())),
            (3, Err("has 3 cells where the first row has 2".to_owned())),
            (4, row(&["5", "6"])),
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_row_only() {
    let text = "a,b\n1,\"oops\n2,3\n4,5\n";
    assert_eq!(
        rows_of(text),
        [
            (1, row(&["a", "b"])),
            (2, Err("has a quote that is not closed".to_owned())),
            (3, row(&["2", "3"])),
            (4, row(&["4", "5"])),
        ]
    );
}

#[test]
fn a_stray_quote_that_meets_another_one_later_costs_the_two_rows_it_stands_in() {
    let text = "a,b\n1,\"oops\n2,3\n4,\"oops\n6,7\n";
    assert_eq!(
        rows_of(text),
        [
            (1, row(&["a", "b"])),
            (2, Err("has text after a closing quote".to_owned())),
            (3, row(&["2", "3"])),
            (4, Err("has a quote that is not closed".to_owned())),
            (5, row(&["6", "7"])),
        ]
    );
}

#[test]
fn an_unclosed_quote_in_a_large_file_is_given_up_at_the_limit() {
    let mut text = "a,b\n1,\"oops\n".to_owned();
    for _ in 0..300_000 {
        text.push_str("2,3456\n");
    }
    let rows = rows_of(&text);
    assert_eq!(rows.len(), 300_002);
    assert_eq!(rows.iter().filter(|(_, row)| row.is_err()).count(), 1);
    assert_eq!(rows.last(), Some(&(300_002, row(&["2", "3456"]))));
}
