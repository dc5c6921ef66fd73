//! Kill -9 at random moments: whatever dies and whenever, nothing that was appended is lost, no decision changes, and
//! nobody gets the same message twice. `CLEARWALK_KILLS` says how often, `CLEARWALK_SEED` where the dice begin.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod city;
#[path = "../service/site.rs"]
mod site;

use std::time::Duration;

use city::City;
use site::{Papers, Provider, Site, wait};

/// Every way of not answering, and the refusals that are tried again or never.
const FAULTS: &str = r#"
retry_after = "250ms"

[rates]
error-after-taking = 0.05
reset-after-taking = 0.05
hang-after-taking = 0.02
cut-body-after-taking = 0.03
throttled-seconds = 0.05
error-before-taking = 0.03
invalid-number = 0.03
"#;

const IMPORT: [&str; 4] = ["import", "facts.csv", "--map", "map.toml"];
/// Facts come in portions of about this size, each of which meets its own kills.
const PORTION: usize = 450;
const KILLS_A_PORTION: u64 = 16;

#[test]
fn kills_lose_nothing_change_no_decision_and_send_nothing_twice() {
    torment(variable("CLEARWALK_KILLS").unwrap_or(16));
}

#[test]
#[ignore = "takes minutes: cargo test -p system-tests --test kill -- --ignored"]
fn two_hundred_kills() {
    torment(200);
}

#[test]
fn a_first_start_that_is_killed_leaves_nothing_in_the_way() {
    let mut dice = Dice(variable("CLEARWALK_SEED").unwrap_or(7));
    let city = City::simulate(7, 20);
    for _ in 0..12 {
        let site = site(&city, "http://127.0.0.1:9/never");
        let mut first = site.start(&["serve"], "serve");
        let _ended = first.ends_within(Duration::from_millis(dice.below(80)));
        assert!(first.is_running(), "{}", first.said());
        first.kill();
        site.serve().stop();
    }
}

fn torment(kills: u64) {
    let seed = variable("CLEARWALK_SEED").unwrap_or(20_251_125);
    println!("{kills} kills, CLEARWALK_SEED={seed}");
    let mut dice = Dice(seed);
    let count = (kills / KILLS_A_PORTION).max(4) as usize;
    let city = City::simulate(seed, count * PORTION);
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(folder.path(), &format!("seed = {seed}\n{FAULTS}"));
    let site = site(&city, &provider.url());
    let mut left = kills;
    for (number, portion) in city.portions(count).iter().enumerate() {
        site.write("facts.csv", portion);
        let kills = left / (count - number) as u64;
        left -= kills;
        kill_imports(&site, kills / 4, &mut dice);
        for life in 0..kills - kills / 4 {
            kill_service(&site, &provider, life == 0, &mut dice);
        }
    }
    site.write("facts.csv", &city.portions(1)[0]);
    // Once more: what is known changes nothing.
    site.ask(&IMPORT);
    let calls = provider.ledger().len();
    println!("{calls} calls while being killed");
    provider.heal();
    let service = site.serve();
    settle(&site);
    let appended = site.get("/v1/stats")["records"]["appended"].as_u64().unwrap();
    service.stop();
    check::records(&site, &city, appended);
    check::messages(&site, &provider);
    let undisturbed = self::site(&city, "http://127.0.0.1:9/never");
    undisturbed.write("facts.csv", &city.portions(1)[0]);
    undisturbed.ask(&[&IMPORT[..], &["--process"]].concat());
    check::decisions(&site, &undisturbed);
}

/// The city's installation, which tells its owners through the provider at `url`, not too fast to be killed midway.
fn site(city: &City, url: &str) -> Site {
    Site::new(&Papers {
        policy: &city.policy,
        zones: &city.zones,
        owners: &city.owners,
        mapping: city::MAPPING,
        provider: url,
        provider_lines: "deadline = \"1s\"\nconcurrency = 8\nrate = 60",
        lease: "5s",
    })
}

/// Imports that die midway; every second one would also decide.
fn kill_imports(site: &Site, kills: u64, dice: &mut Dice) {
    for _ in 0..kills {
        let mut command = IMPORT.to_vec();
        if dice.below(2) == 1 {
            command.push("--process");
        }
        let mut import = site.start(&command, "import");
        // A moment of its life that nothing announces; one that has ended needs no kill.
        let _ended = import.ends_within(Duration::from_millis(dice.below(300)));
        import.kill();
    }
}

/// One life of the service to a random end: before it is ready, while it reads, while it sends. The first life after
/// killed imports has the same import beside it, which is simply run again.
fn kill_service(site: &Site, provider: &Provider, with_import: bool, dice: &mut Dice) {
    let mut service = if dice.below(4) == 0 {
        site.start(&["serve"], "serve")
    } else {
        site.serve()
    };
    if with_import {
        site.ask(&IMPORT);
    }
    let calls = provider.ledger().len() as u64 + dice.below(40);
    let patience = Duration::from_millis(dice.below(1_000));
    let _reached = wait(patience, || {
        assert!(service.is_running(), "serve ended by itself: {}", service.said());
        (provider.ledger().len() as u64 >= calls).then_some(())
    });
    service.kill();
}

/// Waits until everything has been read and nothing is on its way; resumes the provider when a row of unknowns, which
/// kills and faults make together, has paused it.
fn settle(site: &Site) {
    let mut last = String::new();
    let settled = wait(Duration::from_secs(100), || {
        let stats = site.get("/v1/stats");
        let providers = site.get("/v1/sms");
        let is_paused = providers["providers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| !it["paused"].is_null());
        if is_paused {
            site.ask(&["sms", "resume", "--by", "test"]);
        }
        let states = &stats["notices"]["by_state"];
        let open: u64 = ["queued", "leased", "submitted"]
            .iter()
            .map(|state| states[state].as_u64().unwrap())
            .sum();
        last = format!("{stats}\n{providers}");
        (open == 0 && stats["records"]["unread"] == 0).then_some(())
    });
    assert!(settled.is_some(), "something is on its way for ever: {last}");
}

/// The same seed makes the same kills, as far as the machine keeps time.
struct Dice(u64);

impl Dice {
    /// From 0 to `end`, which is not included.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test may torment is for whoever starts it to say"
)]
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
