//! What people do over HTTP while everything else happens: hold, release and cancel single messages, pause and resume all,
//! and see to a provider that paused itself.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::journal::Journal;
use crate::dice::Dice;
use crate::evidence::{CallRow, notice_of};
use crate::time::{now, pause};
use crate::wire::Client;

/// Between two deeds.
const BETWEEN: Duration = Duration::from_millis(150);
/// How much of the ledger's end is read for messages that may be tried again.
const TAIL: u64 = 64 << 10;
/// A release that is refused, as for a message that was cancelled, is not asked for for ever.
const MOST_HELD: usize = 40;

/// The people of the bureau.
pub(super) struct People<'a> {
    client: Client,
    journal: &'a Mutex<Journal>,
    dice: Dice,
    ledger: PathBuf,
    held: Vec<String>,
}

impl<'a> People<'a> {
    pub(super) fn new(client: Client, journal: &'a Mutex<Journal>, dice: Dice, ledger: PathBuf) -> Self {
        Self {
            client,
            journal,
            dice,
            ledger,
            held: Vec::new(),
        }
    }

    /// Acts until told to stop; afterwards nothing is paused by a person.
    pub(super) fn work(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.see_to_the_provider();
            match self.dice.below(100) {
                0..4 => self.pause_all(),
                4..40 => self.stop_one(),
                40..60 => self.release_one(),
                _ => {}
            }
            pause(BETWEEN);
        }
        self.resume_all();
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resumes a provider that paused for unknowns or a refused account; a person would look first.
    pub(super) fn see_to_the_provider(&mut self) {
        let Ok(answer) = self.client.get("/v1/sms") else {
            return;
        };
        let status = answer.json();
        for provider in status["providers"].as_array().into_iter().flatten() {
            let Some(reason) = provider["paused"]["reason"].as_str() else {
                continue;
            };
            let why = if reason.starts_with("unknowns") {
                "resume after ten unknowns"
            } else {
                "resume after a refused account"
            };
            let name = &provider["provider"];
            if self.asks("/v1/sms/resume", &json!({"provider": name, "reason": "seen to"})) {
                self.journal().count(why);
            }
        }
    }

    fn asks(&mut self, path: &str, body: &Value) -> bool {
        self.client
            .post(path, body)
            .is_ok_and(|answer| answer.status == 200)
    }

    fn pause_all(&mut self) {
        let is_paused = self.asks("/v1/sms/pause", &json!({"reason": "campaign"}));
        if is_paused {
            self.journal().paused(now());
            pause(Duration::from_millis(self.dice.between(200, 2_500)));
        }
        // Also where nobody answered: it may have been heard.
        self.resume_all();
    }

    fn resume_all(&mut self) {
        for _ in 0..600 {
            self.journal().resuming(now());
            if self.asks("/v1/sms/resume", &json!({"reason": "campaign"})) {
                return;
            }
            pause(BETWEEN);
        }
        self.journal()
            .broken
            .push("sending could not be resumed for a long time".to_owned());
    }

    /// Holds or cancels a message that may still be sent.
    fn stop_one(&mut self) {
        let Some(notice) = self.somebody() else { return };
        let (verb, what) = if self.dice.percent(75) {
            ("hold", "hold")
        } else {
            ("cancel", "cancel")
        };
        if self.asks(
            &format!("/v1/notices/{notice}/{verb}"),
            &json!({"reason": "campaign"}),
        ) {
            self.journal().stopped(&notice, now(), what);
            if verb == "hold" && self.held.len() < MOST_HELD {
                self.held.push(notice);
            }
        } else {
            self.journal().count("hold or cancel that came too late");
        }
    }

    fn release_one(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let notice = self
            .held
            .swap_remove(self.dice.below(self.held.len() as u64) as usize);
        self.journal().releasing(&notice, now());
        if self.asks(
            &format!("/v1/notices/{notice}/release"),
            &json!({"reason": "campaign"}),
        ) {
            self.journal().count("release");
        }
    }

    /// A message in the queue, or one of those that the provider has just seen and that may be tried again.
    fn somebody(&mut self) -> Option<String> {
        if self.dice.percent(50) {
            return self.seen_lately();
        }
        let answer = self.client.get("/v1/notices?state=queued&limit=50").ok()?.json();
        let items = answer["items"].as_array()?;
        if items.is_empty() {
            return None;
        }
        Some(self.dice.one_of(items)["notice"].as_str()?.to_owned())
    }

    fn seen_lately(&mut self) -> Option<String> {
        let mut file = File::open(&self.ledger).ok()?;
        let length = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).ok()?;
        let calls = text.split(|byte| *byte == b'\n').filter_map(|line| {
            let call: CallRow = serde_json::from_slice(line).ok()?;
            (call.verdict != "accepted").then_some(call.client_ref?)
        });
        let refused: Vec<String> = calls.collect();
        if refused.is_empty() {
            return None;
        }
        let client_ref: &String = self.dice.one_of(&refused);
        Some(notice_of(client_ref)?.0.to_owned())
    }
}
