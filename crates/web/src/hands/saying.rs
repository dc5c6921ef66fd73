//! What a person says about a case, as a fact.

use engine::case::Outcome;
use engine::fact::{FactId, VoidReason};
use engine::time::Timestamp;
use formats::case_line::CaseLine;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::Problem;

/// Room for a sentence or two.
const LONGEST_REASON: usize = 500;
/// Room for a letter.
const LONGEST_STATEMENT: usize = 4000;

/// Something to say about a case.
pub(super) trait Saying {
    /// The word of the address.
    const ACTION: &'static str;
    /// The middle of the fact's type.
    const KIND: &'static str;

    /// Who says so, where that was given.
    fn by(&self) -> Option<&str>;

    /// Which of the case's observations is meant; none: any.
    fn fact(&self) -> Option<&str> {
        None
    }

    /// Whether it can be meant.
    fn check(&self) -> Result<(), Problem>;

    /// What is particular to it.
    fn data(&self, by: &str) -> Value;
}

/// Takes a case away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Void {
    reason: String,
    fact: Option<String>,
    by: Option<String>,
}

/// Confirms or rejects the evidence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Review {
    verdict: String,
    reason: Option<String>,
    fact: Option<String>,
    by: Option<String>,
}

/// Says which plate it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plate {
    number: String,
    class: Option<String>,
    color: Option<String>,
    fact: Option<String>,
    by: Option<String>,
}

/// Decides otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discretion {
    outcome: String,
    reason: String,
    by: Option<String>,
}

/// The party objects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objection {
    ground: String,
    statement: Option<String>,
    by: Option<String>,
}

impl Saying for Void {
    const ACTION: &'static str = "void";
    const KIND: &'static str = "void";

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn check(&self) -> Result<(), Problem> {
        one_of(
            "reason",
            &self.reason,
            VoidReason::ALL.iter().map(|(_, word)| *word),
        )
    }

    fn data(&self, by: &str) -> Value {
        json!({ "reason": self.reason, "by": by })
    }
}

impl Saying for Review {
    const ACTION: &'static str = "review";
    const KIND: &'static str = "review";

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn check(&self) -> Result<(), Problem> {
        one_of("verdict", &self.verdict, ["confirmed", "rejected"].into_iter())?;
        self.reason
            .as_deref()
            .map_or(Ok(()), |reason| text("reason", reason, LONGEST_REASON))
    }

    fn data(&self, by: &str) -> Value {
        json!({ "verdict": self.verdict, "reason": self.reason, "reviewer": by })
    }
}

impl Saying for Plate {
    const ACTION: &'static str = "plate";
    const KIND: &'static str = "plate-correction";

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn check(&self) -> Result<(), Problem> {
        text("number", &self.number, 32)
    }

    fn data(&self, by: &str) -> Value {
        let plate = json!({ "number": self.number, "class": self.class, "color": self.color });
        json!({ "plate": plate, "by": by })
    }
}

impl Saying for Discretion {
    const ACTION: &'static str = "discretion";
    const KIND: &'static str = "discretion";

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn check(&self) -> Result<(), Problem> {
        one_of(
            "outcome",
            &self.outcome,
            Outcome::ALL.iter().map(|(_, word)| *word),
        )?;
        text("reason", &self.reason, LONGEST_REASON)
    }

    fn data(&self, by: &str) -> Value {
        json!({ "outcome": self.outcome, "reason": self.reason, "by": by })
    }
}

impl Saying for Objection {
    const ACTION: &'static str = "objection";
    const KIND: &'static str = "objection";

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn check(&self) -> Result<(), Problem> {
        text("ground", &self.ground, LONGEST_REASON)?;
        match &self.statement {
            Some(statement) if statement.chars().count() > LONGEST_STATEMENT => Err(Problem::parameter(
                "statement",
                format!("at most {LONGEST_STATEMENT} characters are taken"),
            )),
            _ => Ok(()),
        }
    }

    fn data(&self, _: &str) -> Value {
        json!({ "ground": self.ground, "statement": self.statement })
    }
}

fn one_of(name: &str, given: &str, words: impl Iterator<Item = &'static str>) -> Result<(), Problem> {
    let words: Vec<&str> = words.collect();
    if words.contains(&given) {
        return Ok(());
    }
    let detail = format!("one of these is wanted: {}", words.join(", "));
    Err(Problem::parameter(name, detail))
}

fn text(name: &str, given: &str, longest: usize) -> Result<(), Problem> {
    let is_line = !given.trim().is_empty() && !given.chars().any(char::is_control);
    if is_line && given.chars().count() <= longest {
        return Ok(());
    }
    let detail = format!("one line of 1 to {longest} characters is wanted");
    Err(Problem::parameter(name, detail))
}

/// The observation that is meant.
pub(super) fn about<'c>(said: &'c impl Saying, case: &'c CaseLine) -> Result<&'c str, Problem> {
    match said.fact() {
        Some(wanted) if case.facts.iter().any(|fact| fact == wanted) => Ok(wanted),
        Some(_) => Err(Problem::parameter("fact", "the case holds no such observation")),
        None => case.facts.first().map(String::as_str).ok_or_else(|| {
            let detail = "the case holds no observation any more";
            Problem::new(
                axum::http::StatusCode::CONFLICT,
                "empty_case",
                "Nothing is left of the case",
                detail,
            )
        }),
    }
}

/// The fact. `subject` is that of the case; none: where it is only to be compared.
pub(super) fn event<S: Saying>(
    said: &S,
    fact: &FactId,
    about: &str,
    subject: Option<&str>,
    by: &str,
    at: Option<Timestamp>,
) -> String {
    let mut data = said.data(by);
    let at = at.map(|at| at.to_string());
    data["about"] = json!(about);
    data["at"] = json!(at);
    // In a correction `plate` is the right one, not where the fact is kept.
    if let Some(subject) = subject
        && data.get("plate").is_none()
    {
        data["plate"] = plate(subject);
    }
    let event = json!({
        "specversion": "1.0",
        "type": format!("clearwalk.{}.v1", S::KIND),
        "source": fact.source(),
        "id": fact.id(),
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    });
    event.to_string()
}

/// `NUMBER/CLASS`, or with the day of a registration behind it.
fn plate(subject: &str) -> Value {
    let mut parts = subject.split('/');
    let number = parts.next().unwrap_or_default();
    match parts.next() {
        None | Some("-") => json!({ "number": number }),
        Some(class) => json!({ "number": number, "class": class }),
    }
}
