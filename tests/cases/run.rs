//! Runs `decide` on texts and facts, and reads what it printed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use engine::case::Disposition;
use formats::rules_files::{RulesFiles, load};
use pipeline::decide::Options;
use serde_json::Value;

use crate::facts::{Fact, SOURCE, instant};
use crate::texts::policy;

/// Everything that `decide` is given beside the facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct City {
    policies: Vec<String>,
    zones: Option<String>,
    calendar: Option<String>,
    as_of: Option<String>,
}

/// The city of the baseline policy: calendar year, first one waived, no review.
pub(crate) fn city() -> City {
    City::of(&policy("calendar-year", ""))
}

impl City {
    pub(crate) fn of(policy: &str) -> Self {
        Self {
            policies: vec![policy.to_owned()],
            ..Self::default()
        }
    }

    /// One more policy, or another version of one.
    pub(crate) fn and(mut self, policy: &str) -> Self {
        self.policies.push(policy.to_owned());
        self
    }

    pub(crate) fn zones(mut self, text: &str) -> Self {
        self.zones = Some(text.to_owned());
        self
    }

    pub(crate) fn calendar(mut self, text: &str) -> Self {
        self.calendar = Some(text.to_owned());
        self
    }

    pub(crate) fn judged_at(mut self, at: &str) -> Self {
        self.as_of = Some(instant(at));
        self
    }

    pub(crate) fn decide(&self, facts: &[Fact]) -> Printed {
        self.decide_lines(&lines(facts))
    }

    /// As [`Self::decide`], of lines as they are.
    pub(crate) fn decide_lines(&self, lines: &[String]) -> Printed {
        let output = self.command(lines);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{}: {talk}", output.status);
        Printed::read(&String::from_utf8(output.stdout).unwrap())
    }

    /// What is said beside the data, which must be printed.
    pub(crate) fn talk(&self, lines: &[String]) -> String {
        let output = self.command(lines);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Why the files make no rules.
    pub(crate) fn refusal(&self) -> String {
        let output = self.command(&[]);
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    /// `clearwalk decide --all` in a folder of its own.
    fn command(&self, lines: &[String]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            name.to_owned()
        };
        let mut command = Command::new(binary());
        command.current_dir(folder.path()).args(["decide", "--all"]);
        for (at, policy) in self.policies.iter().enumerate() {
            command
                .arg("--policy")
                .arg(file(&format!("policy-{at}.toml"), policy));
        }
        if let Some(zones) = &self.zones {
            command.arg("--zones").arg(file("zones.toml", zones));
        }
        if let Some(calendar) = &self.calendar {
            command.arg("--calendar").arg(file("calendar.toml", calendar));
        }
        if let Some(as_of) = &self.as_of {
            command.args(["--as-of", as_of]);
        }
        command.arg(file("facts.jsonl", &lines.join("\n")));
        command.output().unwrap()
    }

    /// As [`Self::decide`], within this process: for the thousands of runs of a property.
    pub(crate) fn judge(&self, facts: &[Fact]) -> Printed {
        Printed::read(&self.run(&lines(facts).join("\n")))
    }

    fn rules(&self) -> Result<engine::rules::Rules, String> {
        let named = |name: &str, text: &String| (name.to_owned(), text.clone());
        let policies = self.policies.iter().enumerate();
        load(&RulesFiles {
            policies: policies
                .map(|(at, text)| named(&format!("policy-{at}.toml"), text))
                .collect(),
            zones: self.zones.as_ref().map(|text| named("zones.toml", text)),
            calendar: self.calendar.as_ref().map(|text| named("calendar.toml", text)),
        })
        .map_err(|error| error.to_string())
    }

    /// What `clearwalk decide --all` prints, by way of the library.
    fn run(&self, facts: &str) -> String {
        let rules = self.rules().unwrap_or_else(|error| panic!("{error}"));
        let as_of = self
            .as_of
            .as_ref()
            .map(|at| at.parse::<jiff::Timestamp>().unwrap().into());
        let decided = pipeline::decide::decide(&rules, facts.as_bytes(), Options { as_of }).unwrap();
        let mut out = Vec::new();
        for (id, case) in &decided.cases {
            formats::case_line::write(id, case, &mut out);
            out.push(b'\n');
        }
        for other in &decided.others {
            let Some(fact) = other.fact.as_deref().and_then(engine::fact::FactId::parse) else {
                assert_eq!(other.disposition, Disposition::Quarantined);
                continue;
            };
            formats::case_line::write_fact(&fact, other.disposition, other.reason, &mut out);
            out.push(b'\n');
        }
        String::from_utf8(out).unwrap()
    }
}

/// The binary that `cargo test --workspace` has built beside this test.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("clearwalk");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p clearwalk` first",
        binary.display()
    );
    binary
}

