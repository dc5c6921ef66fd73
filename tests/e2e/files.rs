//! Real files, imported and decided: counts, and the very rows that are waived, equal the independent calculation.

use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{Installation, project, real_file, succeeded};
use crate::oracle::{self, Expected, Outcomes};

const PHILADELPHIA: &str = "philadelphia-ppa-2013-vehicle-sample-part-a.csv.gz";

/// An example of `deploy/examples` with its mapping, and the files it runs on.
struct Example {
    folder: &'static str,
    mapping: &'static str,
    files: Vec<PathBuf>,
}

impl Example {
    fn of(folder: &'static str, mapping: &'static str, files: &[&str]) -> Option<Self> {
        let files = files
            .iter()
            .map(|name| real_file(name))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            folder,
            mapping,
            files,
        })
    }

    fn policy(&self, name: &str) -> PathBuf {
        project().join("deploy/examples").join(self.folder).join(name)
    }

    fn mapping(&self) -> PathBuf {
        project().join("deploy/mappings").join(self.mapping)
    }

    /// Imports all files into a fresh installation and decides.
    fn import(&self, policy: &str) -> (Installation, Value) {
        let installation = Installation::new(&self.policy(policy), "");
        let summary = import(&installation, &self.files, &self.mapping());
        (installation, summary)
    }
}

fn import(installation: &Installation, files: &[PathBuf], mapping: &Path) -> Value {
    let mut arguments: Vec<PathBuf> = vec!["import".into()];
    arguments.extend(files.iter().cloned());
    arguments.extend([
        "--map".into(),
        mapping.to_owned(),
        "--process".into(),
        "--json".into(),
    ]);
    installation.json(arguments)
}

