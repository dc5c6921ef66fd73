//! Each mistake in a configuration file is answered by one exact sentence that names file, line and key.

use super::Place;

/// The file's text, and all that is said of it.
const MISTAKES: [(&str, &[&str]); 29] = [
    (
        "[stream]\nkind = \"kafka\"\n",
        &["2: stream.kind: `kafka` comes with a later release; this one has embedded"],
    ),
    (
        "[stream]\nkind = \"imbedded\"\n",
        &["2: stream.kind: \"imbedded\" is none of embedded; did you mean `embedded`?"],
    ),
    (
        "[stream]\nkind = 1\n",
        &["2: stream.kind: is a whole number; it takes a string in quotes"],
    ),
    (
        "[store]\nurl = \"postgres://u@h/db\"\n",
        &["2: store.url: PostgreSQL comes with a later release; this one has sqlite:"],
    ),
    (
        "[store]\nurl = \"clearwalk.db\"\n",
        &["2: store.url: is no address of a database; write it like \"sqlite:clearwalk.db\""],
    ),
    (
        "[store]\nurl = \"sqlite:\"\n",
        &["2: store.url: names no file; write it like \"sqlite:clearwalk.db\""],
    ),
    (
        "[store]\nurl = \"sqlite::memory:\"\n",
        &["2: store.url: names no file; write it like \"sqlite:clearwalk.db\""],
    ),
    (
        "[store]\npooler = \"transaction\"\n",
        &["2: store.pooler: `transaction` comes with a later release; this one has none"],
    ),
    (
        "[web]\nlistn = \"127.0.0.1:1\"\n",
        &["2: web.listn: unknown key; did you mean `listen`?"],
    ),
    (
        "[web]\ncolour = \"red\"\n",
        &["2: web.colour: unknown key; there are listen, tokens_file"],
    ),
    (
        "\n[stor]\nurl = \"sqlite:a.db\"\n",
        &["2: stor: unknown key; did you mean `store`?"],
    ),
    (
        "web = 1\n",
        &["1: web: is a section; write [web] and below it listen, tokens_file"],
    ),
    (
        "[web]\nlisten = \"localhost\"\n",
        &["2: web.listen: \"localhost\" is no address; write it like \"127.0.0.1:8080\""],
    ),
    (
        "[web]\nlisten = \"0.0.0.0:80\"\n",
        &[
            "2: web.listen: 0.0.0.0:80 can be reached from elsewhere, and there is no tokens_file; set web.tokens_file, or listen on 127.0.0.1",
        ],
    ),
    (
        "[web]\ntokens_file = \"gone\"\n",
        &["2: web.tokens_file: gone is missing"],
    ),
    (
        "[rules]\npolicies = [\"gone.toml\"]\n",
        &["2: rules.policies: gone.toml is missing"],
    ),
    (
        "[rules]\npolicies = [1]\n",
        &["2: rules.policies: lists a whole number; it takes strings in quotes only"],
    ),
    (
        "[rules]\nzones = \"\"\n",
        &["2: rules.zones: is empty; remove the key, or give it a value"],
    ),
    (
        "[rules]\npublish = \"command\"\n",
        &["2: rules.publish: `command` comes with a later release; this one has files"],
    ),
    (
        "[sms]\nroute = [\"a\"]\n",
        &["2: sms.route: there is no provider `a`; add [sms.providers.a]"],
    ),
    (
        "[sms]\nlease = \"12s\"\n[sms.providers.a]\nkind = \"log\"\n",
        &["2: sms.lease: 12s is too short: a call of provider a may take 10s, so it must exceed 13s"],
    ),
    (
        "[sms.providers.a]\nkind = \"log\"\ndeadline = \"1m\"\n",
        &["3: sms.lease: 30s is too short: a call of provider a may take 1m, so it must exceed 63s"],
    ),
    (
        "[sms.providers.a]\nkind = \"twilio\"\n",
        &["2: sms.providers.a.kind: `twilio` comes with a later release; this one has generic, log"],
    ),
    (
        "[sms.providers.a]\nkind = \"generic\"\n",
        &["2: sms.providers.a.url: is missing; a generic provider is posted to at an address"],
    ),
    (
        "[sms.providers.a]\nkind = \"log\"\ntoken = \"t\"\n",
        &[
            "3: sms.providers.a.token: is a secret, and does not belong in this file; use token_file, or the environment",
        ],
    ),
    (
        "[registry]\nkind = \"http\"\n",
        &["2: registry.kind: `http` comes with a later release; this one has file, none, demo"],
    ),
    (
        "[registry]\nkind = \"file\"\n",
        &["2: registry.kind: file needs registry.path, the registry file"],
    ),
    (
        "[sms.providers.a]\nkind = \"generic\"\nurl = \"https://sms.example.org/v1\"\n[registry]\nkind = \"demo\"\n",
        &[
            "5: registry.kind: demo makes numbers up, and provider a would send to them; it needs a provider on loopback or `log`",
        ],
    ),
    (
        "[web]\nlistn = 1\n[sms]\nlease = \"soon\"\n",
        &[
            "2: web.listn: unknown key; did you mean `listen`?",
            "4: sms.lease: \"soon\" is no length of time; write it like \"250ms\", \"30s\", \"5m\" or \"1h\"",
        ],
    ),
];

#[test]
fn every_mistake_has_its_sentence() {
    for (text, expected) in MISTAKES {
        let place = Place::new();
        place.write("clearwalk.toml", text);
        let ran = place.run(["config", "check"]);
        let expected: Vec<String> = expected
            .iter()
            .map(|message| format!("clearwalk.toml:{message}"))
            .collect();
        assert_eq!(ran.messages(), expected, "{text}");
        assert_eq!((ran.exit, ran.out.as_str()), (3, ""), "{text}");
    }
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    let place = Place::new();
    place.write("clearwalk.toml", "[web]\nlisten = \n");
    let ran = place.run(["config", "check"]);
    assert_eq!(ran.exit, 3);
    assert!(ran.err.contains("clearwalk.toml:2: TOML: "), "{}", ran.err);
}

#[test]
fn every_command_that_needs_settings_stops_at_a_mistake() {
    let place = Place::new();
    place.write("clearwalk.toml", "[web]\nlistn = 1\n");
    for arguments in [
        &["config", "show"][..],
        &["policy", "list"],
        &["policy", "lint"],
        &["decide", "facts.jsonl"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.exit, 3, "{arguments:?}: {ran:?}");
        assert!(
            ran.err.contains("clearwalk.toml:2: web.listn"),
            "{arguments:?}: {}",
            ran.err
        );
    }
}
