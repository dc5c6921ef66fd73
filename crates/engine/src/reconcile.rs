//! What a new judgement changes against what was said before: versions of cases, messages to queue or to cancel, guests
//! for other ledgers, and when to look again. Cases are matched by member facts, never by recomputed ids.

mod notices;
mod print;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::case::{Case, Outcome, Reason, ToldKind};
use crate::explain::Trace;
use crate::fact::{Body, FactId, NoticeKind, ToldState, VoidReason};
use crate::ids::{CaseId, NoticeId};
use crate::judge::{Judgement, departures_to_other_plates};
use crate::ledger::{CaseMemo, Guest, Ledger, Memo, SentGuest, Wish};
use crate::rules::Rules;
use crate::time::Timestamp;

pub use notices::{NoticeStep, Step};

/// Everything that a judgement changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New versions of cases, with the messages that change.
    pub cases: Vec<CaseChange>,
    /// What is handed to other ledgers.
    pub guests: Vec<GuestChange>,
    /// What to remember.
    pub memo: Memo,
}

/// A case of which a reader sees something new, or whose messages change.
#[derive(Clone, Debug)]
pub struct CaseChange {
    /// Its number.
    pub id: CaseId,
    /// The new version; the old one when only messages change.
    pub version: u32,
    /// Whether a version is to be written.
    pub is_new_version: bool,
    /// Its outcome before; none: it is new.
    pub before: Option<Outcome>,
    /// As it now is. A case that was merged into another or lost its evidence is voided and has no facts.
    pub case: Case,
    /// What happens to its messages.
    pub notices: Vec<NoticeStep>,
}

/// What is handed to another ledger.
#[derive(Clone, Debug)]
pub enum GuestChange {
    /// An observation that now belongs there.
    Seat(Arc<str>, Box<Guest>),
    /// One that no longer does.
    Unseat(Arc<str>, FactId),
}

/// Compares what was said of the ledger `home` with its judgement.
pub fn reconcile(rules: &Rules, home: &str, ledger: &Ledger, judgement: &Judgement) -> Changes {
    let old = &ledger.memo;
    let mut changes = Changes {
        memo: Memo {
            wake: judgement.wake,
            ..Memo::default()
        },
        ..Changes::default()
    };
    let tellings = Tellings::of(ledger);
    let (survivors, orphans) = matched(old, &judgement.cases);
    for (number, case) in judgement.cases.iter().enumerate() {
        let memo = survivors.get(&number).map(|at| &old.cases[*at]);
        changes.settle(rules, case, memo, &case.told, &tellings, ledger.wishes());
    }
    for at in orphans {
        let memo = &old.cases[at];
        let tombstone = tombstone(rules, ledger, judgement, memo);
        let told = tellings.sent(memo.members.iter(), Some(home));
        changes.settle(rules, &tombstone, Some(memo), &told, &tellings, ledger.wishes());
    }
    changes.hand_over(rules, home, ledger);
    changes
}

/// Which memo goes on in which case, and which memos have none any more.
fn matched(old: &Memo, cases: &[Case]) -> (BTreeMap<usize, usize>, Vec<usize>) {
    if old.cases.is_empty() {
        return (BTreeMap::new(), Vec::new());
    }
    let mut holders: BTreeMap<&FactId, usize> = BTreeMap::new();
    for (number, case) in cases.iter().enumerate() {
        holders.extend(case.facts.iter().chain(&case.doubles).map(|id| (id, number)));
    }
    let mut survivors: BTreeMap<usize, usize> = BTreeMap::new();
    let mut left = Vec::new();
    for (at, memo) in old.cases.iter().enumerate() {
        match holders.get(&memo.anchor) {
            // Of several that became one, the number of the anchor goes on, else the oldest.
            Some(number) if !survivors.contains_key(number) || cases[*number].anchor == memo.anchor => {
                left.extend(survivors.insert(*number, at));
            }
            Some(_) | None => left.push(at),
        }
    }
    let mut orphans = Vec::new();
    for at in left {
        let heir = old.cases[at]
            .members
            .iter()
            .find_map(|member| holders.get(member));
        match heir {
            Some(number) if !survivors.contains_key(number) => {
                survivors.insert(*number, at);
            }
            _ => orphans.push(at),
        }
    }
    (survivors, orphans)
}

