//! Settings of the environment win over the file, and are checked like it.

use super::Place;

#[test]
fn a_variable_wins_over_the_file_which_wins_over_the_default() {
    let mut place = Place::new();
    place.write("clearwalk.toml", "[web]\nlisten = \"127.0.0.1:1\"\n");
    assert!(
        place
            .run(["config", "show"])
            .out
            .contains("web.listen = \"127.0.0.1:1\"  # clearwalk.toml:2")
    );
    place.set("CLEARWALK__WEB__LISTEN", "127.0.0.1:2");
    let shown = place.run(["config", "show"]).out;
    assert!(
        shown.contains("web.listen = \"127.0.0.1:2\"  # environment CLEARWALK__WEB__LISTEN"),
        "{shown}"
    );
}

#[test]
fn the_file_is_named_by_the_option_then_the_variable_then_its_usual_name() {
    let mut place = Place::new();
    for (name, port) in [("clearwalk.toml", 1), ("variable.toml", 2), ("option.toml", 3)] {
        place.write(name, &format!("[web]\nlisten = \"127.0.0.1:{port}\"\n"));
    }
    assert!(place.run(["config", "show"]).out.contains("127.0.0.1:1"));
    place.set("CLEARWALK_CONFIG", "variable.toml");
    assert!(place.run(["config", "show"]).out.contains("127.0.0.1:2"));
    assert!(
        place
            .run(["config", "show", "--config", "option.toml"])
            .out
            .contains("127.0.0.1:3")
    );
}

#[test]
fn mistakes_in_variables_are_named_by_the_variable() {
    for (name, value, message) in [
        (
            "CLEARWALK__WEB__LISTN",
            "x",
            "web.listn: unknown key; did you mean `listen`?",
        ),
        (
            "CLEARWALK__MOON__PHASE",
            "full",
            "moon.phase: unknown key; its section has no keys",
        ),
        (
            "CLEARWALK__STREAM__KIND",
            "kafka",
            "stream.kind: `kafka` comes with a later release; this one has embedded",
        ),
        (
            "CLEARWALK__SMS__LEASE",
            "soon",
            "sms.lease: \"soon\" is no length of time; write it like \"250ms\", \"30s\", \"5m\" or \"1h\"",
        ),
        ("CLEARWALK__WEB", "x", "web: is a section, not a key"),
    ] {
        let mut place = Place::new();
        place.set(name, value);
        let ran = place.run(["config", "check"]);
        assert_eq!(ran.exit, 3, "{name}: {ran:?}");
        assert_eq!(
            ran.messages(),
            [format!("environment {name}: {message}")],
            "{name}"
        );
    }
}

#[test]
fn a_secret_of_the_environment_is_never_shown() {
    let mut place = Place::new();
    place.write(
        "clearwalk.toml",
        "[sms.providers.a]\nkind = \"generic\"\nurl = \"http://127.0.0.1:9/\"\n",
    );
    place.set("CLEARWALK__SMS__PROVIDERS__A__TOKEN", "hush-hush");
    for arguments in [
        &["config", "show"][..],
        &["config", "show", "--json"],
        &["config", "check"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(!ran.out.contains("hush") && !ran.err.contains("hush"), "{ran:?}");
    }
}

#[test]
fn a_list_is_cut_at_commas_or_written_as_in_a_file() {
    for list in ["policy.toml,again.toml", "[\"policy.toml\", 'again.toml']"] {
        let mut place = Place::city(20);
        place.write("again.toml", &place.read("policy.toml"));
        place.set("CLEARWALK__RULES__POLICIES", list);
        let shown = place.run(["config", "show"]).out;
        assert!(
            shown.contains("rules.policies = [\"policy.toml\", \"again.toml\"]"),
            "{list}: {shown}"
        );
    }
}

#[test]
fn this_machine_may_be_called_localhost() {
    let mut place = Place::new();
    place.set("CLEARWALK__WEB__LISTEN", "localhost:81");
    assert!(
        place
            .run(["config", "show"])
            .out
            .contains("web.listen = \"127.0.0.1:81\"")
    );
}
