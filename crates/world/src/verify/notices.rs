//! Promises 11 to 14: what was owed, what was sent, and what the gateway says that it received.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::cases::Cases;
use super::chain::Entry;
use super::ledger::Received;
use super::report::Finding;
use super::rows::{EvidenceError, lines, micros};

const SECOND: i64 = 1_000_000;
/// Longer than any call may take and upkeep may be late.
const GRACE: i64 = 15 * 60 * SECOND;
/// The gateway's clock is its own.
const SKEW: i64 = SECOND;

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the export")]
struct Notice {
    notice: String,
    case: String,
    kind: String,
    revision: u32,
    state: String,
    #[serde(deserialize_with = "instant")]
    not_before: i64,
    #[serde(deserialize_with = "instant")]
    expires_at: i64,
    attempts: u64,
    #[serde(deserialize_with = "instant")]
    queued_at: i64,
    #[serde(deserialize_with = "perhaps")]
    submitted_at: Option<i64>,
    #[serde(deserialize_with = "perhaps")]
    accepted_at: Option<i64>,
    #[serde(deserialize_with = "perhaps")]
    final_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the export")]
struct Attempt {
    attempt: String,
    notice: String,
    client_ref: String,
    #[serde(deserialize_with = "instant")]
    submitted_at: i64,
    class: Option<String>,
}

impl Attempt {
    /// Whether a citizen may have received it.
    fn may_have_arrived(&self) -> bool {
        matches!(self.class.as_deref(), None | Some("accepted" | "unknown"))
    }
}

pub(super) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    micros(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no time with an offset")))
}

fn perhaps<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<String>::deserialize(from)? {
        Some(text) => Some(
            micros(&text)
                .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no time with an offset")))?,
        ),
        None => None,
    })
}

/// A message that a provider took, as the store says.
pub(super) struct Taken {
    pub(super) case: String,
    pub(super) kind: String,
    pub(super) accepted_at: i64,
}

/// Notices and attempts.
pub(super) struct Sendings {
    notices: Vec<Notice>,
    attempts: Vec<Attempt>,
}

impl Sendings {
    pub(super) fn read(notices: &Path, attempts: &Path) -> Result<Sendings, EvidenceError> {
        Ok(Sendings {
            notices: lines(notices)?.collect::<Result<_, _>>()?,
            attempts: lines(attempts)?.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.attempts
            .iter()
            .filter(|attempt| attempt.class.is_none())
            .count() as u64
    }

    pub(super) fn by_state(&self) -> HashMap<String, u64> {
        count(self.notices.iter().map(|notice| notice.state.as_str()))
    }

    pub(super) fn by_class(&self) -> HashMap<String, u64> {
        count(
            self.attempts
                .iter()
                .filter_map(|attempt| attempt.class.as_deref()),
        )
    }

    pub(super) fn taken(&self) -> impl Iterator<Item = Taken> {
        self.notices.iter().filter_map(|notice| {
            Some(Taken {
                case: notice.case.clone(),
                kind: notice.kind.clone(),
                accepted_at: notice.accepted_at?,
            })
        })
    }

    /// The latest instant that was written down: the store's own clock, which stood still while nothing ran.
    fn latest(&self, cases: &Cases) -> i64 {
        let notices = self
            .notices
            .iter()
            .flat_map(|it| [Some(it.queued_at), it.submitted_at, it.accepted_at, it.final_at]);
        let attempts = self.attempts.iter().map(|it| it.submitted_at);
        let decided = cases.ids().flat_map(|id| cases.of(id)).map(|it| it.decided_at);
        notices
            .flatten()
            .chain(attempts)
            .chain(decided)
            .max()
            .unwrap_or_default()
    }
}

fn count<'a>(words: impl Iterator<Item = &'a str>) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for word in words {
        *counts.entry(word.to_owned()).or_default() += 1;
    }
    counts
}