impl Changes {
    fn settle(
        &mut self,
        rules: &Rules,
        case: &Case,
        memo: Option<&CaseMemo>,
        told: &[ToldKind],
        tellings: &Tellings<'_>,
        wishes: &[Wish],
    ) {
        let fingerprint = print::case(case);
        let is_new_version = memo.is_none_or(|memo| memo.fingerprint != fingerprint);
        let id = memo.map_or_else(|| CaseId::of(case, rules.time_zone(None)), |memo| memo.id.clone());
        let version = memo.map_or(0, |memo| memo.version) + u32::from(is_new_version);
        let owed = notices::owed(case, told);
        let mut members: Vec<FactId> = case.facts.iter().chain(&case.doubles).cloned().collect();
        if members.is_empty() {
            members = memo.map_or_else(Vec::new, |memo| memo.members.clone());
        } else if let Some(memo) = memo {
            // What was sent about an observation that has left the case stays sent, and what is queued may still be.
            let tells = |id: &&FactId| !memo.notices.is_empty() || tellings.has(id);
            let left = memo.members.iter().filter(tells);
            let left: Vec<FactId> = left.filter(|id| !members.contains(id)).cloned().collect();
            members.extend(left);
        }
        let said = notices::Said {
            told,
            sent: tellings.sent(members.iter(), None),
            handed_over: tellings.handed_over(members.iter()),
            elsewhere: tellings.elsewhere(members.iter()),
            moved: memo.is_some_and(|memo| memo.subject != case.subject),
        };
        let before = memo.map_or(&[][..], |memo| &memo.notices);
        let (kept, steps) = notices::steps(&id, case, &said, &owed, before, wishes);
        self.memo.cases.push(CaseMemo {
            id: id.clone(),
            version,
            anchor: memo.map_or_else(|| case.anchor.clone(), |memo| memo.anchor.clone()),
            members,
            subject: case.subject.clone(),
            from: case.from,
            fingerprint,
            outcome: case.outcome,
            notices: kept,
        });
        if is_new_version || !steps.is_empty() {
            self.cases.push(CaseChange {
                id,
                version,
                is_new_version,
                before: memo.map(|memo| memo.outcome),
                case: case.clone(),
                notices: steps,
            });
        }
    }

    fn hand_over(&mut self, rules: &Rules, home: &str, ledger: &Ledger) {
        for (target, guest) in departures_to_other_plates(rules, home, ledger) {
            let observation = guest.observation.id.clone();
            let fingerprint = print::guest(&guest);
            let before = ledger
                .memo
                .sent
                .iter()
                .find(|sent| sent.observation == observation);
            if before.is_none_or(|sent| sent.fingerprint != fingerprint || sent.target != target) {
                self.guests
                    .push(GuestChange::Seat(target.clone(), Box::new(guest)));
            }
            self.memo.sent.push(SentGuest {
                observation,
                target,
                fingerprint,
            });
        }
        for sent in &ledger.memo.sent {
            let still = |now: &SentGuest| now.observation == sent.observation && now.target == sent.target;
            if !self.memo.sent.iter().any(still) {
                self.guests
                    .push(GuestChange::Unseat(sent.target.clone(), sent.observation.clone()));
            }
        }
    }
}

/// A case that has no evidence of its own any more: merged into another, moved to another plate, or below the
/// threshold.
fn tombstone(rules: &Rules, ledger: &Ledger, judgement: &Judgement, memo: &CaseMemo) -> Case {
    let seen = ledger.fact(&memo.anchor).and_then(|fact| fact.body.observation());
    let zone = seen.and_then(|seen| seen.place.zone.clone());
    let authority = rules.authority_of(zone.as_deref());
    let code = seen.and_then(|seen| seen.code.as_deref());
    let policy = rules.governing(authority.as_deref(), code, memo.from);
    let merged = judgement
        .cases
        .iter()
        .any(|case| case.facts.contains(&memo.anchor));
    let standing = judgement
        .standings
        .iter()
        .find(|standing| standing.fact == memo.anchor);
    let reason = match standing.and_then(|standing| standing.reason) {
        Some(reason) => reason,
        None if merged => Reason::Void(VoidReason::Merged),
        None => Reason::Void(VoidReason::PlateMismatch),
    };
    Case {
        subject: memo.subject.clone(),
        authority,
        zone: zone.clone().unwrap_or_else(|| "unknown".into()),
        place: seen.and_then(|seen| seen.place.name.clone()),
        zones: zone.into_iter().collect(),
        from: memo.from,
        to: memo.from,
        day_only: false,
        facts: Vec::new(),
        doubles: Vec::new(),
        anchor: memo.anchor.clone(),
        outcome: Outcome::Voided,
        ordinal: None,
        window: None,
        policy: policy.map(|number| rules.policies()[number].clone()),
        fine: None,
        reasons: vec![reason],
        deadline: None,
        proposal: None,
        trace: Trace::default(),
        live: memo.notices.iter().any(|notice| !notice.history),
        reviewed: false,
        told: Vec::new(),
        objection_rejected: false,
    }
}

