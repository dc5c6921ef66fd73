//! What a person says about a case, as a fact.

use engine::case::Outcome;
use engine::time::Timestamp;
use formats::case_line::CaseLine;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{CaseCommand, VerdictWord};
use crate::failure::{Code, Failure};

/// Facts of people at this command.
const SOURCE: &str = "/console/cli";

/// Something to say.
pub(super) struct Saying {
    action: &'static str,
    kind: &'static str,
    data: Value,
    /// Which of the case's observations is meant; none: any, since it is about the whole case.
    fact: Option<String>,
}

impl Saying {
    /// None: the command only looks.
    pub(super) fn of(command: &CaseCommand) -> Result<Option<Self>, Failure> {
        let saying = |action, kind, data, fact| {
            Some(Self {
                action,
                kind,
                data,
                fact,
            })
        };
        Ok(match command {
            CaseCommand::Show { .. } => None,
            CaseCommand::Void { reason, .. } => saying("void", "void", json!({ "reason": reason }), None),
            CaseCommand::Review {
                verdict,
                reason,
                fact,
                ..
            } => {
                let verdict = match verdict {
                    VerdictWord::Confirmed => "confirmed",
                    VerdictWord::Rejected => "rejected",
                };
                let data = json!({ "verdict": verdict, "reason": reason });
                saying("review", "review", data, fact.clone())
            }
            CaseCommand::Plate {
                plate,
                class,
                color,
                fact,
                ..
            } => {
                let plate = json!({ "number": plate, "class": class, "color": color });
                saying(
                    "plate",
                    "plate-correction",
                    json!({ "plate": plate }),
                    fact.clone(),
                )
            }
            CaseCommand::Discretion { outcome, reason, .. } => {
                if Outcome::parse(outcome).is_none() {
                    let words: Vec<&str> = Outcome::ALL.iter().map(|(_, word)| *word).collect();
                    let failure = Failure::usage(format_args!("`{outcome}` is no outcome"));
                    return Err(failure.hint(format!("there are {}", words.join(", "))));
                }
                saying(
                    "discretion",
                    "discretion",
                    json!({ "outcome": outcome, "reason": reason }),
                    None,
                )
            }
        })
    }

    /// The word of the command.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    /// The fact about this case, as one event.
    pub(super) fn event(&self, case: &CaseLine, by: &str, now: Timestamp) -> Result<String, Failure> {
        let about = self.about(case)?;
        let mut data = self.data.clone();
        data["about"] = json!(about);
        data["at"] = json!(now.to_string());
        data[if self.kind == "review" { "reviewer" } else { "by" }] = json!(by);
        // There `plate` is the right one, not where the fact is kept.
        if self.kind != "plate-correction" {
            data["plate"] = plate(&case.subject);
        }
        let event = json!({
            "specversion": "1.0",
            "type": format!("clearwalk.{}.v1", self.kind),
            "source": SOURCE,
            "id": Uuid::now_v7().to_string(),
            "time": now.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        });
        Ok(event.to_string())
    }

    fn about<'c>(&self, case: &'c CaseLine) -> Result<&'c str, Failure> {
        let Some(wanted) = &self.fact else {
            let first = case.facts.first().map(String::as_str);
            return first
                .ok_or_else(|| Failure::new(Code::Conflict, "the case holds no observation any more"));
        };
        let found = case.facts.iter().find(|fact| *fact == wanted);
        found.map(String::as_str).ok_or_else(|| {
            let failure = Failure::new(
                Code::NotFound,
                format_args!("the case holds no observation `{wanted}`"),
            );
            failure.hint(format!("it holds {}", case.facts.join(", ")))
        })
    }
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