pub(super) fn check(
    sendings: &Sendings,
    cases: &Cases,
    entries: &[Entry],
    gateway: Option<&[Received]>,
    findings: &mut Vec<Finding>,
) {
    findings.push(together(sendings, cases));
    findings.push(none_lost(sendings, cases));
    findings.push(once(sendings, gateway));
    findings.push(allowed(sendings, entries, gateway));
}

/// Promise 11.
fn together(sendings: &Sendings, cases: &Cases) -> Finding {
    let mut finding = Finding::new(
        11,
        "decision and notice appear together",
        "joins of cases, notices and attempts, both ways",
    );
    let noticed: HashSet<&str> = sendings.notices.iter().map(|it| &*it.case).collect();
    let mut owed: Vec<&str> = cases
        .ids()
        .filter(|id| cases.of(id).any(super::cases::Version::calls_for_notice))
        .collect();
    owed.sort_unstable();
    for case in owed {
        finding.look();
        finding.must(noticed.contains(case), || {
            format!("{case} calls for a notice and has none")
        });
    }
    let notices: HashSet<&str> = sendings.notices.iter().map(|it| &*it.notice).collect();
    for notice in &sendings.notices {
        finding.look();
        finding.must(cases.of(&notice.case).next().is_some(), || {
            format!("{} is about no case", notice.notice)
        });
    }
    let mut attempts: HashMap<&str, u64> = HashMap::new();
    for attempt in &sendings.attempts {
        finding.look();
        *attempts.entry(&attempt.notice).or_default() += 1;
        finding.must(notices.contains(&*attempt.notice), || {
            format!("{} is of no notice", attempt.attempt)
        });
    }
    for notice in &sendings.notices {
        let found = attempts.get(&*notice.notice).copied().unwrap_or_default();
        finding.must(found == notice.attempts, || {
            format!(
                "{} says {} attempts and has {found}",
                notice.notice, notice.attempts
            )
        });
    }
    finding
}

/// Promise 12.
fn none_lost(sendings: &Sendings, cases: &Cases) -> Finding {
    let mut finding = Finding::new(
        12,
        "no notice is lost",
        "one notice per case, kind and revision, and none in flight beyond its deadline, by the store's own clock",
    );
    let latest = sendings.latest(cases);
    let (mut ids, mut keys) = (HashSet::new(), HashSet::new());
    for notice in &sendings.notices {
        finding.look();
        let id = &notice.notice;
        finding.must(ids.insert(id), || format!("{id} stands twice"));
        finding.must(keys.insert((&notice.case, &notice.kind, notice.revision)), || {
            format!("{id}: another notice has its case, kind and revision")
        });
        if notice.state == "submitted" {
            let since = notice.submitted_at.unwrap_or(notice.queued_at);
            finding.must(since + GRACE >= latest, || {
                format!("{id} is in flight beyond every deadline")
            });
        }
    }
    finding
}

/// Promise 13.
fn once(sendings: &Sendings, gateway: Option<&[Received]>) -> Finding {
    let mut finding = Finding::new(
        13,
        "at most one accepted message per notice",
        match gateway {
            Some(_) => "attempts of each notice, and messages that the gateway accepted for it",
            None => "attempts of each notice only; for what really arrived give --gateway-ledger",
        },
    );
    let mut attempts: Vec<&Attempt> = sendings.attempts.iter().collect();
    attempts.sort_by_key(|it| (&it.notice, it.submitted_at));
    for pair in attempts.windows(2) {
        finding.look();
        let (before, after) = (pair[0], pair[1]);
        finding.must(
            before.notice != after.notice || !before.may_have_arrived(),
            || {
                format!(
                    "{} was made though {} may have arrived",
                    after.attempt, before.attempt
                )
            },
        );
    }
    let Some(gateway) = gateway else { return finding };
    let by_ref: HashMap<&str, &Attempt> = sendings.attempts.iter().map(|it| (&*it.client_ref, it)).collect();
    let mut accepted: HashMap<&str, u64> = HashMap::new();
    for received in gateway {
        finding.look();
        let Some(client_ref) = received.client_ref.as_deref() else {
            continue;
        };
        let Some(attempt) = by_ref.get(client_ref) else {
            finding.must(false, || {
                format!("the gateway received {client_ref}, which is no attempt")
            });
            continue;
        };
        if received.is_accepted {
            let times = accepted.entry(&attempt.notice).or_default();
            *times += 1;
            finding.must(*times == 1, || {
                format!("{} arrived {times} times", attempt.notice)
            });
        }
    }
    for attempt in &sendings.attempts {
        let says_so = attempt.class.as_deref() == Some("accepted");
        finding.must(!says_so || accepted.contains_key(&*attempt.notice), || {
            format!("{} is accepted, and nothing arrived", attempt.attempt)
        });
    }
    finding
}

