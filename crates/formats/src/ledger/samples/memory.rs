//! Any ledger, with what it remembers of what was said.

use engine::case::Outcome;
use engine::fact::{NoticeKind, Subject};
use engine::ids::CaseId;
use engine::ledger::{CaseMemo, Ledger, Memo, NoticeMemo, SentGuest};
use jiff::civil::date;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::any::{facts, guests, ids, texts, times};

fn subjects() -> BoxedStrategy<Subject> {
    let day = (-9999_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day));
    (texts(), texts(), of(day))
        .prop_map(|(number, class, epoch)| Subject { number, class, epoch })
        .boxed()
}

fn memos() -> BoxedStrategy<Memo> {
    let notice = (
        select(&NoticeKind::ALL[..]),
        any::<u32>(),
        any::<bool>(),
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|((kind, _), revision, owed, history, fingerprint)| NoticeMemo {
            kind,
            revision,
            owed,
            history,
            fingerprint,
        });
    let case = (
        (texts(), any::<u32>(), ids(), times()),
        subjects(),
        prop::collection::vec(ids(), 0..4),
        any::<u64>(),
        select(&Outcome::ALL[..]),
        prop::collection::vec(notice, 0..3),
    )
        .prop_map(
            |((id, version, anchor, from), subject, members, fingerprint, (outcome, _), notices)| CaseMemo {
                id: CaseId::from_text(&id),
                version,
                anchor,
                members,
                subject,
                from,
                fingerprint,
                outcome,
                notices,
            },
        );
    let sent = (ids(), texts(), any::<u64>()).prop_map(|(observation, target, fingerprint)| SentGuest {
        observation,
        target,
        fingerprint,
    });
    (
        prop::collection::vec(case, 0..3),
        prop::collection::vec(sent, 0..3),
        of(times()),
    )
        .prop_map(|(cases, sent, wake)| Memo { cases, sent, wake })
        .boxed()
}

pub(crate) fn ledgers() -> BoxedStrategy<Ledger> {
    let parts = (
        prop::collection::vec(facts(), 0..12),
        prop::collection::vec(guests(), 0..3),
        memos(),
    );
    parts
        .prop_map(|(facts, guests, memo)| {
            let mut ledger = Ledger::restore(Vec::new(), Vec::new(), memo);
            for fact in facts {
                ledger.add(fact);
            }
            for guest in guests {
                ledger.seat(guest);
            }
            ledger
        })
        .boxed()
}
