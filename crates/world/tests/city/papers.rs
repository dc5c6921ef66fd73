//! The papers fit the lines.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use world::city::{Answer, Plan};

use crate::city;
use crate::judge::class_of;

#[test]
fn the_registry_has_everybody_with_a_contact_and_nobody_else() {
    let plan = Plan {
        events: 10_000,
        ..Plan::default()
    };
    let city = city(plan);
    let mut known = BTreeMap::new();
    for answer in city.truth() {
        if let Answer::Case(case) = answer {
            known.insert(case.subject, case.contact);
        }
    }
    let file = city.owners_csv();
    let (header, rows) = file.split_once('\n').unwrap();
    assert_eq!(header, "plate,class,phone,name,owner_id,valid_from,valid_to");
    let mut listed = BTreeSet::new();
    for row in rows.lines() {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells.len(), 7, "{row}");
        assert_eq!(class_of(cells[0]), Some(cells[1]), "{row}");
        assert!(cells[2].starts_with("+86199000") && cells[2].len() == 14, "{row}");
        assert!(listed.insert(format!("{}/{}", cells[0], cells[1])), "{row}");
    }
    for (subject, contact) in &known {
        assert_eq!(listed.contains(subject), *contact, "{subject}");
    }
    let without = known.values().filter(|contact| !**contact).count() as f64 / known.len() as f64;
    assert!((0.03..0.07).contains(&without), "{without}");
}

#[test]
fn every_zone_of_a_line_stands_in_the_zones_file_and_belongs_to_the_policy() {
    let plan = Plan {
        events: 5_000,
        ..Plan::default()
    };
    let city = city(plan);
    let zones: toml::Table = city.zones_toml().parse().unwrap();
    let policy: toml::Table = city.policy_toml().parse().unwrap();
    let zones = zones["zones"].as_table().unwrap();
    let mut met = BTreeSet::new();
    for line in city.events() {
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let place = &line["data"]["place"];
        if let Some(zone) = place["zone"].as_str() {
            assert_eq!(zones[zone]["name"].as_str(), place["name"].as_str());
            met.insert(zone.to_owned());
        }
    }
    assert_eq!(met.len(), zones.len(), "every zone is used");
    let kinds: BTreeSet<_> = zones.values().map(|zone| zone["kind"].as_str()).collect();
    assert_eq!(kinds.len(), 8, "every kind is there");
    let names: BTreeSet<_> = zones.values().map(|zone| zone["name"].as_str()).collect();
    assert_eq!(names.len(), zones.len());
    assert!(
        zones
            .values()
            .all(|zone| zone["authority"] == policy["policy"]["authority"])
    );
    assert_eq!(policy["window"]["kind"].as_str(), Some("calendar-year"));
    assert_eq!(policy["notice"]["hold"].as_str(), Some("0s"));
}

#[test]
fn the_policy_is_in_force_from_the_first_day() {
    let policy = city(
        Plan {
            events: 1,
            ..Plan::default()
        }
        .in_year(2024),
    )
    .policy_toml();
    assert!(policy.contains("2024-01-01T00:00:00+08:00"), "{policy}");
}

#[test]
fn sightings_of_one_stay_lie_within_a_few_metres() {
    let plan = Plan {
        events: 10_000,
        ..Plan::default()
    };
    let mut places: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for line in city(plan).events() {
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let place = &line["data"]["place"];
        if let (Some(lon), Some(lat)) = (place["lon"].as_f64(), place["lat"].as_f64()) {
            let device = line["source"].as_str().unwrap().to_owned();
            let (first_lon, first_lat) = *places.entry(device).or_insert((lon, lat));
            assert!(
                (lon - first_lon).abs() < 2e-5 && (lat - first_lat).abs() < 2e-5,
                "{line}"
            );
        }
    }
    assert_eq!(places.len(), 192);
}
