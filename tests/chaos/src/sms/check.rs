//! What must hold in the end, from exports, the provider's ledger and diary, and the harness's own log.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Options;
use super::journal::Journal;
use super::town::{Caps, Quarter, Town};
use crate::evidence::{AttemptRow, CallRow, NoticeRow, PushRow, Violations, each_line, key, notice_of};
use crate::site::Site;
use crate::time::{micros, now, wait};

const SECOND: i64 = 1_000_000;
/// A call begins at most this long after its commit.
const BEGINS: i64 = 2 * SECOND;
/// After this a message that may be sent must have been.
const GRACE: i64 = 10 * SECOND;
/// `verify` reads everything.
const VERIFY: Duration = Duration::from_mins(30);

/// Files to look at.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    ledger: PathBuf,
    diary: PathBuf,
    exports: PathBuf,
    /// What `verify` said.
    pub(super) verify: Value,
    /// The most memory that `verify` had, in MiB.
    pub(super) verify_memory: u64,
    /// How long it took.
    pub(super) verify_seconds: f64,
    /// When the exports were taken.
    taken_at: i64,
}

/// Runs `verify`, which writes the exports.
pub(super) fn gather(site: &Site, ledger: PathBuf, options: &Options) -> Result<Evidence> {
    let exports = options.folder.join("exports");
    let taken_at = now();
    let arguments = [
        "verify",
        "--json",
        "--gateway-ledger",
        &ledger.display().to_string(),
        "--keep",
        &exports.display().to_string(),
    ];
    let mut verify = site.start(&arguments, "verify")?;
    let begun = std::time::Instant::now();
    let mut memory = 0;
    let ended = wait(VERIFY, || {
        memory = memory.max(verify.peak_memory().unwrap_or(0));
        verify.ends_within(Duration::ZERO).ok().flatten()
    });
    ended.with_context(|| format!("verify does not end: {}", verify.said()))?;
    let text = verify.printed()?;
    Ok(Evidence {
        ledger,
        diary: site.path("receipts.jsonl"),
        exports,
        verify: serde_json::from_str(&text)
            .with_context(|| format!("verify said {text}: {}", verify.said()))?,
        verify_memory: memory / 1024,
        verify_seconds: begun.elapsed().as_secs_f64(),
        taken_at,
    })
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) violations: Violations,
    /// Notices by state.
    pub(super) states: BTreeMap<String, u64>,
    /// Attempts by class.
    pub(super) classes: BTreeMap<String, u64>,
    /// Sends and look-ups by fault.
    pub(super) faults: BTreeMap<String, u64>,
    /// Pushes by fault.
    pub(super) pushes: BTreeMap<String, u64>,
    pub(super) sends: u64,
    pub(super) accepted: u64,
    pub(super) look_ups: u64,
    /// Unknown in the end though the provider took it; and though it did not.
    pub(super) unknown: (u64, u64),
    /// Messages that the provider took without a plain answer.
    pub(super) hidden: u64,
    /// Messages that left late only because the whole service had stood still.
    pub(super) late_after_freeze: u64,
    /// The most messages that one recipient got within an hour.
    pub(super) most_in_an_hour: u64,
}

/// What is remembered of a notice while the ledger is read.
#[derive(Clone, Copy, Default)]
struct Known {
    expires: i64,
    attempts: u32,
    accepted: u32,
    state: u8,
    /// A push that says `delivered` left.
    said_delivered: bool,
    /// One of those was taken, signed as it should be and about nothing else.
    took_delivered: bool,
}

/// Where a notice may stand in the end, and how many messages were taken for it then.
const STATES: [(&str, u32, u32); 13] = [
    ("queued", 0, 0),
    ("leased", 1, 0),
    ("submitted", 1, 0),
    ("accepted", 1, 1),
    ("delivered", 1, 1),
    ("undelivered", 1, 1),
    ("expired", 0, 1),
    ("held", 0, 0),
    ("unknown", 0, 1),
    ("refused", 0, 0),
    ("suppressed", 0, 0),
    ("cancelled", 0, 0),
    ("no_contact", 0, 0),
];

struct Looking<'a> {
    journal: &'a Journal,
    town: &'a Town,
    known: HashMap<u64, Known>,
    findings: Findings,
    /// When a fleet's phone was sent to.
    fleets: HashMap<String, Vec<i64>>,
}

