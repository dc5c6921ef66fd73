//! Which fault befalls which send: a seeded plan with rates, and rules for single messages.
//!
//! The plan is a pure function of its text and of what was sent, so a failing run can be repeated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::door::{Connections, Door};
use super::fault::Fault;
use super::ledger::Verdict;
use super::limits::Limits;
use super::receipts::{ReceiptFault, Receipts};
pub use super::span::Span;

/// A plan file. Without rates and rules every send is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    pub seed: u64,
    /// The share of sends that each fault befalls; the rest is accepted.
    pub rates: Rates,
    /// The share of look-ups; only faults that take nothing make sense there.
    pub look_up_rates: LookUpRates,
    /// The first rule that matches wins over the rates.
    pub messages: Vec<Rule>,
    /// Seconds in `Retry-After`.
    pub retry_after: Span,
    /// How late a slow answer comes.
    pub slow_by: Span,
    /// The pause between two bytes of a dripping answer.
    pub drip: Span,
    /// When a hanging connection is closed, if the client did not close it.
    pub hang_limit: Span,
    /// How long after acceptance a look-up says `delivered`.
    pub receipt_delay: Span,
    /// How long after acceptance a look-up still finds nothing.
    pub look_up_lag: Span,
    /// Seconds that the clock of this provider is ahead of the world's, which `Date`, `Retry-After` and receipts that go by
    /// themselves tell; negative: behind.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_ahead: i64,
    /// What each number may be sent.
    pub limits: Limits,
    /// What befalls connections before anything is asked.
    pub connections: Connections,
    /// Where redirects to another host lead.
    pub elsewhere: String,
    /// Where receipts are pushed; absent: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Receipts>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            seed: 0,
            rates: Rates::default(),
            look_up_rates: LookUpRates::default(),
            messages: Vec::new(),
            retry_after: Span::seconds(2),
            slow_by: Span::seconds(2),
            drip: Span::seconds(1),
            hang_limit: Span::seconds(120),
            receipt_delay: Span::seconds(3),
            look_up_lag: Span::seconds(0),
            clock_ahead: 0,
            limits: Limits::default(),
            connections: Connections::default(),
            elsewhere: "http://127.0.0.1:9/".to_owned(),
            receipts: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

/// A fault for single messages. Every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRule")]
pub struct Rule {
    /// The end of the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ref: Option<String>,
    /// Counts, from 1, the sends that fit the other conditions, since the plan was put in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    pub fault: Fault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    to: Option<String>,
    client_ref: Option<String>,
    nth: Option<u64>,
    fault: Fault,
}

impl TryFrom<RawRule> for Rule {
    type Error = &'static str;

    fn try_from(raw: RawRule) -> Result<Rule, &'static str> {
        let RawRule {
            to,
            client_ref,
            nth,
            fault,
        } = raw;
        if to.is_none() && client_ref.is_none() && nth.is_none() {
            return Err("a rule needs `to`, `client_ref` or `nth`; for every send use `rates`");
        }
        if nth == Some(0) {
            return Err("`nth` counts from 1");
        }
        Ok(Rule {
            to,
            client_ref,
            nth,
            fault,
        })
    }
}

/// Shares by fault; each from 0 to 1, all together at most 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Fault, f64>")]
pub struct Rates(BTreeMap<Fault, f64>);

impl TryFrom<BTreeMap<Fault, f64>> for Rates {
    type Error = String;

    fn try_from(shares: BTreeMap<Fault, f64>) -> Result<Rates, String> {
        for (fault, share) in &shares {
            if !(0.0..=1.0).contains(share) {
                return Err(format!(
                    "the rate of `{fault}` is {share}; it must be from 0 to 1"
                ));
            }
        }
        let sum: f64 = shares.values().sum();
        // Shares such as 0.1 are not exact in binary; ten of them may come out above 1.
        if sum > 1.0 + 1e-9 {
            return Err(format!("the rates add up to {sum}; at most 1 is possible"));
        }
        Ok(Rates(shares))
    }
}