/// What people were told and what still binds, by observation.
#[derive(Default)]
struct Tellings<'a>(BTreeMap<&'a FactId, Vec<Telling<'a>>>);

struct Telling<'a> {
    kind: NoticeKind,
    at: Timestamp,
    id: &'a FactId,
    state: ToldState,
    /// The number written to; none: the observation's own.
    number: Option<&'a str>,
}

impl<'a> Tellings<'a> {
    fn of(ledger: &'a Ledger) -> Self {
        let mut tellings = Self::default();
        for fact in ledger
            .facts()
            .iter()
            .chain(ledger.guests().iter().flat_map(|guest| &guest.about))
        {
            let Body::Told(told) = &fact.body else { continue };
            let number = told.plate.as_ref().map(|(number, _)| &**number);
            let telling = Telling {
                kind: told.kind,
                at: told.at,
                id: &fact.id,
                state: told.state,
                number,
            };
            let about = tellings.0.entry(&told.about).or_default();
            match about.iter_mut().find(|known| {
                let same_notice = NoticeId::of_telling(known.id) == NoticeId::of_telling(telling.id);
                known.kind == told.kind && known.number == number && same_notice
            }) {
                Some(known) if (known.at, known.id) < (telling.at, telling.id) => *known = telling,
                Some(_) => {}
                None => about.push(telling),
            }
        }
        tellings
    }

    /// Whether anything was ever told about an observation.
    fn has(&self, observation: &FactId) -> bool {
        self.0.contains_key(observation)
    }

    /// Notices that our own sending handed over about any of `members`.
    fn handed_over<'m>(&self, members: impl Iterator<Item = &'m FactId>) -> Vec<&'a str> {
        let stands = self.stands(members);
        stands
            .filter_map(|telling| NoticeId::of_telling(telling.id))
            .collect()
    }

    /// Kinds that somebody else says were sent about any of `members`.
    fn elsewhere<'m>(&self, members: impl Iterator<Item = &'m FactId>) -> Vec<NoticeKind> {
        let theirs = self
            .stands(members)
            .filter(|telling| NoticeId::of_telling(telling.id).is_none());
        theirs.map(|telling| telling.kind).collect()
    }

    fn stands<'m>(&self, members: impl Iterator<Item = &'m FactId>) -> impl Iterator<Item = &Telling<'a>> {
        let about = members.filter_map(|member| self.0.get(member)).flatten();
        about.filter(|telling| telling.state != ToldState::NotSent)
    }

    /// Kinds that were sent about any of `members`, to the owner of `number` or, without one, to anybody.
    fn sent<'m>(&self, members: impl Iterator<Item = &'m FactId>, number: Option<&str>) -> Vec<ToldKind> {
        let mut kinds: Vec<ToldKind> = Vec::new();
        if self.0.is_empty() {
            return kinds;
        }
        for telling in members.filter_map(|member| self.0.get(member)).flatten() {
            let ours = number.is_none() || telling.number.is_none() || telling.number == number;
            if telling.state == ToldState::NotSent || !ours {
                continue;
            }
            match kinds.iter_mut().find(|known| known.kind == telling.kind) {
                Some(known) => known.at = known.at.max(telling.at),
                None => kinds.push(ToldKind {
                    kind: telling.kind,
                    at: telling.at,
                }),
            }
        }
        kinds
    }
}
