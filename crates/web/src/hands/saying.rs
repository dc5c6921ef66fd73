//! What a person says about a case, as a fact.

use engine::case::Outcome;
use engine::fact::{FactId, VoidReason};
use engine::plate::{self, ClassReading, Grammar};
use engine::time::Timestamp;
use formats::case_line::CaseLine;
use serde_json::{Value, json};

use crate::body::Members;
use crate::problem::Problem;

/// Room for a sentence or two.
const LONGEST_REASON: usize = 500;
/// The longest number that any country has, twice.
const LONGEST_PLATE: usize = 32;
/// Room for a letter.
const LONGEST_STATEMENT: usize = 4000;

/// Something to say about a case.
pub(super) trait Saying: Sized {
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

    /// The members that its body may have.
    const MEMBERS: &'static [&'static str];

    /// What a body says, if that can be meant.
    fn read(from: &Members) -> Result<Self, Problem>;

    /// Whether there can be such a thing where these plates exist.
    fn check(&self, grammar: Grammar) -> Result<(), Problem> {
        let _: Grammar = grammar;
        Ok(())
    }

    /// What is particular to it.
    fn data(&self, by: &str) -> Value;
}

/// Takes a case away.
#[derive(Debug)]
pub(super) struct Void {
    reason: String,
    fact: Option<String>,
    by: Option<String>,
}

/// Confirms or rejects the evidence.
#[derive(Debug)]
pub(super) struct Review {
    verdict: String,
    reason: Option<String>,
    fact: Option<String>,
    by: Option<String>,
}

/// Says which plate it is.
#[derive(Debug)]
pub(super) struct Plate {
    number: String,
    class: Option<String>,
    color: Option<String>,
    fact: Option<String>,
    by: Option<String>,
}

/// Decides otherwise.
#[derive(Debug)]
pub(super) struct Discretion {
    outcome: String,
    reason: String,
    by: Option<String>,
}

/// The party objects.
#[derive(Debug)]
pub(super) struct Objection {
    ground: String,
    statement: Option<String>,
    by: Option<String>,
}

impl Saying for Void {
    const ACTION: &'static str = "void";
    const KIND: &'static str = "void";
    const MEMBERS: &'static [&'static str] = &["reason", "fact", "by"];

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn read(from: &Members) -> Result<Self, Problem> {
        Ok(Self {
            reason: from.word("reason", VoidReason::ALL.iter().map(|(_, word)| *word))?,
            fact: from.text("fact")?,
            by: from.text("by")?,
        })
    }

    fn data(&self, by: &str) -> Value {
        json!({ "reason": self.reason, "by": by })
    }
}

impl Saying for Review {
    const ACTION: &'static str = "review";
    const KIND: &'static str = "review";
    const MEMBERS: &'static [&'static str] = &["verdict", "reason", "fact", "by"];

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn read(from: &Members) -> Result<Self, Problem> {
        Ok(Self {
            verdict: from.word("verdict", ["confirmed", "rejected"].into_iter())?,
            reason: from.line("reason", LONGEST_REASON)?,
            fact: from.text("fact")?,
            by: from.text("by")?,
        })
    }

    fn data(&self, by: &str) -> Value {
        json!({ "verdict": self.verdict, "reason": self.reason, "reviewer": by })
    }
}

impl Saying for Plate {
    const ACTION: &'static str = "plate";
    const KIND: &'static str = "plate-correction";

    fn check(&self, grammar: Grammar) -> Result<(), Problem> {
        let (class, color) = (self.class.as_deref(), self.color.as_deref());
        let read = plate::read(grammar, Some(&self.number), class, color, None)
            .map_err(|_| Problem::member("number", "not a plate that there can be"))?;
        if class.is_some() && read.class_reading == ClassReading::Unknown {
            return Err(Problem::member("class", "no class that a vehicle can have"));
        }
        Ok(())
    }

    const MEMBERS: &'static [&'static str] = &["number", "class", "color", "fact", "by"];

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn fact(&self) -> Option<&str> {
        self.fact.as_deref()
    }

    fn read(from: &Members) -> Result<Self, Problem> {
        Ok(Self {
            number: from.need_line("number", LONGEST_PLATE)?,
            class: from.text("class")?,
            color: from.text("color")?,
            fact: from.text("fact")?,
            by: from.text("by")?,
        })
    }

    fn data(&self, by: &str) -> Value {
        let plate = json!({ "number": self.number, "class": self.class, "color": self.color });
        json!({ "plate": plate, "by": by })
    }
}

impl Saying for Discretion {
    const ACTION: &'static str = "discretion";
    const KIND: &'static str = "discretion";
    const MEMBERS: &'static [&'static str] = &["outcome", "reason", "by"];

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn read(from: &Members) -> Result<Self, Problem> {
        Ok(Self {
            outcome: from.word("outcome", Outcome::ALL.iter().map(|(_, word)| *word))?,
            reason: from.need_line("reason", LONGEST_REASON)?,
            by: from.text("by")?,
        })
    }

    fn data(&self, by: &str) -> Value {
        json!({ "outcome": self.outcome, "reason": self.reason, "by": by })
    }
}

impl Saying for Objection {
    const ACTION: &'static str = "objection";
    const KIND: &'static str = "objection";
    const MEMBERS: &'static [&'static str] = &["ground", "statement", "by"];

    fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    fn read(from: &Members) -> Result<Self, Problem> {
        let statement = from.text("statement")?;
        if statement
            .as_ref()
            .is_some_and(|text| text.chars().count() > LONGEST_STATEMENT)
        {
            let detail = format!("at most {LONGEST_STATEMENT} characters are taken");
            return Err(Problem::member("statement", detail));
        }
        Ok(Self {
            ground: from.need_line("ground", LONGEST_REASON)?,
            statement,
            by: from.text("by")?,
        })
    }

    fn data(&self, _: &str) -> Value {
        json!({ "ground": self.ground, "statement": self.statement })
    }
}

/// The observation that is meant.
pub(super) fn about<'c>(said: &'c impl Saying, case: &'c CaseLine) -> Result<&'c str, Problem> {
    match said.fact() {
        Some(wanted) if case.facts.iter().any(|fact| fact == wanted) => Ok(wanted),
        Some(_) => Err(Problem::member("fact", "the case holds no such observation")),
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
        data["plate"] = plate_of(subject);
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
fn plate_of(subject: &str) -> Value {
    let mut parts = subject.split('/');
    let number = parts.next().unwrap_or_default();
    match parts.next() {
        None | Some("-") => json!({ "number": number }),
        Some(class) => json!({ "number": number, "class": class }),
    }
}