pub(super) fn look(
    site: &Site,
    town: &Town,
    journal: &Journal,
    evidence: &Evidence,
    caps: Caps,
) -> Result<Findings> {
    let mut looking = Looking {
        journal,
        town,
        known: HashMap::with_capacity(town.notices() as usize),
        findings: Findings::default(),
        fleets: HashMap::new(),
    };
    each_line(&evidence.exports.join("notices.jsonl"), |row| {
        looking.notice(&row, evidence.taken_at);
    })?;
    each_line(&evidence.exports.join("attempts.jsonl"), |row| {
        looking.attempt(&row);
    })?;
    each_line(&evidence.ledger, |row| looking.call(&row))?;
    if site.path("receipts.jsonl").exists() {
        each_line(&evidence.diary, |row| looking.push(&row))?;
    }
    looking.ends();
    looking.caps(caps);
    looking.verified(&evidence.verify);
    for broken in &journal.broken {
        looking.findings.violations.add("while it ran", || broken.clone());
    }
    Ok(looking.findings)
}

impl Looking<'_> {
    fn wrong(&mut self, promise: &'static str, example: impl FnOnce() -> String) {
        self.findings.violations.add(promise, example);
    }

    fn notice(&mut self, row: &NoticeRow, taken_at: i64) {
        *self.findings.states.entry(row.state.clone()).or_default() += 1;
        let state = STATES.iter().position(|(word, ..)| *word == row.state);
        let (Some(state), Some(expires), Some(not_before)) =
            (state, micros(&row.expires_at), micros(&row.not_before))
        else {
            return self.wrong("exports can be read", || format!("{row:?}"));
        };
        let known = Known {
            expires,
            attempts: row.attempts,
            state: state as u8,
            ..Known::default()
        };
        if self.known.insert(key(&row.notice), known).is_some() {
            self.wrong("a notice stands once", || format!("{row:?}"));
        }
        let is_stuck = match &*row.state {
            "queued" => not_before.max(0) + GRACE < taken_at || expires + GRACE < taken_at,
            "leased" | "submitted" => true,
            "unknown" | "refused" | "suppressed" | "held" => row.reason.is_none(),
            _ => false,
        };
        if is_stuck {
            self.wrong("none is lost or stuck", || format!("{row:?}"));
        }
    }

    fn attempt(&mut self, row: &AttemptRow) {
        let class = row.class.clone().unwrap_or_else(|| "none".to_owned());
        *self.findings.classes.entry(class).or_default() += 1;
        let notice = key(&row.notice);
        let (Some(known), Some(at)) = (self.known.get(&notice).copied(), micros(&row.submitted_at)) else {
            return self.wrong("every attempt has its notice", || format!("{row:?}"));
        };
        if at >= known.expires {
            self.wrong("nothing is committed after expiry", || format!("{row:?}"));
        }
        if self.journal.is_paused(at, 0) {
            self.wrong("nothing is committed while paused", || format!("{row:?}"));
        }
        if self.journal.is_stopped(notice, at) {
            self.wrong("nothing is committed while held or cancelled", || {
                format!("{row:?}")
            });
        }
    }

    fn call(&mut self, row: &CallRow) {
        if let Some(fault) = &row.fault {
            let kind = if row.request.method == "GET" {
                "look-up "
            } else {
                ""
            };
            *self.findings.faults.entry(format!("{kind}{fault}")).or_default() += 1;
        }
        if row.request.method == "GET" {
            self.findings.look_ups += 1;
            return;
        }
        self.findings.sends += 1;
        let Some((notice, number)) = row.client_ref.as_deref().and_then(notice_of) else {
            return self.wrong("every call has its attempt", || format!("{row:?}"));
        };
        let (notice, at) = (key(notice), micros(&row.at).unwrap_or(0));
        let Some(known) = self.known.get_mut(&notice) else {
            return self.wrong("every call has its attempt", || format!("{row:?}"));
        };
        let is_accepted = row.verdict == "accepted";
        known.accepted += u32::from(is_accepted);
        let known = *known;
        if number > known.attempts {
            self.wrong("every call has its attempt", || format!("{row:?}"));
        }
        if is_accepted {
            self.findings.accepted += 1;
            self.findings.hidden += u64::from(row.fault.as_deref().is_some_and(|fault| fault != "slow"));
            if known.accepted > 1 {
                self.wrong("at most one message per notice", || format!("{row:?}"));
            }
        }
        self.times(row, notice, known, at);
        if Quarter::of_phone(row.to.as_deref().unwrap_or_default()) == Some(Quarter::Fleet) && is_accepted {
            let phone = row.to.clone().unwrap_or_default();
            self.fleets.entry(phone).or_default().push(at);
        }
    }

    /// Whether a message came when none might.
    fn times(&mut self, row: &CallRow, notice: u64, known: Known, at: i64) {
        let quarter = Quarter::of_phone(row.to.as_deref().unwrap_or_default());
        let is_quiet = match quarter {
            Some(Quarter::Quiet) => true,
            Some(Quarter::Dawn) => at < self.town.dawn,
            Some(Quarter::Dusk) => at >= self.town.dusk + BEGINS,
            _ => false,
        };
        let promise = if at >= known.expires + BEGINS {
            "nothing is sent after expiry"
        } else if is_quiet {
            "nothing is sent in quiet hours"
        } else if self.journal.is_paused(at, BEGINS) {
            "nothing is sent while paused"
        } else if self.journal.is_stopped(notice, at) {
            "nothing is sent while held or cancelled"
        } else {
            return;
        };
        // What was on its way when the whole process stood still goes out when it wakes: no clock of its own ran.
        if self.journal.was_frozen(at, BEGINS) {
            self.findings.late_after_freeze += 1;
        } else {
            self.wrong(promise, || format!("{row:?}"));
        }
    }

    fn push(&mut self, row: &PushRow) {
        let fault = row.fault.as_deref();
        if row.event == "leaves" {
            let name = fault.unwrap_or("none").to_owned();
            *self.findings.pushes.entry(name).or_default() += 1;
        }
        let is_sound = matches!(
            fault,
            None | Some("twice" | "hundredfold" | "failed-then-delivered" | "delivered-then-failed")
        );
        let is_taken = row.event == "answered" && row.status.is_some_and(|status| status / 100 == 2);
        for (client_ref, state) in &row.told {
            let Some((notice, _)) = notice_of(client_ref) else {
                continue;
            };
            if let Some(known) = self.known.get_mut(&key(notice)).filter(|_| state == "delivered") {
                known.said_delivered |= row.event == "leaves";
                known.took_delivered |= is_taken && is_sound;
            }
        }
    }

    fn ends(&mut self) {
        let count = self.known.len() as u64;
        let town = self.town.notices();
        if count != town {
            self.wrong("every fact has its notice", || {
                format!("{count} notices of {town}")
            });
        }
        for (notice, known) in std::mem::take(&mut self.known) {
            let (state, least, most) = STATES[usize::from(known.state)];
            let example = || {
                format!(
                    "notice with key {notice:x}: {state}, {} attempts, {} messages taken, delivery said: {}, taken: {}",
                    known.attempts, known.accepted, known.said_delivered, known.took_delivered
                )
            };
            if known.accepted < least || known.accepted > most.max(least) {
                self.wrong("a state agrees with what was taken", example);
            }
            if state == "unknown" {
                let taken = &mut self.findings.unknown;
                if known.accepted > 0 {
                    taken.0 += 1;
                } else {
                    taken.1 += 1;
                }
            }
            if state == "delivered" && !known.said_delivered {
                self.wrong("delivered only by a receipt", example);
            }
            if known.took_delivered && state != "delivered" {
                self.wrong("no receipt that was taken is lost", example);
            }
        }
    }

    /// By the provider's own count, whoever sent and whenever it was killed.
    fn caps(&mut self, caps: Caps) {
        const HOUR: i64 = 3_600 * SECOND;
        for (phone, mut times) in std::mem::take(&mut self.fleets) {
            times.sort_unstable();
            let busiest = times
                .iter()
                .map(|from| {
                    times
                        .iter()
                        .filter(|at| (*from..from + HOUR).contains(at))
                        .count() as u64
                })
                .max()
                .unwrap_or(0);
            self.findings.most_in_an_hour = self.findings.most_in_an_hour.max(busiest);
            let end = phone[phone.len().saturating_sub(4)..].to_owned();
            if caps.per_hour.is_some_and(|cap| busiest > cap) {
                self.wrong("a recipient's cap of an hour holds", || {
                    format!("...{end}: {busiest}")
                });
            }
            if caps.per_day.is_some_and(|cap| times.len() as u64 > cap) {
                self.wrong("a recipient's cap of a day holds", || {
                    format!("...{end}: {}", times.len())
                });
            }
        }
    }

    fn verified(&mut self, verify: &Value) {
        let promises = verify["promises"].as_array().cloned().unwrap_or_default();
        if promises.is_empty() {
            self.wrong("verify finds nothing", || format!("it says {verify}"));
        }
        for promise in promises.iter().filter(|promise| promise["verdict"] == "broken") {
            self.wrong("verify finds nothing", || promise.to_string());
        }
    }
}
