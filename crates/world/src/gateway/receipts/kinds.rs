//! The closed list of ways to report badly. The names are stable: plan files and diaries are written with them.

use serde::{Deserialize, Serialize};

/// One way to report badly on an accepted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptFault {
    /// Never: only a look-up tells.
    Lost,
    /// `undelivered` instead of `delivered`.
    Undelivered,
    /// `expired` instead of `delivered`.
    Expired,
    /// The same news in two pushes.
    Twice,
    /// The same news in a hundred pushes.
    Hundredfold,
    /// Before the answer to the send leaves.
    BeforeAnswer,
    /// `undelivered`, then `delivered`.
    FailedThenDelivered,
    /// `delivered`, then `undelivered` that happened earlier.
    DeliveredThenFailed,
    /// First about a message that nobody sent.
    UnknownId,
    /// With the right id under another message's reference.
    WrongRef,
    /// In the middle of ten thousand others.
    InTenThousand,
    /// After an array of nothing.
    EmptyArray,
    /// The last of a hundred, one of which cannot be read.
    BrokenAmongGood,
    /// Of what happened three days before.
    ThreeDaysLate,
    /// With a signature of another secret, and never rightly.
    Forged,
    /// Without a signature, and never rightly.
    Unsigned,
    /// Signed rightly, six minutes ago.
    OldTimestamp,
    /// Twice with the same id, time and signature.
    Replayed,
    /// After a GET that asks whether somebody is there.
    CheckedFirst,
    /// A byte at a time.
    SlowUpload,
    /// From a sender that hangs up without reading, and pushes again.
    HungUp,
    /// The second part before the first.
    PartsOutOfOrder,
    /// First `undelivered` under our reference and an id of another provider's.
    WrongId,
    /// With the number of somebody else.
    WrongNumber,
    /// Of what happens in sixteen minutes.
    DatedAhead,
    /// Of what happened sixteen minutes before.
    DatedBehind,
    /// Signed rightly, in six minutes.
    AheadTimestamp,
}

impl ReceiptFault {
    /// Every fault, in the order in which rates are walked.
    pub const ALL: [ReceiptFault; 27] = {
        use ReceiptFault as F;
        [
            F::Lost,
            F::Undelivered,
            F::Expired,
            F::Twice,
            F::Hundredfold,
            F::BeforeAnswer,
            F::FailedThenDelivered,
            F::DeliveredThenFailed,
            F::UnknownId,
            F::WrongRef,
            F::InTenThousand,
            F::EmptyArray,
            F::BrokenAmongGood,
            F::ThreeDaysLate,
            F::Forged,
            F::Unsigned,
            F::OldTimestamp,
            F::Replayed,
            F::CheckedFirst,
            F::SlowUpload,
            F::HungUp,
            F::PartsOutOfOrder,
            F::WrongId,
            F::WrongNumber,
            F::DatedAhead,
            F::DatedBehind,
            F::AheadTimestamp,
        ]
    };

    /// The name in plan files and diaries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Undelivered => "undelivered",
            Self::Expired => "expired",
            Self::Twice => "twice",
            Self::Hundredfold => "hundredfold",
            Self::BeforeAnswer => "before-answer",
            Self::FailedThenDelivered => "failed-then-delivered",
            Self::DeliveredThenFailed => "delivered-then-failed",
            Self::UnknownId => "unknown-id",
            Self::WrongRef => "wrong-ref",
            Self::InTenThousand => "in-ten-thousand",
            Self::EmptyArray => "empty-array",
            Self::BrokenAmongGood => "broken-among-good",
            Self::ThreeDaysLate => "three-days-late",
            Self::Forged => "forged",
            Self::Unsigned => "unsigned",
            Self::OldTimestamp => "old-timestamp",
            Self::Replayed => "replayed",
            Self::CheckedFirst => "checked-first",
            Self::SlowUpload => "slow-upload",
            Self::HungUp => "hung-up",
            Self::PartsOutOfOrder => "parts-out-of-order",
            Self::WrongId => "wrong-id",
            Self::WrongNumber => "wrong-number",
            Self::DatedAhead => "dated-ahead",
            Self::DatedBehind => "dated-behind",
            Self::AheadTimestamp => "ahead-timestamp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_plan_files() {
        for fault in ReceiptFault::ALL {
            assert_eq!(serde_json::to_value(fault).ok(), Some(fault.name().into()));
        }
    }
}
