//! Real tickets sent live to made-up owners: one accepted message per notice, no more, each with its own case's plate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::background::{Background, wait_until};
use crate::binary::{Installation, project, real_file};

#[test]
fn every_owner_gets_one_message_with_the_plate_of_the_case() {
    let Some(file) = real_file("philadelphia-ppa-2013-vehicle-sample-part-a.csv.gz") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = folder.path().join("gateway.jsonl");
    let bare = Installation::new(Path::new("unused.toml"), "");
    let mut gateway = bare.command(["testgateway", "--listen", "127.0.0.1:0", "--ledger"]);
    let (_gateway, line) = Background::start_and_read(gateway.arg(&ledger));
    let address = line
        .strip_prefix("listening on ")
        .expect("it says where")
        .to_owned();

    let policy = folder.path().join("policy.toml");
    let example = project().join("deploy/examples/philadelphia-2013/policy.toml");
    let text = std::fs::read_to_string(example).expect("the example is there");
    std::fs::write(&policy, format!("{text}\n[notice]\nhold = \"0s\"\n")).expect("the folder can be written");
    let owners = folder.path().join("owners.csv");
    let more = format!(
        "[web]\nlisten = \"127.0.0.1:0\"\n[sms]\nroute = [\"primary\"]\n[sms.providers.primary]\nkind = \"generic\"\n\
         url = \"{address}/v1/messages\"\n[registry]\nkind = \"file\"\npath = {:?}\n",
        owners.display().to_string()
    );
    let installation = Installation::new(&policy, &more);
    std::fs::write(&owners, "plate,class,phone,name,owner_id,valid_from,valid_to\n")
        .expect("it can be written");
    let map = project().join("deploy/mappings/philadelphia-2013.toml");
    let (file, map) = (file.display().to_string(), map.display().to_string());
    installation.run(["import", &file, "--map", &map, "--mode", "live", "--process"]);
    write_owners(&installation, &owners);

    let service = Background::start(&mut installation.command(["serve"]));
    let waiting = |notice: &Value| {
        ["queued", "leased", "submitted"].contains(&notice["state"].as_str().expect("a state"))
    };
    wait_until("every notice is settled", Duration::from_secs(90), || {
        !installation.export("notices").iter().any(waiting)
    });
    assert!(service.terminate(Duration::from_secs(20)).success());
    check(&installation, &ledger);
}

/// A phone for each vehicle, out of a range that nobody has.
fn write_owners(installation: &Installation, path: &Path) {
    let cases = installation.export("cases");
    let subjects: BTreeSet<&str> = cases
        .iter()
        .map(|case| case["subject"].as_str().expect("a subject"))
        .collect();
    let mut text = "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned();
    for (number, subject) in subjects.iter().enumerate() {
        let (plate, class) = subject.split_once('/').expect("NUMBER/CLASS");
        writeln!(text, "{plate},{class},+86199000{number:05},,,,").expect("a string takes everything");
    }
    std::fs::write(path, text).expect("it can be written");
}

fn check(installation: &Installation, ledger: &Path) {
    let plates: BTreeMap<String, String> = installation
        .export("cases")
        .iter()
        .map(|case| {
            let subject = case["subject"].as_str().expect("a subject");
            let plate = subject.split_once('/').expect("NUMBER/CLASS").0;
            (case["case"].as_str().expect("an id").to_owned(), plate.to_owned())
        })
        .collect();
    let notices = installation.export("notices");
    assert_eq!(notices.len(), 280);
    assert!(
        notices.iter().all(|notice| notice["state"] == "accepted"),
        "{:?}",
        notices.first()
    );
    let case_of: BTreeMap<&str, &str> = notices
        .iter()
        .map(|notice| {
            (
                notice["notice"].as_str().expect("an id"),
                notice["case"].as_str().expect("an id"),
            )
        })
        .collect();
    let mut accepted: BTreeSet<String> = BTreeSet::new();
    for line in std::fs::read_to_string(ledger)
        .expect("the gateway has a ledger")
        .lines()
    {
        let call: Value = serde_json::from_str(line).expect("a JSON line");
        if call["verdict"] != "accepted" {
            continue;
        }
        let client_ref = call["client_ref"].as_str().expect("a reference");
        let notice = client_ref.rsplit_once('-').expect("NOTICE-N").0;
        assert!(accepted.insert(notice.to_owned()), "{notice} was accepted twice");
        let plate = &plates[case_of[notice]];
        let text = call["text"].as_str().expect("a text");
        assert!(text.contains(plate.as_str()), "{text} does not name {plate}");
    }
    assert_eq!(accepted.len(), notices.len());
}
