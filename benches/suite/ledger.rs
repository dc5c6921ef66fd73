//! The hardest ledgers: one plate, a thousand sightings. Each fact re-judges its whole plate, so this is what one more
//! fact about such a plate costs.

use benches::plate::{self, Strewn};
use benches::{conditions, runs};
use engine::judge::judge;
use engine::policy::{Per, Policy, ReviewRule, Since, WindowKind};
use engine::rules::Rules;
use engine::time::{DAY, Length, MINUTE, SECOND};

const COUNT: u32 = 1_000;

fn main() {
    conditions::print(
        "ledger: a thousand of one plate",
        "One judgement from scratch, one thread. The aim is under 5 ms.",
        &[("data", format!("{COUNT} sightings of one plate"))],
    );
    runs::times_head();
    tickets();
    sightings();
}

type Change = fn(&mut Policy);

fn tickets() {
    let year: Change = |_| {};
    let rolling: Change = |policy| policy.window.kind = WindowKind::Rolling;
    let run: Change = |policy| {
        policy.window.kind = WindowKind::Rolling;
        policy.window.since = Since::LastCounted;
    };
    let lifetime: Change = |policy| policy.window.kind = WindowKind::Lifetime;
    for (window, change) in [
        ("calendar year", year),
        ("rolling 365 days", rolling),
        ("rolling 365 days since the last counted", run),
        ("lifetime", lifetime),
    ] {
        for (review, rule, reviewed) in [
            ("none", ReviewRule::None, 0),
            ("penalties, none reviewed", ReviewRule::Penalties, 0),
            ("all, all reviewed", ReviewRule::All, 1),
            ("all, every second reviewed", ReviewRule::All, 2),
            ("all, none reviewed", ReviewRule::All, 0),
        ] {
            let rules = plate::rules(rule, change);
            let strewn = Strewn {
                reviewed,
                ..Strewn::TICKETS
            };
            judged(
                &format!("tickets over years; {window}; review {review}"),
                &rules,
                strewn,
            );
        }
    }
    for (which, reviewed) in [("none", 0), ("every second", 2)] {
        let waiting = plate::rules(ReviewRule::All, |policy| {
            policy.window.kind = WindowKind::Lifetime;
            for admission in &mut policy.admission {
                admission.review_within = Length::Days(36_500);
            }
        });
        let strewn = Strewn {
            reviewed,
            ..Strewn::TICKETS
        };
        judged(
            &format!("tickets over years; lifetime; reviews may still come, {which} came"),
            &waiting,
            strewn,
        );
    }
    let many = plate::rules(ReviewRule::None, |policy| {
        policy.window.kind = WindowKind::Rolling;
        policy.window.allowance = 1_000;
    });
    judged(
        "tickets over years; rolling 365 days; allowance 1,000",
        &many,
        Strewn::TICKETS,
    );
    let zones = plate::rules(ReviewRule::None, |policy| {
        policy.window.kind = WindowKind::Lifetime;
        policy.window.per = Per::SubjectZone;
    });
    judged("tickets over years; lifetime, per zone", &zones, Strewn::TICKETS);
    let versions = plate::versions(3, |policy| policy.window.kind = WindowKind::Rolling);
    judged(
        "tickets over years; rolling 365 days; three versions",
        &versions,
        Strewn::TICKETS,
    );
}

fn sightings() {
    let rules = plate::rules(ReviewRule::None, |_| {});
    for (name, apart) in [
        ("two days apart", 2 * DAY),
        ("five minutes apart", 5 * MINUTE),
        ("one second apart", SECOND),
        ("all at once", 0),
    ] {
        for (places, points) in [(4, true), (4, false), (1, true), (1, false)] {
            let strewn = Strewn {
                apart,
                places,
                points,
                tickets: false,
                reviewed: 0,
            };
            let by = if points { "coordinates" } else { "zone" };
            judged(
                &format!("no tickets; {name}; {places} places by {by}"),
                &rules,
                strewn,
            );
        }
    }
}

fn judged(name: &str, rules: &Rules, strewn: Strewn) {
    let (ledger, now) = plate::ledger(COUNT, strewn);
    let cases = judge(rules, plate::PLATE, &ledger, now).cases.len();
    let runs = runs::Runs::take(101, || (), |()| judge(rules, plate::PLATE, &ledger, now));
    runs.print_time(&format!("{name} ({cases} cases)"));
}
