//! Promises 3, 5, 6, 8 and 20: chains of versions, allowances, what follows a telling, and the rules that are cited.

mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use self::words::{Line, Places, Words};
use super::chain::{Entry, framed};
use super::notices::Sendings;
use super::report::Finding;
use super::rows::{EvidenceError, Policy, Store, bad, exact_micros, micros, texts};

/// What stands behind the document of a case in its line.
const TAIL: &str = ",\"version\":";

/// What is remembered of a line: a million of them must fit, so that words which come again are kept once.
#[derive(Debug)]
struct Row {
    case: Rc<str>,
    subject: Rc<str>,
    zone: Rc<str>,
    /// The day of its start, as it is printed.
    day: Rc<str>,
    outcome: Rc<str>,
    window: Option<Window>,
    policy: Option<Rc<str>>,
    reasons: Rc<[Rc<str>]>,
    authority: Option<Rc<str>>,
    version: u32,
    effective: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    kind: Rc<str>,
    from: Option<Rc<str>>,
    to: Option<Rc<str>>,
}

/// A version of a case.
pub(super) struct Version {
    row: Row,
    /// Of its number, its version and its document, exactly as it was decided.
    digest: [u8; 32],
    from: i64,
    pub(super) decided_at: i64,
}

impl Version {
    fn because(&self, reason: &str) -> bool {
        self.row.reasons.iter().any(|word| **word == *reason)
    }

    fn is_penalty(&self) -> bool {
        matches!(&*self.row.outcome, "penalty_proposed" | "penalty_decided")
    }

    /// Whether its owner must have heard of it, or be noted as somebody who need not.
    pub(super) fn calls_for_notice(&self) -> bool {
        self.row.effective
            && matches!(
                &*self.row.outcome,
                "waived" | "warned" | "reminded" | "penalty_proposed"
            )
    }
}

/// All versions of all cases, in the order in which they were decided.
pub(super) struct Cases {
    versions: Vec<Version>,
    by_id: HashMap<Rc<str>, Places>,
}

impl Cases {
    pub(super) fn read(path: &Path) -> Result<Cases, EvidenceError> {
        let mut cases = Cases {
            versions: Vec::new(),
            by_id: HashMap::new(),
        };
        let mut words = Words::default();
        for (index, text) in texts(path)?.enumerate() {
            let text = text?;
            let line: Line<'_> = serde_json::from_str(&text).map_err(|error| bad(path, index, &error))?;
            let body = text
                .rfind(TAIL)
                .map(|end| format!("{}}}", &text[..end]))
                .ok_or_else(|| bad(path, index, &"`version` does not stand behind the document"))?;
            let instant = |key: &str, text: &str| {
                micros(text).ok_or_else(|| bad(path, index, &format!("`{key}` is no time with an offset")))
            };
            let version = Version {
                from: instant("from", &line.from)?,
                decided_at: exact_micros(&line.decided_at)
                    .ok_or_else(|| bad(path, index, &"`decided_at` is not as the export writes it"))?,
                digest: framed(&[line.case.as_bytes(), &line.version.to_be_bytes(), body.as_bytes()]),
                row: words.row(&line),
            };
            let place = cases.versions.len();
            cases
                .by_id
                .entry(Rc::clone(&version.row.case))
                .and_modify(|places| places.add(place))
                .or_insert(Places::One([place]));
            cases.versions.push(version);
        }
        Ok(cases)
    }

    pub(super) fn count(&self) -> u64 {
        self.versions.len() as u64
    }

    pub(super) fn by_outcome(&self) -> HashMap<String, u64> {
        let mut counts = HashMap::new();
        for version in self.effective() {
            *counts.entry(version.row.outcome.to_string()).or_default() += 1;
        }
        counts
    }

    /// What the chain hashes of the version at a place, from 1, and when it was decided.
    pub(super) fn digest(&self, place: u64) -> Option<([u8; 32], i64)> {
        let version = self.versions.get(usize::try_from(place.checked_sub(1)?).ok()?)?;
        Some((version.digest, version.decided_at))
    }

