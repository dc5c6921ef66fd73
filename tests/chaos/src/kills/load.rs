//! A client: sends facts one by one, in batches and as lines, and sends again what nobody answered for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::facts::{Fact, Kind};
use super::log::Log;
use crate::dice::Dice;
use crate::time::pause;
use crate::wire::Client;

/// While nobody listens.
const AWAY: Duration = Duration::from_millis(25);
/// How many of its facts a client remembers, to say them again or to contradict them.
const REMEMBERED: usize = 200;

/// One client.
pub(super) struct Sender<'a> {
    client: Client,
    number: u64,
    dice: Dice,
    log: &'a Mutex<Log>,
    next: u64,
    /// Facts that were answered for.
    known: Vec<Fact>,
}

/// How facts go together.
#[derive(Clone, Copy)]
enum Form {
    Single,
    Batch,
    Lines,
}

impl Form {
    fn media(self) -> &'static str {
        match self {
            Form::Single => "application/cloudevents+json",
            Form::Batch => "application/cloudevents-batch+json",
            Form::Lines => "application/x-ndjson",
        }
    }

    fn body(self, facts: &[Fact]) -> String {
        let texts: Vec<&str> = facts.iter().map(|fact| fact.text.as_str()).collect();
        match self {
            Form::Single => texts.concat(),
            Form::Batch => format!("[{}]", texts.join(",")),
            Form::Lines => texts.join("\n"),
        }
    }
}

impl<'a> Sender<'a> {
    pub(super) fn new(client: Client, number: u64, dice: Dice, log: &'a Mutex<Log>) -> Self {
        Self {
            client,
            number,
            dice,
            log,
            next: 0,
            known: Vec::new(),
        }
    }

    /// Sends until told to stop.
    pub(super) fn work(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let (form, count) = match self.dice.below(3) {
                0 => (Form::Single, 1),
                1 => (Form::Batch, self.dice.between(1, 30)),
                _ => (Form::Lines, self.dice.between(1, 30)),
            };
            let facts: Vec<Fact> = (0..count).map(|_| self.fact()).collect();
            // Most devices keep what nobody answered for and send it again; some forget.
            while !self.send(form, &facts) && self.dice.percent(80) && !stop.load(Ordering::Relaxed) {
                pause(AWAY);
                self.log().count("requests sent again", 1);
            }
            pause(Duration::from_millis(self.dice.below(30)));
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fact(&mut self) -> Fact {
        let roll = self.dice.below(100);
        if roll < 12 && !self.known.is_empty() {
            let known = self.dice.one_of(&self.known);
            let other = (roll >= 8).then(|| known.contradicted()).flatten();
            return other.unwrap_or_else(|| known.clone());
        }
        self.next += 1;
        let about = (!self.known.is_empty()).then(|| self.dice.one_of(&self.known).clone());
        Fact::new(&mut self.dice, self.number, self.next, about.as_ref())
    }

    /// Whether there was an answer.
    fn send(&mut self, form: Form, facts: &[Fact]) -> bool {
        self.log().sending(facts);
        let body = form.body(facts);
        let Ok(answer) = self
            .client
            .ask("POST", "/v1/facts", form.media(), body.as_bytes())
        else {
            self.log().count("requests without an answer", 1);
            return false;
        };
        match answer.status {
            202 => {
                self.log().taken(facts, &answer.json());
                self.remember(facts);
            }
            400 => self.log().refused(facts),
            _ => {
                self.log().count("other answers", 1);
                return false;
            }
        }
        true
    }

    fn remember(&mut self, facts: &[Fact]) {
        for fact in facts.iter().filter(|fact| fact.kind == Kind::Good) {
            if self.known.len() == REMEMBERED {
                self.known
                    .swap_remove(self.dice.below(REMEMBERED as u64) as usize);
            }
            self.known.push(fact.clone());
        }
    }
}
