//! `config`: a fresh folder works as it is, and nothing is ever overwritten.

use super::Place;

#[test]
fn what_init_writes_passes_its_own_check_and_decides() {
    let place = Place::city(100);
    let ran = place.run(["config", "init", "city"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "city/clearwalk.toml\ncity/policy.toml\ncity/zones.toml\n"
    );
    let checked = place.run(["config", "check", "--config", "city/clearwalk.toml"]);
    assert_eq!(checked.exit, 0, "{checked:?}");
    let decided = place.run(["decide", "--config", "city/clearwalk.toml", "facts.jsonl"]);
    assert!(decided.exit == 0 && !decided.out.is_empty(), "{decided:?}");
}

#[test]
fn init_overwrites_nothing() {
    let place = Place::new();
    place.write("zones.toml", "mine");
    let ran = place.run(["config", "init"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    assert_eq!(place.read("zones.toml"), "mine");
    assert!(!place.path("clearwalk.toml").exists(), "all or nothing");
}

#[test]
fn without_a_file_the_built_in_settings_hold() {
    let place = Place::new();
    let ran = place.run(["config", "show"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(
        ran.out.contains("store.url = \"sqlite:clearwalk.db\"  # default"),
        "{}",
        ran.out
    );
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let ran = Place::new().run(["config", "show", "--config", "gone.toml", "--json"]);
    assert_eq!((ran.exit, ran.out.as_str()), (3, ""));
    let error = ran.error();
    assert_eq!(error["code"], "bad_configuration");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("gone.toml: ")),
        "{error}"
    );
}

#[test]
fn checking_makes_neither_store_nor_key() {
    let place = Place::new();
    place.run(["config", "init"]);
    assert_eq!(place.run(["config", "check"]).exit, 0);
    let mut names: Vec<_> = std::fs::read_dir(place.path(""))
        .expect("a folder")
        .flatten()
        .map(|it| it.file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["clearwalk.toml", "policy.toml", "zones.toml"]);
}

#[test]
fn the_schema_knows_every_key_and_no_secret() {
    let ran = Place::new().run(["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let lease = &schema["properties"]["sms"]["properties"]["lease"];
    assert_eq!(lease["default"], "30s");
    let provider = &schema["properties"]["sms"]["properties"]["providers"]["additionalProperties"];
    assert!(provider["properties"]["token_file"].is_object());
    assert!(provider["properties"]["token"].is_null());
    assert_eq!(provider["additionalProperties"], false);
}
