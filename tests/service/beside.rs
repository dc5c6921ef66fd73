//! Commands beside a running service.

use serde_json::Value;

use crate::site::wait;
use crate::town::{Plan, SOON, Town, table};

#[test]
fn import_process_returns_when_the_service_has_decided_and_export_shows_it() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(5);
    assert_eq!(town.cases().len(), 5);
    let again: Value =
        serde_json::from_str(&town.offend("again.csv", &[(0, "2025-03-02"), (7, "2025-03-02")])).unwrap();
    assert_eq!(
        (&again["appended"], &again["duplicate"]),
        (&Value::from(1), &Value::from(1)),
        "{again}"
    );
    let cases = town.cases();
    assert_eq!(cases.len(), 6, "decided before the command returned");
    assert!(cases.iter().all(|case| case["outcome"] == "waived"), "{cases:?}");
    assert_eq!(town.site.export("records").len(), 6);
    town.wait_for_notices("accepted", 6);
    let digest = town.site.ask(&["digest"]);
    service.stop();
    assert_eq!(town.site.ask(&["digest"]), digest);
}

#[test]
fn an_import_without_process_is_decided_by_the_service() {
    let town = Town::new(Plan::default());
    let service = town.site.serve();
    town.site
        .write("offences.csv", &table(&[(3, "2025-03-02"), (3, "2025-05-06")]));
    town.site.ask(&["import", "offences.csv", "--map", "map.toml"]);
    let decided = wait(SOON, || {
        (town.site.get("/v1/stats")["records"]["read"] == 2).then_some(())
    });
    assert!(decided.is_some(), "{}", service.said());
    let outcomes: Vec<String> = town
        .cases()
        .iter()
        .map(|case| case["outcome"].to_string())
        .collect();
    assert_eq!(outcomes, ["\"waived\"", "\"penalty_proposed\""]);
    service.stop();
}

#[test]
fn the_void_of_a_first_offence_makes_the_next_one_first_before_anybody_is_told() {
    let town = Town::new(Plan {
        hold: "1h",
        ..Plan::default()
    });
    let service = town.site.serve();
    town.offend("offences.csv", &[(1, "2025-03-02"), (1, "2025-04-05")]);
    let [first, second] = &town.cases()[..] else {
        panic!("two cases: {:?}", town.cases())
    };
    assert_eq!(
        (&first["outcome"], &second["outcome"]),
        (&"waived".into(), &"penalty_proposed".into())
    );
    let id = first["case"].as_str().unwrap();
    town.site
        .ask(&["case", "void", id, "--reason", "rescue", "--by", "lin"]);
    let [first, second] = &town.cases()[..] else {
        panic!("two cases: {:?}", town.cases())
    };
    assert_eq!(
        (&first["outcome"], &second["outcome"]),
        (&"voided".into(), &"waived".into())
    );
    let mut notices: Vec<String> = town
        .site
        .export("notices")
        .iter()
        .map(|it| {
            let which = if it["case"] == first["case"] {
                "first"
            } else {
                "second"
            };
            format!("{which} {} {}", it["kind"], it["state"]).replace('"', "")
        })
        .collect();
    notices.sort();
    assert_eq!(
        notices,
        [
            "first waived cancelled",
            "second penalty_proposed cancelled",
            "second waived queued"
        ]
    );
    assert!(town.posted().is_empty(), "nobody was told anything");
    service.stop();
}

#[test]
fn a_service_and_an_import_may_both_be_the_first_to_open_the_file() {
    let town = Town::new(Plan::default());
    town.site.write("offences.csv", &table(&[(4, "2025-03-02")]));
    let imports: Vec<_> = (0..3)
        .map(|_| {
            town.site
                .start(&["import", "offences.csv", "--map", "map.toml"], "import")
        })
        .collect();
    let service = town.site.serve();
    for import in imports {
        let ended = import.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    town.wait_for_notices("accepted", 1);
    assert_eq!(town.posted().len(), 1);
    service.stop();
}