fn lines(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(ToString::to_string).collect()
}

/// What was printed, line by line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Printed {
    pub(crate) cases: Vec<Value>,
    /// Facts that stand in no case.
    pub(crate) others: Vec<Value>,
}

impl Printed {
    fn read(text: &str) -> Self {
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (cases, others) = lines.partition(|line| line.get("case").is_some());
        Self { cases, others }
    }

    /// The case that holds a fact.
    pub(crate) fn case(&self, id: &str) -> &Value {
        let fact = format!("{SOURCE}#{id}");
        self.cases
            .iter()
            .find(|case| {
                case["facts"]
                    .as_array()
                    .unwrap()
                    .contains(&Value::from(fact.clone()))
            })
            .unwrap_or_else(|| panic!("no case holds {fact}: {self:#?}"))
    }

    /// Outcome and reasons of the case that holds a fact; disposition and reason of one that stands in no case.
    pub(crate) fn says(&self, id: &str) -> String {
        let fact = Value::from(format!("{SOURCE}#{id}"));
        let holds = |case: &&Value| case["facts"].as_array().unwrap().contains(&fact);
        if let Some(case) = self.cases.iter().find(holds) {
            let mut text = case["outcome"].as_str().unwrap().to_owned();
            for reason in case["reasons"].as_array().unwrap() {
                write!(text, " {}", reason.as_str().unwrap()).unwrap();
            }
            return text;
        }
        let mut aside = self.others.iter().filter(|line| line["fact"] == fact);
        let line = aside
            .next()
            .unwrap_or_else(|| panic!("nothing is said of {id}: {self:#?}"));
        let disposition = line["disposition"].as_str().unwrap();
        match line["reason"].as_str() {
            Some(reason) => format!("{disposition} {reason}"),
            None => disposition.to_owned(),
        }
    }

    /// Ids of the facts of the case that holds one.
    pub(crate) fn together(&self, id: &str) -> String {
        let facts = self.case(id)["facts"].as_array().unwrap().iter();
        let ids: Vec<&str> = facts
            .map(|fact| fact.as_str().unwrap().split_once('#').unwrap().1)
            .collect();
        ids.join(" ")
    }

    /// One key of the case that holds a fact, as text; `null` for null.
    pub(crate) fn key(&self, id: &str, key: &str) -> String {
        match &self.case(id)[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// `FROM..TO` of the window of the case that holds a fact; nothing where it is open.
    pub(crate) fn window(&self, id: &str) -> String {
        let window = &self.case(id)["window"];
        if window.is_null() {
            return "null".to_owned();
        }
        let edge = |key: &str| window[key].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {}..{}",
            window["kind"].as_str().unwrap(),
            edge("from"),
            edge("to")
        )
    }

    /// All dispositions and reasons of the lines about a fact.
    pub(crate) fn lines_of(&self, id: &str) -> Vec<String> {
        let fact = Value::from(format!("{SOURCE}#{id}"));
        let lines = self.others.iter().filter(|line| line["fact"] == fact);
        lines
            .map(|line| {
                format!(
                    "{} {}",
                    line["disposition"].as_str().unwrap(),
                    line["reason"].as_str().unwrap_or("-")
                )
            })
            .collect()
    }
}
