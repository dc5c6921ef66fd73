//! What the fold says of one candidate.

use crate::case::{Outcome, Reason};
use crate::explain::Trace;
use crate::policy::Fine;
use crate::time::Timestamp;

/// One candidate, decided.
#[derive(Clone)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) fine: Option<Fine>,
    pub(crate) proposal: Option<Outcome>,
    pub(crate) deadline: Option<Timestamp>,
    /// The version that decided, by number.
    pub(crate) policy: Option<usize>,
    /// Whether it uses up "first".
    pub(crate) uses: bool,
    /// Whether it is an offence of its window.
    pub(crate) counts: bool,
    /// The use that stood in the way, by rank.
    pub(crate) standing: Option<usize>,
    /// The rank from which its ordinal counts in windows that are not fixed.
    pub(crate) base: usize,
    pub(crate) trace: Trace,
}

impl Decision {
    pub(crate) fn plain(outcome: Outcome, reason: Reason, policy: Option<usize>, rank: usize) -> Self {
        Self {
            outcome,
            reasons: vec![reason],
            fine: None,
            proposal: None,
            deadline: None,
            policy,
            uses: false,
            counts: false,
            standing: None,
            base: rank,
            trace: Trace::default(),
        }
    }
}
