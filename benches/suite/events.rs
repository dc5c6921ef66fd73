//! Lines to facts: what every door, import and `decide` pays per line before anything is decided.

use benches::{city, conditions, runs};
use formats::event::{self, Known};

fn main() {
    const LINES: u64 = 100_000;
    let file = city::lines(LINES);
    let lines: Vec<&[u8]> = file
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    conditions::print(
        "events: decode",
        "CloudEvents JSON to facts, one thread: parse, check, canonical content digest.",
        &[(
            "data",
            format!(
                "{LINES} lines of world::city, {} bytes per line",
                file.len() / lines.len()
            ),
        )],
    );
    let runs = runs::Runs::take(
        15,
        || (),
        |()| {
            lines
                .iter()
                .filter(|line| event::decode(line, Known::FromTime, 0).is_ok())
                .count()
        },
    );
    runs::rates_head("lines");
    runs.print_rate("decode", lines.len());
}