impl Rates {
    /// The fault at `point`, which lies in `0.0..1.0`.
    fn at(&self, point: f64) -> Option<Fault> {
        let mut reached = 0.0;
        self.0.iter().find_map(|(fault, share)| {
            reached += share;
            (point < reached).then_some(*fault)
        })
    }
}

/// Rates of faults that do not take a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Rates")]
pub struct LookUpRates(Rates);

impl TryFrom<Rates> for LookUpRates {
    type Error = String;

    fn try_from(rates: Rates) -> Result<LookUpRates, String> {
        match rates.0.keys().find(|fault| fault.verdict() == Verdict::Accepted) {
            Some(fault) => Err(format!("`{fault}` takes a message, and a look-up brings none")),
            None => Ok(LookUpRates(rates)),
        }
    }
}

/// Why a plan cannot be used, and where.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{file}: key `{key}`, line {line}: {message}")]
    Bad {
        file: String,
        key: String,
        line: usize,
        message: String,
    },
}

/// How the text of a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Toml,
}

impl Plan {
    /// Reads a plan file: JSON if its name ends so or it opens with a brace, else TOML.
    pub fn load(file: &Path) -> Result<Plan, PlanError> {
        let text = std::fs::read_to_string(file).map_err(|source| PlanError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        let named = |ending: &str| file.extension().is_some_and(|found| found == ending);
        let json = named("json") || (!named("toml") && text.trim_start().starts_with('{'));
        let format = if json { Format::Json } else { Format::Toml };
        Plan::parse(&text, format, &file.display().to_string())
    }

    /// Reads the text of a plan; `file` names it in errors.
    pub fn parse(text: &str, format: Format, file: &str) -> Result<Plan, PlanError> {
        let bad = |key: String, line: usize, message: String| PlanError::Bad {
            file: file.to_owned(),
            key,
            line,
            message,
        };
        let line_of = |error: &toml::de::Error| {
            error
                .span()
                .map_or(1, |span| 1 + text[..span.start].matches('\n').count())
        };
        match format {
            Format::Json => {
                let mut reader = serde_json::Deserializer::from_str(text);
                let plan = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
                    bad(
                        error.path().to_string(),
                        error.inner().line(),
                        error.inner().to_string(),
                    )
                })?;
                reader
                    .end()
                    .map_err(|error| bad(".".to_owned(), error.line(), error.to_string()))?;
                Ok(plan)
            }
            Format::Toml => {
                let reader = toml::Deserializer::parse(text)
                    .map_err(|error| bad(".".to_owned(), line_of(&error), error.message().to_owned()))?;
                serde_path_to_error::deserialize(reader).map_err(|error| {
                    let inner = error.inner();
                    bad(
                        error.path().to_string(),
                        line_of(inner),
                        inner.message().to_owned(),
                    )
                })
            }
        }
    }

    /// The same times, no faults.
    #[must_use]
    pub fn without_faults(&self) -> Plan {
        Plan {
            rates: Rates::default(),
            look_up_rates: LookUpRates::default(),
            messages: Vec::new(),
            look_up_lag: Span::seconds(0),
            clock_ahead: 0,
            limits: Limits::default(),
            connections: Connections::default(),
            receipts: self.receipts.clone().map(Receipts::without_faults),
            ..self.clone()
        }
    }
}

/// A plan in force, with its counts.
#[derive(Debug, Default)]
pub(super) struct Course {
    plan: Plan,
    /// How many sends fitted each rule, its `nth` aside.
    fitted: Vec<u64>,
    look_ups: u64,
    accepted: u64,
    connections: u64,
}

