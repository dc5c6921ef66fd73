//! Planted defects: one wrong behaviour each, of the store, the provider or the clock, for a simulation that must notice.

/// Read by [`Defect::from_environment`] and by nobody else.
pub const VARIABLE: &str = "CLEARWALK_SIM_DEFECT";

/// A wrong behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A commit that does not compare the epoch.
    ForgottenFence,
    /// A claim that does not raise the epoch.
    SilentClaim,
    /// A commit that is answered and not made.
    LostCommit,
    /// Progress is stored before what the batch did.
    ProgressFirst,
    /// A cancellation of a notice that was sent is left out, and said to be done.
    CancelledAfterSubmission,
    /// No ledger is ever due.
    ForgottenTimers,
    /// A lease that is still out is granted again.
    LeaseTwice,
    /// The submit wall lets everything through.
    OpenWall,
    /// The submit wall does not look at pauses.
    PauseIgnored,
    /// What was told does not reach the inner log.
    ToldLost,
    /// What was told is not taken back.
    NotTakenBack,
    /// An unknown goes back into the queue.
    UnknownRequeued,
    /// A notice that a person holds stays in the queue.
    HoldForgotten,
    /// A row is shown twice.
    DuplicateRow,
    /// A counter is one too high.
    Miscount,
    /// A provider takes a message and says that it did not.
    LyingProvider,
    /// Dispatch goes by a clock that is hours behind.
    ClockBehind,
}

impl Defect {
    /// Every defect with its word.
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::ForgottenFence, "forgotten_fence"),
        (Self::SilentClaim, "silent_claim"),
        (Self::LostCommit, "lost_commit"),
        (Self::ProgressFirst, "progress_first"),
        (Self::CancelledAfterSubmission, "cancelled_after_submission"),
        (Self::ForgottenTimers, "forgotten_timers"),
        (Self::LeaseTwice, "lease_twice"),
        (Self::OpenWall, "open_wall"),
        (Self::PauseIgnored, "pause_ignored"),
        (Self::ToldLost, "told_lost"),
        (Self::NotTakenBack, "not_taken_back"),
        (Self::UnknownRequeued, "unknown_requeued"),
        (Self::HoldForgotten, "hold_forgotten"),
        (Self::DuplicateRow, "duplicate_row"),
        (Self::Miscount, "miscount"),
        (Self::LyingProvider, "lying_provider"),
        (Self::ClockBehind, "clock_behind"),
    ];

    /// The one that the environment names; none: everything behaves.
    #[expect(
        clippy::disallowed_methods,
        reason = "a person who repeats a run says so by the environment"
    )]
    pub fn from_environment() -> Option<Self> {
        let word = std::env::var(VARIABLE).ok()?;
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        let (defect, _) = known.unwrap_or_else(|| panic!("{VARIABLE}: there is no defect {word}"));
        Some(*defect)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(defect, _)| *defect == self)
            .map_or("", |(_, word)| word)
    }
}