/// Promise 14.
fn allowed(sendings: &Sendings, entries: &[Entry], gateway: Option<&[Received]>) -> Finding {
    const NAME: &str = "nothing is sent that must not be";
    let mut finding = Finding::new(
        14,
        NAME,
        match gateway {
            Some(_) => {
                "commits of attempts, and arrivals at the gateway, against queueing, hold, expiry and pauses"
            }
            None => {
                "commits of attempts against queueing, hold, expiry and pauses; for arrivals give --gateway-ledger"
            }
        },
    );
    let notices: HashMap<&str, &Notice> = sendings.notices.iter().map(|it| (&*it.notice, it)).collect();
    let pauses = pauses(entries);
    // Sent by a later life of a store that was put back from a copy: recorded when it was found.
    let adopted = entries.iter().filter(|entry| entry.action == "sms.adopt");
    let adopted: HashSet<&str> = adopted.map(|entry| &*entry.object).collect();
    let sent_from_here = || {
        let attempts = sendings.attempts.iter();
        attempts.filter(|attempt| !adopted.contains(&*attempt.attempt))
    };
    for attempt in sent_from_here() {
        finding.look();
        let (id, at) = (&attempt.attempt, attempt.submitted_at);
        let Some(notice) = notices.get(&*attempt.notice) else {
            continue;
        };
        finding.must(at >= notice.queued_at, || {
            format!("{id} was made before its notice")
        });
        finding.must(at < notice.expires_at, || {
            format!("{id} was made after its notice had expired")
        });
        // A later wait for another try moves `not_before`; only the last attempt can be compared with it.
        // A refused try leaves a wait too, whatever a person did with the notice afterwards.
        let is_last =
            notice.submitted_at == Some(at) && notice.state != "queued" && attempt.may_have_arrived();
        finding.must(!is_last || at >= notice.not_before, || {
            format!("{id} was made before its notice might be sent")
        });
        let is_paused = pauses
            .iter()
            .any(|(from, to)| (from + SKEW..to - SKEW).contains(&at));
        finding.must(!is_paused, || format!("{id} was made while sending was paused"));
    }
    let by_ref: HashMap<&str, &Attempt> = sent_from_here().map(|it| (&*it.client_ref, it)).collect();
    for received in gateway.unwrap_or_default() {
        finding.look();
        let attempt = received.client_ref.as_deref().and_then(|it| by_ref.get(it));
        let Some(attempt) = attempt else { continue };
        finding.must(received.at + SKEW >= attempt.submitted_at, || {
            format!("{} arrived before it was committed", attempt.attempt)
        });
        let expires_at = notices.get(&*attempt.notice).map(|notice| notice.expires_at);
        finding.must(expires_at.is_none_or(|end| received.at < end + SKEW), || {
            format!("{} arrived after its notice had expired", attempt.attempt)
        });
    }
    finding
}

/// When all sending was paused by a person.
fn pauses(entries: &[Entry]) -> Vec<(i64, i64)> {
    let mut pauses = Vec::new();
    let mut since = None;
    for entry in entries.iter().filter(|entry| entry.object == "*") {
        match (&*entry.action, micros(&entry.at)) {
            ("sms.pause", Some(at)) => since = since.or(Some(at)),
            ("sms.resume", Some(at)) => pauses.extend(since.take().map(|from| (from, at))),
            _ => {}
        }
    }
    pauses.extend(since.map(|from| (from, i64::MAX)));
    pauses
}
