//! Files become rules together, and what is wrong between them is told with the names of both.

use super::*;

fn policy(version: &str, from: &str, more: &str) -> String {
    format!(
        "[policy]\nid = \"p\"\nversion = \"{version}\"\ntime_zone = \"UTC\"\neffective = {{ from = \"{from}T00:00:00Z\" }}\n{more}\n\
         [window]\nkind = \"lifetime\"\n[outcome]\nfirst = \"waived\"\notherwise = \"warned\"\n"
    )
}

fn files(policies: &[(&str, String)]) -> RulesFiles {
    let policies = policies
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.clone()))
        .collect();
    RulesFiles {
        policies,
        ..RulesFiles::default()
    }
}

fn error(policies: &[(&str, String)]) -> String {
    load(&files(policies)).unwrap_err().to_string()
}

#[test]
fn policies_zones_and_calendar_become_rules() {
    let mut sources = files(&[("p.toml", policy("1", "2026-01-01", ""))]);
    sources.zones = Some((
        "z.toml".to_owned(),
        "[zones.Z1]\nkind = \"strict\"\n[devices.D1]\n".to_owned(),
    ));
    sources.calendar = Some((
        "c.toml".to_owned(),
        "[year.2026]\nholidays = [\"2026-01-01\"]\n".to_owned(),
    ));
    let rules = load(&sources).unwrap();
    assert_eq!(rules.policies().len(), 1);
    assert!(rules.has_zones() && rules.zone("Z1").is_some() && rules.device("D1").is_some());
    assert_eq!(rules.calendar().holidays.len(), 1);
    assert!(!load(&files(&[])).unwrap().has_zones());
}

#[test]
fn mistakes_of_all_files_are_told_at_once() {
    let mut sources = files(&[
        ("a.toml", String::new()),
        ("b.toml", policy("1", "2026-13-01", "")),
    ]);
    sources.zones = Some(("z.toml".to_owned(), "[zones.Z1]\n".to_owned()));
    sources.calendar = Some(("c.toml".to_owned(), "[year.26]\n".to_owned()));
    let told = load(&sources).unwrap_err().to_string();
    let told: Vec<&str> = told
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "a.toml:1", "a.toml:1", "a.toml:1", "b.toml:5", "z.toml:1", "c.toml:1"
        ]
    );
}

#[test]
fn policies_that_cannot_both_hold_are_told_with_both_files() {
    let old = ("old.toml", policy("1", "2026-01-01", ""));
    assert_eq!(
        error(&[("new.toml", policy("2", "2026-07-01", "")), old.clone()]),
        "old.toml and new.toml: policy p: versions 1 and 2 are in force at the same time; give 1 an `effective.to` not after 2's `effective.from`"
    );
    assert_eq!(
        error(&[old.clone(), ("copy.toml", policy("1", "2026-01-01", ""))]),
        "old.toml and copy.toml: policy p: version 1 is given twice"
    );
    let other = policy("1", "2026-01-01", "").replace("\"p\"", "\"q\"");
    assert_eq!(
        error(&[old.clone(), ("other.toml", other.clone())]),
        "old.toml and other.toml: policies p@1 and q@1 of one authority both govern all codes at the same time; separate their `codes` or `effective` dates"
    );
    let generic = other.replace("time_zone", "authority = \"b\"\nplates = \"generic\"\ntime_zone");
    assert_eq!(
        error(&[old, ("generic.toml", generic)]),
        "old.toml and generic.toml: policies p@1 and q@1 read plates by different grammars; one installation has one"
    );
}

#[test]
fn a_template_that_a_policy_names_must_exist() {
    let named =
        policy("1", "2026-01-01", "") + "[notice]\ntemplates = { waived = \"A1\", warned = \"city-A2\" }\n";
    let rules = load(&files(&[("p.toml", named)])).unwrap();
    assert_eq!(
        check_templates(&rules, &Texts::built_in()),
        Err("policy p@1: notice.templates.warned: there is no template `city-A2`; add it to the templates file".to_owned())
    );
    let texts = crate::templates::parse("t.toml", "city-A2 = \"{plate}\"\n").unwrap();
    assert_eq!(check_templates(&rules, &texts), Ok(()));
}

#[test]
fn the_shipped_files_hold_together() {
    let shipped = RulesFiles {
        policies: vec![(
            "p.toml".to_owned(),
            include_str!("../../../../deploy/policies/loudi-sidewalk.toml").to_owned(),
        )],
        zones: Some((
            "z.toml".to_owned(),
            include_str!("../../../../deploy/zones.toml").to_owned(),
        )),
        calendar: Some((
            "c.toml".to_owned(),
            include_str!("../../../../deploy/calendar-cn-2026.toml").to_owned(),
        )),
    };
    let rules = load(&shipped).unwrap();
    assert_eq!(rules.authority_of(Some("Z1")).as_deref(), Some("loudi"));
    assert_eq!(check_templates(&rules, &Texts::built_in()), Ok(()));
}
