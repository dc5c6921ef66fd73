//! From a file's bytes to the bytes of the answer: what `clearwalk decide` does.

use std::convert::Infallible;

use benches::{city, conditions, runs};
use engine::rules::Rules;
use pipeline::decide::{self, Decided, Options};

fn main() {
    const LINES: u64 = 500_000;
    let rules = city::rules();
    let file = city::lines(LINES);
    conditions::print(
        "decide: file to output",
        "Lines in memory to case lines in memory, on all cores: parse, judge, print.",
        &[(
            "data",
            format!("{LINES} lines of world::city, {} MB", file.len() / 1_000_000),
        )],
    );
    runs::rates_head("lines");
    let whole = runs::Runs::take(5, || (), |()| print(&decided(&rules, &file)));
    whole.print_rate("parse, judge, print", LINES as usize);
    let judged = runs::Runs::take(5, || (), |()| decided(&rules, &file));
    judged.print_rate("parse, judge", LINES as usize);
    let decided = decided(&rules, &file);
    let printed = runs::Runs::take(5, || (), |()| print(&decided));
    printed.print_rate("print", LINES as usize);
    println!(
        "\n{} cases, {} other facts, {} bytes of output; peak memory {} MiB.",
        decided.cases.len(),
        decided.others.len(),
        print(&decided).len(),
        conditions::peak_memory().unwrap_or_default(),
    );
}

fn decided(rules: &Rules, file: &[u8]) -> Decided {
    decide::decide(rules, file, Options::default()).expect("memory can be read")
}

fn print(decided: &Decided) -> Vec<u8> {
    let mut out = Vec::new();
    let Ok(()) = decide::print(&decided.cases, |block| {
        out.extend_from_slice(block);
        Ok::<(), Infallible>(())
    });
    out
}