impl Course {
    pub(super) fn new(plan: Plan) -> Course {
        let fitted = vec![0; plan.messages.len()];
        Course {
            plan,
            fitted,
            look_ups: 0,
            accepted: 0,
            connections: 0,
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The fault of this send: a function of seed and `client_ref`, but for the `nth` rules.
    pub(super) fn fault_of_send(&mut self, client_ref: &str, to: &str) -> Option<Fault> {
        let mut ruled = None;
        for (rule, fitted) in self.plan.messages.iter().zip(&mut self.fitted) {
            let fits = rule.to.as_deref().is_none_or(|end| to.ends_with(end))
                && rule.client_ref.as_deref().is_none_or(|known| known == client_ref);
            if fits {
                // Every fitting rule counts, so that one rule's `nth` does not hang on another.
                *fitted += 1;
                if ruled.is_none() && rule.nth.is_none_or(|nth| nth == *fitted) {
                    ruled = Some(rule.fault);
                }
            }
        }
        ruled.or_else(|| self.plan.rates.at(self.point("send", client_ref)))
    }

    /// What befalls the next connection: a function of seed and its number.
    pub(super) fn fate_of_connection(&mut self) -> Option<Door> {
        self.connections += 1;
        let point = self.point("connection", &self.connections.to_string());
        self.plan.connections.fate(point)
    }

    /// Counts a message against the balance.
    pub(super) fn count_accepted(&mut self) {
        self.accepted += 1;
    }

    /// Whether the key is good no more.
    pub(super) fn is_revoked(&self) -> bool {
        let after = self.plan.limits.revoked_after;
        after.is_some_and(|after| self.accepted >= after)
    }

    /// Whether the money has run out.
    pub(super) fn is_broke(&self) -> bool {
        self.plan
            .limits
            .balance
            .is_some_and(|balance| self.accepted >= balance)
    }

    /// Where receipts about a message go, and what befalls them: a function of seed and `client_ref`.
    pub(super) fn receipts_of(
        &self,
        client_ref: &str,
        to: &str,
    ) -> Option<(&Receipts, Option<ReceiptFault>)> {
        let receipts = self.plan.receipts.as_ref()?;
        let point = self.point("receipt", client_ref);
        Some((receipts, receipts.fault_of(client_ref, to, point)))
    }

    /// The fault of this look-up: a function of seed and its number, so that asking again helps.
    pub(super) fn fault_of_look_up(&mut self) -> Option<Fault> {
        self.look_ups += 1;
        self.plan
            .look_up_rates
            .0
            .at(self.point("look-up", &self.look_ups.to_string()))
    }

    /// A number in `0.0..1.0` that only seed, kind and key decide.
    fn point(&self, kind: &str, key: &str) -> f64 {
        let digest = Sha256::digest(format!("{}\0{kind}\0{key}", self.plan.seed));
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // 53 bits are what an f64 holds exactly.
        (u64::from_be_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<Plan, String> {
        Plan::parse(text, Format::Toml, "plan.toml").map_err(|error| error.to_string())
    }

    fn json(text: &str) -> Result<Plan, String> {
        Plan::parse(text, Format::Json, "plan.json").map_err(|error| error.to_string())
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let left = toml(
            "seed = 7\nslow_by = \"250ms\"\nrates = { slow = 0.05, error-after-taking = 0.1 }\n\
             messages = [{ to = \"0001\", nth = 3, fault = \"reset-after-taking\" }]\n",
        );
        let right = json(
            r#"{"seed":7,"slow_by":"250ms","rates":{"slow":0.05,"error-after-taking":0.1},
                "messages":[{"to":"0001","nth":3,"fault":"reset-after-taking"}]}"#,
        );
        assert_eq!(left, right);
        let plan = left.unwrap();
        let printed = serde_json::to_string(&plan).unwrap();
        assert_eq!(json(&printed).unwrap(), plan);
    }

    #[test]
    fn a_bad_plan_is_told_by_file_key_and_line() {
        for (text, parts) in [
            (
                "seed = 1\n\nrates = { slow = 0.1, sloww = 0.1 }",
                ["`rates.sloww`", "line 3", "sloww"],
            ),
            (
                "seed = 1\nrates = { slow = 1.5 }",
                ["`rates`", "line 2", "`slow` is 1.5"],
            ),
            (
                "[rates]\nslow = 0.6\nblocked = 0.6",
                ["`rates`", "line 1", "add up to 1.2"],
            ),
            ("seed = \"x\"", ["`seed`", "line 1", "invalid type"]),
            ("seeds = 1", ["`seeds`", "line 1", "unknown field"]),
            ("\nslow_by = \"2 s\"", ["`slow_by`", "line 2", "`2 s` is not"]),
            (
                "\n[[messages]]\nfault = \"slow\"",
                ["`messages[0]`", "line 2", "a rule needs"],
            ),
            (
                "\n[[messages]]\nnth = 0\nfault = \"slow\"",
                ["`messages[0]`", "line 2", "from 1"],
            ),
            (
                "[look_up_rates]\nslow = 0.1",
                ["`look_up_rates`", "line 1", "takes a message"],
            ),
            ("seed = ", ["`.`", "line 1", ""]),
        ] {
            let told = toml(text).unwrap_err();
            assert!(told.starts_with("plan.toml: "), "{told}");
            for part in parts {
                assert!(told.contains(part), "{text:?} gave {told:?} without {part:?}");
            }
        }
        let told = json("{\n \"rates\": {\"sloww\": 0.1}}").unwrap_err();
        assert!(told.contains("plan.json") && told.contains("line 2") && told.contains("sloww"));
        assert!(json("{} x").unwrap_err().contains("trailing"));
    }

    #[test]
    fn the_fault_of_a_send_is_a_function_of_seed_and_reference() {
        let plan = toml("seed = 5\nrates = { slow = 0.3, blocked = 0.2 }").unwrap();
        let mut there = Course::new(plan.clone());
        let mut back = Course::new(plan.clone());
        let refs: Vec<String> = (0..2000).map(|n| format!("ref-{n}")).collect();
        let forth: Vec<_> = refs.iter().map(|r| there.fault_of_send(r, "+86")).collect();
        let mut reversed: Vec<_> = refs.iter().rev().map(|r| back.fault_of_send(r, "+86")).collect();
        reversed.reverse();
        assert_eq!(forth, reversed);
        let slow = forth.iter().filter(|fault| **fault == Some(Fault::Slow)).count();
        let none = forth.iter().filter(|fault| fault.is_none()).count();
        assert!(
            (500..700).contains(&slow) && (900..1100).contains(&none),
            "{slow} {none}"
        );

        let mut other = Course::new(Plan { seed: 6, ..plan });
        let moved: Vec<_> = refs.iter().map(|r| other.fault_of_send(r, "+86")).collect();
        assert_ne!(forth, moved);
    }

    #[test]
    fn rates_that_add_up_to_one_leave_nothing_over() {
        let plan = toml("rates = { slow = 0.5, blocked = 0.5 }").unwrap();
        let mut course = Course::new(plan);
        assert!((0..500).all(|n| course.fault_of_send(&n.to_string(), "").is_some()));
    }

    #[test]
    fn a_rule_counts_the_sends_that_fit_it() {
        let plan = toml(
            "messages = [{ to = \"01\", nth = 2, fault = \"slow\" }, \
             { client_ref = \"x\", fault = \"blocked\" }, { nth = 4, fault = \"content\" }]",
        )
        .unwrap();
        let mut course = Course::new(plan);
        let mut send = |client_ref: &str, to: &str| course.fault_of_send(client_ref, to);
        assert_eq!(send("a", "+8601"), None);
        assert_eq!(send("x", "+8602"), Some(Fault::Blocked));
        assert_eq!(send("b", "+8601"), Some(Fault::Slow));
        assert_eq!(send("c", "+8602"), Some(Fault::Content));
        assert_eq!(send("d", "+8601"), None);
    }
}