    pub(super) fn of(&self, case: &str) -> impl Iterator<Item = &Version> {
        let places = self.by_id.get(case).map_or(&[][..], Places::all);
        places.iter().map(|place| &self.versions[*place])
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(|id| &**id)
    }

    fn effective(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| version.row.effective)
    }
}

pub(super) fn check(
    cases: &Cases,
    sendings: &Sendings,
    store: &Store,
    entries: &[Entry],
    findings: &mut Vec<Finding>,
) {
    findings.push(chains(cases));
    let windows: HashMap<String, Allowance> = store
        .policies
        .iter()
        .filter_map(|policy| {
            Some((
                format!("{}@{}", policy.id, policy.version),
                Allowance::of(policy)?,
            ))
        })
        .collect();
    findings.extend(allowances(cases, &windows));
    findings.push(after_telling(cases, sendings));
    findings.push(rules(cases, store, entries));
}

/// Promise 3.
fn chains(cases: &Cases) -> Finding {
    let mut finding = Finding::new(
        3,
        "one case, one chain",
        "the versions of every case are 1 to k without gaps, the last one and no other effective",
    );
    let mut ids: Vec<&str> = cases.ids().collect();
    ids.sort_unstable();
    for id in ids {
        finding.look();
        let versions: Vec<&Version> = cases.of(id).collect();
        let last = versions.len();
        let is_whole = (1..).zip(&versions).all(|(number, it)| it.row.version == number);
        finding.must(is_whole, || format!("{id}: its versions are not 1 to {last}"));
        let is_last = (1..)
            .zip(&versions)
            .all(|(number, it)| it.row.effective == (number == last));
        finding.must(is_last, || {
            format!("{id}: not just its last version is effective")
        });
        let is_in_time = versions.is_sorted_by_key(|it| it.decided_at);
        finding.must(is_in_time, || {
            format!("{id}: a later version was decided earlier")
        });
    }
    finding
}

/// How many of a window are first, and for whom; none: by a rule that a case line alone does not show.
struct Allowance {
    count: usize,
    by_zone: bool,
}

impl Allowance {
    fn of(policy: &Policy) -> Option<Allowance> {
        let rules: toml::Table = policy.text.parse().ok()?;
        let window = rules.get("window")?.as_table()?;
        let word = |key: &str, default| {
            let value = window.get(key).and_then(toml::Value::as_str);
            value.unwrap_or(default).to_owned()
        };
        let by_zone = match &*word("per", "subject") {
            "subject" => false,
            "subject-zone" => true,
            _ => return None,
        };
        if word("scope", "any") != "any" || word("since", "last-waived") != "last-waived" {
            return None;
        }
        let count = window.get("allowance").and_then(toml::Value::as_integer);
        Some(Allowance {
            count: usize::try_from(count.unwrap_or(1)).ok()?,
            by_zone,
        })
    }
}

/// Cases of one window under rules that count alike.
#[derive(Default)]
struct Share<'a> {
    count: usize,
    cases: Vec<&'a Version>,
}

