//! The rule alone: ledgers of a city judged, parsed and put together in advance.

use benches::{city, conditions, runs};
use engine::judge::judge;

fn main() {
    const LINES: u64 = 200_000;
    let rules = city::rules();
    let facts = city::facts(&city::lines(LINES));
    let now = facts.iter().map(|fact| fact.known).max().unwrap_or_default();
    let count = facts.len();
    let ledgers: Vec<_> = city::ledgers(&rules, facts).into_iter().collect();
    conditions::print(
        "engine: judge",
        "Every ledger of a city judged once from scratch, one thread.",
        &[(
            "data",
            format!("{count} facts of world::city in {} ledgers", ledgers.len()),
        )],
    );
    let all = || {
        ledgers
            .iter()
            .map(|(home, ledger)| judge(&rules, home, ledger, now).cases.len())
            .sum::<usize>()
    };
    let cases = all();
    let runs = runs::Runs::take(15, || (), |()| all());
    runs::rates_head("facts");
    runs.print_rate("judge", count);
    println!("\n{cases} cases.");
}
