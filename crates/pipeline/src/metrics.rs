//! The name and help text of every metric, so that reading this file is reading the list. Labels are names of
//! providers, roles and states; never a plate, a phone or a case.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Seconds that one step of a role took. Label `role`.
pub const STEP_SECONDS: &str = "clearwalk_step_seconds";
/// Steps that failed and are tried again. Label `role`.
pub const STEP_FAILURES: &str = "clearwalk_step_failures_total";

/// Attempts that were handed to a provider. Label `provider`.
pub const SENDS_STARTED: &str = "clearwalk_sms_sends_started_total";
/// What attempts came to. Labels `provider`, `class`.
pub const SENDS: &str = "clearwalk_sms_sends_total";
/// Seconds from the first byte to the whole answer. Label `provider`.
pub const SEND_SECONDS: &str = "clearwalk_sms_send_seconds";
/// Calls that have no answer yet. Label `provider`.
pub const SENDS_IN_FLIGHT: &str = "clearwalk_sms_sends_in_flight";
/// Whether a provider is paused: 1 or 0. Label `provider`; `*` is everything.
pub const PROVIDER_PAUSED: &str = "clearwalk_sms_provider_paused";
/// Answers that are known and could not be written yet.
pub const OUTCOMES_WAITING: &str = "clearwalk_sms_outcomes_waiting";
/// Leased notices that were not sent. Label `why`.
pub const NOTICES_NOT_SENT: &str = "clearwalk_notices_not_sent_total";

/// Attempts whose deadline passed without an answer. Label `provider`.
pub const SENDS_OVERDUE: &str = "clearwalk_sms_sends_overdue_total";
/// Attempts of which nobody knows what became.
pub const UNKNOWN: &str = "clearwalk_sms_unknown";
/// Seconds since the oldest of them was submitted.
pub const UNKNOWN_AGE: &str = "clearwalk_sms_unknown_oldest_seconds";
/// What look-ups proved. Labels `provider`, `result`.
pub const LOOK_UPS: &str = "clearwalk_sms_look_ups_total";

/// News that providers pushed. Labels `provider`, `result`: the state it brought, or `unmatched`.
pub const RECEIPTS: &str = "clearwalk_sms_receipts_total";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_histogram!(
        STEP_SECONDS,
        Unit::Seconds,
        "Seconds that one step of a role took"
    );
    describe_counter!(STEP_FAILURES, "Steps that failed and are tried again");
    describe_counter!(SENDS_STARTED, "Attempts that were handed to a provider");
    describe_counter!(SENDS, "What attempts came to, by class");
    describe_histogram!(
        SEND_SECONDS,
        Unit::Seconds,
        "Seconds from the first byte to the whole answer"
    );
    describe_gauge!(SENDS_IN_FLIGHT, "Calls that have no answer yet");
    describe_gauge!(
        PROVIDER_PAUSED,
        "1 while nothing is sent by a provider; * is everything"
    );
    describe_gauge!(
        OUTCOMES_WAITING,
        "Answers that are known and could not be written yet"
    );
    describe_counter!(NOTICES_NOT_SENT, "Leased notices that were not sent, by reason");
    describe_counter!(SENDS_OVERDUE, "Attempts whose deadline passed without an answer");
    describe_gauge!(UNKNOWN, "Attempts of which nobody knows what became");
    describe_gauge!(
        UNKNOWN_AGE,
        Unit::Seconds,
        "Seconds since the oldest unknown attempt was submitted"
    );
    describe_counter!(LOOK_UPS, "What look-ups of unknown attempts proved");
    describe_counter!(RECEIPTS, "News that providers pushed, by what it brought");
}
