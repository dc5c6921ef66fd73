//! What was sent and what was answered: a fact counts as taken only once the answer that says so has arrived.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::facts::{Fact, Kind};

/// What is known of one content under one name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub(super) content: u64,
    /// An answer said that it is durable.
    pub(super) is_taken: bool,
    /// An answer said that it is refused.
    pub(super) is_refused: bool,
}

/// Everything that was said under one name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) kind: Kind,
    pub(super) said: Vec<Said>,
}

/// The log of all clients.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) names: HashMap<String, Named>,
    counts: BTreeMap<&'static str, u64>,
    /// Answers that do not add up.
    pub(super) wrong: Vec<String>,
}

impl Log {
    pub(super) fn count(&mut self, what: &'static str, by: u64) {
        *self.counts.entry(what).or_default() += by;
    }

    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        self.counts.iter().map(|(what, count)| (*what, *count)).collect()
    }

    fn said(&mut self, fact: &Fact) -> &mut Said {
        let named = self.names.entry(fact.name.clone()).or_insert_with(|| Named {
            kind: fact.kind,
            said: Vec::new(),
        });
        let at = named.said.iter().position(|said| said.content == fact.content);
        let at = at.unwrap_or_else(|| {
            named.said.push(Said {
                content: fact.content,
                ..Said::default()
            });
            named.said.len() - 1
        });
        &mut named.said[at]
    }

    /// Before a request leaves: from now on its facts may be there.
    pub(super) fn sending(&mut self, facts: &[Fact]) {
        self.count("requests", 1);
        self.count("facts sent", facts.len() as u64);
        for fact in facts {
            self.said(fact);
        }
    }

    /// A whole answer of 202 has arrived.
    pub(super) fn taken(&mut self, facts: &[Fact], answer: &Value) {
        self.count("answers 202", 1);
        let refused: Vec<usize> = answer["rejected"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|refused| Some(refused["index"].as_u64()? as usize))
            .collect();
        let of = |word: &str| answer[word].as_u64().unwrap_or(u64::MAX / 4);
        if of("accepted") + of("duplicate") + refused.len() as u64 != facts.len() as u64 {
            self.wrong
                .push(format!("{} facts were sent, answered: {answer}", facts.len()));
        }
        for (index, fact) in facts.iter().enumerate() {
            let is_refused = refused.contains(&index);
            let said = self.said(fact);
            if is_refused {
                said.is_refused = true;
            } else {
                said.is_taken = true;
            }
            self.count(
                if is_refused {
                    "facts refused"
                } else {
                    "facts answered for"
                },
                1,
            );
        }
    }

    /// A whole answer of 400 has arrived: nothing of it was taken.
    pub(super) fn refused(&mut self, facts: &[Fact]) {
        self.count("answers 400", 1);
        for fact in facts {
            self.said(fact).is_refused = true;
            self.count("facts refused", 1);
        }
    }
}
