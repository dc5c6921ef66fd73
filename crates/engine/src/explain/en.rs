//! English sentences.

use std::fmt::{self, Display as _};

use super::{ExcludedBy, days, minute, money, policy_name};
use crate::case::{Case, Outcome, Reason};
use crate::fact::{NoticeKind, VoidReason};
use crate::policy::WindowKind;

pub(super) fn sentence(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        if let Some(reason) = case.reasons.first() {
            because(case, *reason).fmt(f)?;
        }
        if case.reasons.contains(&Reason::EarlierLapsed) {
            f.write_str(", an earlier one having lapsed unreviewed")?;
        }
        if let Some(version) = &case.trace.instead_of {
            write!(
                f,
                ", under a later version that is lighter than {version} of the day"
            )?;
        }
        write!(f, ": {} ({}).", result(case), policy_name(case))
    })
}

fn result(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        f.write_str(outcome(case.outcome))?;
        if let Some(fine) = &case.fine {
            write!(f, ", fine {}", money(fine))?;
        }
        if let Some(proposal) = case.proposal {
            write!(f, "; {} is proposed to a person", outcome(proposal))?;
        }
        if let Some(deadline) = case.deadline {
            write!(f, "; deadline {}", minute(case, deadline))?;
        }
        Ok(())
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Waived => "waived",
        Outcome::Warned => "warned",
        Outcome::Reminded => "reminded",
        Outcome::Corrected => "corrected",
        Outcome::PenaltyProposed => "penalty proposed",
        Outcome::PenaltyDecided => "penalty decided",
        Outcome::Voided => "voided",
        Outcome::Held => "held",
        Outcome::NotPunishable => "not punishable",
        Outcome::Inadmissible => "inadmissible",
    }
}

fn window(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let Some(window) = &case.window else {
            return f.write_str("its window");
        };
        let name = match window.kind {
            WindowKind::CalendarYear => "the calendar year",
            WindowKind::CalendarMonth => "the calendar month",
            WindowKind::SameDay => "the day",
            WindowKind::FiscalYear => "the fiscal year",
            WindowKind::Rolling => "the rolling window",
            WindowKind::SincePolicy => "the time since the policy began",
            WindowKind::Lifetime => "all time",
        };
        match days(window) {
            Some((from, to)) => write!(f, "{name} {from} to {to}"),
            None => f.write_str(name),
        }
    })
}

fn other(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let Some(other) = &case.trace.other else {
            return f.write_str("another case");
        };
        let (from, outcome) = (minute(case, other.from), outcome(other.outcome));
        write!(f, "the case of {from} in {} ({outcome})", other.zone)
    })
}

fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Waived => "no penalty",
        NoticeKind::Warned => "a warning",
        NoticeKind::Reminded => "a reminder",
        NoticeKind::PenaltyProposed => "a proposed penalty",
        NoticeKind::Withdrawn => "a withdrawal",
        NoticeKind::ObjectionUpheld => "that the objection was right",
        NoticeKind::ObjectionRejected => "that the objection was rejected",
    }
}

fn because(case: &Case, reason: Reason) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        let words = case.trace.words.as_deref().unwrap_or("");
        let ordinal = case.ordinal.unwrap_or(1);
        match reason {
            Reason::FirstInWindow => {
                write!(f, "Offence {ordinal} in {}, within the allowance", window(case))
            }
            Reason::AllowanceUsed if case.trace.allowance == 0 => {
                write!(f, "{} has no allowance", window(case))
            }
            Reason::AllowanceUsed => {
                write!(
                    f,
                    "Offence {ordinal} in {}, the allowance being used by {}",
                    window(case),
                    other(case)
                )
            }
            Reason::Excluded => match case.trace.excluded {
                Some(ExcludedBy::Zone(kind)) => {
                    write!(f, "Zone kind {} is excluded from the waiver", kind.as_str())
                }
                Some(ExcludedBy::SameDay) => {
                    f.write_str("A repeat on the same day is excluded from the waiver")
                }
                None => f.write_str("Excluded from the waiver"),
            },
            Reason::Told => {
                write!(
                    f,
                    "The person was told of {}, so nothing heavier",
                    case.trace.told.map_or("it", notice)
                )
            }
            Reason::Discretion => write!(f, "A person decided otherwise ({words})"),
            Reason::HandledElsewhere => write!(f, "Handled by {words} already"),
            Reason::EarlierUndecided => write!(f, "Waits for {}", other(case)),
            Reason::LaterCaseWasTold => write!(f, "The allowance was told to {}", other(case)),
            Reason::Void(VoidReason::Other) => write!(f, "Taken away by a person ({words})"),
            Reason::Void(reason) => {
                write!(
                    f,
                    "Taken away by a person ({})",
                    reason.as_str().replace('_', " ")
                )
            }
            other => f.write_str(fixed(other)),
        }
    })
}

/// The part of the sentence that is the same in every case.
fn fixed(reason: Reason) -> &'static str {
    match reason {
        Reason::NoPolicy => "No policy governs this place, code and time",
        Reason::TooOld => "Too old on arrival",
        Reason::OutsideJurisdiction => "Embassy, armed police or military plate, outside jurisdiction",
        Reason::UnstablePlate => "A temporary plate identifies nobody for counting",
        Reason::NotAMotorVehicle => "Not a motor vehicle",
        Reason::ClassUnknown => "The plate class is not certain",
        Reason::ClassMismatch => "The plate class contradicts the colour or the vehicle",
        Reason::PlateUncertain => "The plate was read with too little confidence",
        Reason::Late => "Known too long after capture",
        Reason::ZoneUnknown => "The zone is not registered or not in force",
        Reason::PlateRepaired => "A letter of the plate was read as a digit, and a penalty would follow",
        Reason::ReviewRequired => "Waits for a person's review",
        Reason::PossibleContinuation => "Perhaps the same stay as the former one",
        Reason::Overlap => "Overlaps another stay of the same vehicle",
        Reason::ContinuedAfterNotice => "Still there long after being told",
        Reason::ReviewLapsed => "No review came in time",
        Reason::EarlierLapsed => "An earlier case lapsed",
        Reason::ReviewRejected => "The review rejected the evidence",
        Reason::ObjectionUpheld => "The objection was upheld",
        Reason::ObjectionLighter => "The objection led to the lighter outcome",
        Reason::LighterLaw => "A later version is lighter",
        Reason::Schema
        | Reason::UnidentifiedVehicle
        | Reason::InvalidPlate
        | Reason::ClockSkew
        | Reason::ClockReset
        | Reason::TestMode
        | Reason::DeviceNotApproved
        | Reason::TooShort
        | Reason::ContentDuplicate
        | Reason::NoEffectYet
        | Reason::PlateCorrected
        | Reason::SameContent
        | Reason::OtherContent
        | Reason::AboutUnknown
        | Reason::FirstInWindow
        | Reason::AllowanceUsed
        | Reason::Excluded
        | Reason::Told
        | Reason::Discretion
        | Reason::HandledElsewhere
        | Reason::EarlierUndecided
        | Reason::LaterCaseWasTold
        | Reason::Void(_) => reason.as_str(),
    }
}