/// Facts of effective cases, by what became of them.
fn outcomes(installation: &Installation) -> Outcomes {
    let mut found = Outcomes::default();
    for case in installation.export("cases") {
        if case["effective"] != true {
            continue;
        }
        let facts: BTreeSet<String> = case["facts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| it.as_str().expect("an id").to_owned())
            .collect();
        match case["outcome"].as_str() {
            Some("waived") => found.waived.extend(facts),
            Some("penalty_proposed") => found.penalised.extend(facts),
            other => panic!("nothing else comes of an import of tickets: {other:?} {case}"),
        }
    }
    found
}

fn check(example: &Example, expected: &Expected) {
    for (policy, wanted) in [
        ("policy.toml", &expected.calendar_year),
        ("policy-rolling.toml", &expected.rolling_365_days),
    ] {
        let (installation, summary) = example.import(policy);
        assert_eq!(summary["read"], expected.read, "{summary}");
        assert_eq!(summary["filtered"], expected.filtered, "{summary}");
        assert_eq!(summary["kept"], expected.kept, "{summary}");
        let quarantined = summary["quarantined"].as_object().expect("counts by reason");
        let sum: u64 = quarantined
            .values()
            .map(|count| count.as_u64().expect("a count"))
            .sum();
        assert_eq!(
            expected.kept + expected.filtered + sum,
            expected.read,
            "{summary}"
        );
        for (reason, count) in &expected.quarantined {
            assert_eq!(summary["quarantined"][reason], *count, "{summary}");
        }
        let found = outcomes(&installation);
        assert_eq!(found.waived, wanted.waived, "{policy}");
        assert_eq!(found.penalised, wanted.penalised, "{policy}");
        let records = installation.export("records");
        assert_eq!(
            records.len() as u64,
            summary["appended"].as_u64().expect("a count"),
            "every row is accounted for"
        );
        let offences = wanted.waived.len() + wanted.penalised.len();
        let begun = records
            .iter()
            .filter(|record| record["disposition"] == "decided")
            .count();
        let repeated = records
            .iter()
            .filter(|record| record["disposition"] == "duplicate")
            .count();
        assert_eq!(begun, offences);
        assert_eq!(begun + repeated, records.len());
    }
}

#[test]
fn philadelphia_2013_waives_the_first_of_each_vehicle() {
    let Some(example) = Example::of("philadelphia-2013", "philadelphia-2013.toml", &[PHILADELPHIA]) else {
        return;
    };
    let expected = oracle::philadelphia_2013(&example.files[0]);
    assert_eq!(
        (
            expected.calendar_year.waived.len(),
            expected.calendar_year.penalised.len()
        ),
        (150, 130)
    );
    check(&example, &expected);
}

#[test]
fn repeats_in_the_unpaid_file_are_no_second_offences() {
    let name = "philadelphia-unpaid-tickets-1991-2021-part-a.csv.gz";
    let Some(example) = Example::of("philadelphia-unpaid", "philadelphia-unpaid.toml", &[name]) else {
        return;
    };
    let expected = oracle::philadelphia_unpaid(&example.files[0]);
    assert!(
        expected.kept as usize > expected.calendar_year.waived.len() + expected.calendar_year.penalised.len()
    );
    check(&example, &expected);
}

#[test]
fn new_york_with_its_broken_rows_is_counted_to_the_last_one() {
    let names = ["2014", "2015", "2016"].map(|year| format!("nyc-parking-violations-fy{year}-sample.csv.gz"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(example) = Example::of("new-york", "new-york-fiscal-year.toml", &names) else {
        return;
    };
    let paths: Vec<&Path> = example.files.iter().map(PathBuf::as_path).collect();
    check(&example, &oracle::new_york_fiscal_year(&paths));
}

#[test]
fn bengaluru_takes_its_own_clock() {
    let name = "bengaluru-police-parking-2023-11_2024-04-part-a.csv.gz";
    let Some(example) = Example::of("bengaluru", "bengaluru.toml", &[name]) else {
        return;
    };
    check(&example, &oracle::bengaluru(&example.files[0]));
}

#[test]
fn a_file_imported_twice_gives_one_set_of_cases() {
    let Some(example) = Example::of("philadelphia-2013", "philadelphia-2013.toml", &[PHILADELPHIA]) else {
        return;
    };
    let (installation, _) = example.import("policy.toml");
    let (digest, cases) = (installation.digest(), installation.export("cases"));
    import(&installation, &example.files, &example.mapping());
    assert_eq!(installation.digest(), digest);
    assert_eq!(installation.export("cases"), cases);
}

#[test]
fn two_imports_at_once_in_shuffled_order_give_the_same_digest() {
    let Some(example) = Example::of("philadelphia-2013", "philadelphia-2013.toml", &[PHILADELPHIA]) else {
        return;
    };
    let (plain, _) = example.import("policy.toml");
    let shuffled = Installation::new(&example.policy("policy.toml"), "");
    let backwards = backwards(&example.files[0], shuffled.folder.path());
    let spawn = |file: &Path| {
        let mut command = shuffled.command(["import".as_ref(), file.as_os_str(), "--map".as_ref()]);
        command.arg(example.mapping()).arg("--process");
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().expect("the binary starts")
    };
    let running = [spawn(&backwards), spawn(&example.files[0])];
    for import in running {
        succeeded(&import.wait_with_output().expect("it ends"));
    }
    assert_eq!(shuffled.digest(), plain.digest());
    assert_eq!(outcomes(&shuffled), outcomes(&plain));
}

/// The same rows, the last one first.
fn backwards(file: &Path, folder: &Path) -> PathBuf {
    let reader = flate2::read::GzDecoder::new(std::fs::File::open(file).expect("the file opens"));
    let mut lines: Vec<String> = std::io::BufReader::new(reader)
        .lines()
        .collect::<Result<_, _>>()
        .expect("the file is text");
    lines.reverse();
    let path = folder.join("backwards.csv");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("the folder can be written"));
    for line in lines {
        writeln!(out, "{line}").expect("the folder can be written");
    }
    out.flush().expect("the folder can be written");
    path
}
