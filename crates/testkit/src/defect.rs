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
    /// A receipt is applied to another message than its own.
    ReceiptAstray,
    /// News that comes later changes nothing, whatever its rank.
    FirstNewsWins,
    /// What a provider says that it never had goes back into the queue at once.
    AbsenceBelieved,
    /// Neither lease nor submit wall look at the end of a notice.
    ExpiryUnchecked,
    /// Quiet hours are lost on the way to dispatch.
    QuietHoursIgnored,
    /// A second attempt bears the reference of the first one.
    SameReference,
    /// The first version of a case is overwritten by the latest.
    VersionOverwritten,
    /// A record is missing among those that are shown.
    RecordDropped,
    /// A fact that contradicts another one is written as its duplicate.
    ConflictAsDuplicate,
    /// A fact that was said before is written as a new one.
    DuplicateAccepted,
    /// What was refused at the wall is said to have been told.
    ToldForRefused,
    /// What is to be tried again later is tried again at once.
    RetryAfterIgnored,
    /// What passed its deadline goes back into the queue.
    OverdueRequeued,
    /// Nobody counts how much a recipient was sent.
    CapIgnored,
    /// Facts are answered for and were never written.
    AnsweredBeforeDurable,
    /// A pause is answered and not kept.
    PauseForgotten,
    /// An outcome is answered and not written.
    LostOutcome,
}

impl Defect {
    /// Every defect with its word.
    pub const ALL: [(Self, &'static str); 34] = [
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
        (Self::ReceiptAstray, "receipt_astray"),
        (Self::FirstNewsWins, "first_news_wins"),
        (Self::AbsenceBelieved, "absence_believed"),
        (Self::ExpiryUnchecked, "expiry_unchecked"),
        (Self::QuietHoursIgnored, "quiet_hours_ignored"),
        (Self::SameReference, "same_reference"),
        (Self::VersionOverwritten, "version_overwritten"),
        (Self::RecordDropped, "record_dropped"),
        (Self::ConflictAsDuplicate, "conflict_as_duplicate"),
        (Self::DuplicateAccepted, "duplicate_accepted"),
        (Self::ToldForRefused, "told_for_refused"),
        (Self::RetryAfterIgnored, "retry_after_ignored"),
        (Self::OverdueRequeued, "overdue_requeued"),
        (Self::CapIgnored, "cap_ignored"),
        (Self::AnsweredBeforeDurable, "answered_before_durable"),
        (Self::PauseForgotten, "pause_forgotten"),
        (Self::LostOutcome, "lost_outcome"),
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