/// Promises 5 and 6.
fn allowances(cases: &Cases, windows: &HashMap<String, Allowance>) -> [Finding; 2] {
    let mut once = Finding::new(
        5,
        "at most one waiver per window",
        "waivers of the allowance by subject and window; those by telling, discretion and the like left out",
    );
    let mut earliest = Finding::new(
        6,
        "the earliest is waived",
        "no waiver of the allowance later than a case that was penalised because the allowance was used",
    );
    let mut shares: BTreeMap<_, Share<'_>> = BTreeMap::new();
    for version in cases.effective() {
        let row = &version.row;
        let (Some(window), Some(policy)) = (&row.window, &row.policy) else {
            continue;
        };
        let Some(allowance) = windows.get(&**policy) else {
            continue;
        };
        let zone = allowance.by_zone.then_some(&row.zone);
        // A rolling window is printed by its own reach and holds no other; its uses are compared by those below.
        let is_rolling = *window.kind == *"rolling";
        let edges = (!is_rolling).then_some((&window.from, &window.to));
        let key = (&row.subject, &row.authority, zone, &window.kind, edges);
        let share = shares.entry(key).or_default();
        share.count = share.count.max(allowance.count);
        share.cases.push(version);
    }
    for ((_, _, _, kind, _), mut share) in shares {
        share.cases.sort_by_key(|it| it.from);
        let is_first = |it: &&&Version| it.because("first_in_window") && !it.is_penalty();
        let first: Vec<&Version> = share.cases.iter().filter(is_first).copied().collect();
        for it in &first {
            once.look();
            let told = || {
                format!(
                    "{}: one waiver more than the allowance of {}",
                    it.row.case, share.count
                )
            };
            if it.because("told") || it.because("discretion") {
                continue;
            }
            let others = first
                .iter()
                .filter(|other| other.from <= it.from && !std::ptr::eq(**other, *it));
            let used = others
                .filter(|other| **kind != *"rolling" || reaches(other, it))
                .count();
            once.must(used < share.count, told);
        }
        if **kind == *"rolling" {
            continue;
        }
        let used_up = share
            .cases
            .iter()
            .find(|it| it.is_penalty() && it.because("allowance_used") && !it.because("discretion"));
        for it in &first {
            earliest.look();
            earliest.must(
                it.because("told") || used_up.is_none_or(|penalised| penalised.from >= it.from),
                || format!("{}: an earlier case of its window was penalised", it.row.case),
            );
        }
    }
    [once, earliest]
}

/// Whether a rolling use still stands when the other begins; a day's end is that of the case's own offset.
fn reaches(earlier: &Version, later: &Version) -> bool {
    let Some(to) = earlier
        .row
        .window
        .as_ref()
        .and_then(|window| window.to.as_deref())
    else {
        return false;
    };
    match micros(to) {
        Some(end) => later.from < end,
        None => *later.row.day < *to,
    }
}

/// Promise 8.
fn after_telling(cases: &Cases, sendings: &Sendings) -> Finding {
    let mut finding = Finding::new(
        8,
        "after notification only in the person's favour",
        "versions decided after the provider took a message, against what that message said",
    );
    for notice in sendings.taken() {
        if !matches!(&*notice.kind, "waived" | "warned" | "penalty_proposed") {
            continue;
        }
        finding.look();
        for version in cases.of(&notice.case) {
            if version.decided_at <= notice.accepted_at || version.because("discretion") {
                continue;
            }
            let is_lighter = notice.kind == "penalty_proposed" || !version.is_penalty();
            finding.must(is_lighter && *version.row.outcome != *"held", || {
                let (case, number, outcome) = (&version.row.case, version.row.version, &version.row.outcome);
                format!(
                    "{case} version {number}: {outcome} after its owner was told `{}`",
                    notice.kind
                )
            });
        }
    }
    finding
}

/// Promise 20.
fn rules(cases: &Cases, store: &Store, entries: &[Entry]) -> Finding {
    let mut finding = Finding::new(
        20,
        "each decision names its rules",
        "every policy version that a case cites is published, as its hash says, and the audit log says by whom",
    );
    let mut known = BTreeSet::new();
    for policy in &store.policies {
        finding.look();
        let name = format!("{}@{}", policy.id, policy.version);
        finding.must(hex::encode(Sha256::digest(&policy.text)) == policy.hash, || {
            format!("{name}: its text is not that of its hash")
        });
        let is_logged = entries.iter().any(|entry| {
            entry.action == "policy.publish"
                && entry.object == name
                && entry.after.as_ref() == Some(&policy.hash)
        });
        finding.must(is_logged, || format!("{name}: nobody published it"));
        known.insert(name);
    }
    for version in &cases.versions {
        let Some(policy) = &version.row.policy else {
            continue;
        };
        finding.look();
        finding.must(known.contains(&**policy), || {
            let (case, number) = (&version.row.case, version.row.version);
            format!("{case} version {number}: cites {policy}, which is not published")
        });
    }
    finding
}
