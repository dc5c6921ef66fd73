//! The name and help text of every metric, so that reading this file is reading the list. Labels are names of
//! providers, roles and states; never a plate, a phone or a case.

use std::time::Duration;

use engine::time::Timestamp;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Seconds that one step of a role took. Label `role`.
pub const STEP_SECONDS: &str = "clearwalk_step_seconds";
/// Steps that failed and are tried again. Label `role`.
pub const STEP_FAILURES: &str = "clearwalk_step_failures_total";

/// Records of the stream in one batch of intake.
pub const BATCH_RECORDS: &str = "clearwalk_batch_records";
/// Seconds that the commit of a batch took, waiting for the store included.
pub const COMMIT_SECONDS: &str = "clearwalk_commit_seconds";
/// Batches that were built again. Label `why`.
pub const REBUILDS: &str = "clearwalk_batch_rebuilds_total";

/// Attempts that were handed to a provider. Label `provider`.
pub const SENDS_STARTED: &str = "clearwalk_sms_sends_started_total";
/// What attempts came to. Labels `provider`, `class`.
pub const SENDS: &str = "clearwalk_sms_sends_total";
/// Seconds from the first byte to the whole answer. Label `provider`.
pub const SEND_SECONDS: &str = "clearwalk_sms_send_seconds";
/// Seconds from the time at which a notice could be sent to its submission. Label `provider`.
pub const DUE_SECONDS: &str = "clearwalk_sms_due_seconds";
/// Seconds from submission to the provider's yes. Label `provider`.
pub const ACCEPTED_SECONDS: &str = "clearwalk_sms_accepted_seconds";
/// Seconds from submission to the delivery that a receipt tells of. Label `provider`.
pub const DELIVERED_SECONDS: &str = "clearwalk_sms_delivered_seconds";
/// Calls that have no answer yet. Label `provider`.
pub const SENDS_IN_FLIGHT: &str = "clearwalk_sms_sends_in_flight";
/// Whether a provider is paused: 1 or 0. Label `provider`; `*` is everything.
pub const PROVIDER_PAUSED: &str = "clearwalk_sms_provider_paused";
/// Whether a provider rests after failures or a throttle: 1 or 0. Label `provider`.
pub const PROVIDER_RESTING: &str = "clearwalk_sms_provider_resting";
/// Calls at once that a provider is trusted with now. Label `provider`.
pub const PROVIDER_WIDTH: &str = "clearwalk_sms_provider_width";
/// Calls that may begin now under the rate of a provider that has one. Label `provider`.
pub const PROVIDER_PERMITS: &str = "clearwalk_sms_provider_permits";
/// Seconds that a provider's clock is ahead of ours, as its last answer says. Label `provider`.
pub const PROVIDER_CLOCK: &str = "clearwalk_sms_provider_clock_ahead_seconds";
/// Answers that are known and could not be written yet.
pub const OUTCOMES_WAITING: &str = "clearwalk_sms_outcomes_waiting";
/// Leases of notices that ended by themselves: who had them neither sent nor gave them back.
pub const LEASES_ENDED: &str = "clearwalk_notice_leases_ended_total";
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
/// News that came more than an hour after what it tells of. Label `provider`.
pub const RECEIPTS_LATE: &str = "clearwalk_sms_receipts_late_total";

/// Always 1. Label `version`.
pub const BUILD_INFO: &str = "clearwalk_build_info";
/// Records read so far. Label `disposition`.
pub const RECORDS: &str = "clearwalk_records";
/// Records of the stream that intake has not read.
pub const LAG_RECORDS: &str = "clearwalk_lag_records";
/// Seconds since the first of them became known; 0: none waits.
pub const LAG_SECONDS: &str = "clearwalk_lag_seconds";
/// Effective cases. Label `outcome`.
pub const CASES: &str = "clearwalk_cases";
/// Notices. Label `state`.
pub const NOTICES: &str = "clearwalk_notices";
/// Seconds since the oldest notice of an open state was queued; 0: there is none. Label `state`.
pub const NOTICE_OLDEST: &str = "clearwalk_notice_oldest_seconds";
/// Attempts that came to something. Label `class`.
pub const ATTEMPTS: &str = "clearwalk_sms_attempts";
/// Bytes of the database.
pub const STORE_BYTES: &str = "clearwalk_store_bytes";
/// Bytes of it that hold nothing.
pub const FREE_BYTES: &str = "clearwalk_store_free_bytes";
/// Bytes of its write-ahead log.
pub const WAL_BYTES: &str = "clearwalk_store_wal_bytes";
/// Batches in the chain of decisions.
pub const CHAIN_HEIGHT: &str = "clearwalk_chain_height";
/// Seconds since the last batch was committed.
pub const CHAIN_AGE: &str = "clearwalk_chain_age_seconds";

/// The time between two instants; nothing where a clock was set back in between.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(to.since(from)).unwrap_or(0))
}

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_store();
    describe_sending();
}

fn describe_store() {
    describe_histogram!(BATCH_RECORDS, "Records of the stream in one batch");
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "Seconds that the commit of a batch took"
    );
    describe_counter!(REBUILDS, "Batches that were built again, by reason");
    describe_gauge!(BUILD_INFO, "1; the version is its label");
    describe_gauge!(RECORDS, "Records read so far, by disposition");
    describe_gauge!(LAG_RECORDS, "Records of the stream that intake has not read");
    describe_gauge!(LAG_SECONDS, "Seconds that the first unread record waits");
    describe_gauge!(CASES, "Effective cases, by outcome");
    describe_gauge!(NOTICES, "Notices, by state");
    describe_gauge!(
        NOTICE_OLDEST,
        "Seconds since the oldest notice of a state was queued"
    );
    describe_gauge!(ATTEMPTS, "Attempts, by what they came to");
    describe_gauge!(STORE_BYTES, "Bytes of the database");
    describe_gauge!(FREE_BYTES, "Bytes of the database that hold nothing");
    describe_gauge!(WAL_BYTES, "Bytes of the write-ahead log");
    describe_gauge!(CHAIN_HEIGHT, "Batches in the chain of decisions");
    describe_gauge!(CHAIN_AGE, "Seconds since the last batch was committed");
}

fn describe_sending() {
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
    describe_histogram!(
        DUE_SECONDS,
        Unit::Seconds,
        "Seconds from the time at which a notice could be sent to its submission"
    );
    describe_histogram!(
        ACCEPTED_SECONDS,
        Unit::Seconds,
        "Seconds from submission to the provider's yes"
    );
    describe_histogram!(
        DELIVERED_SECONDS,
        Unit::Seconds,
        "Seconds from submission to the delivery that a receipt tells of"
    );
    describe_gauge!(
        PROVIDER_RESTING,
        "1 while a provider rests after failures or a throttle"
    );
    describe_gauge!(
        PROVIDER_WIDTH,
        "Calls at once that a provider is trusted with now"
    );
    describe_gauge!(PROVIDER_PERMITS, "Calls that may begin now under the rate");
    describe_gauge!(
        PROVIDER_CLOCK,
        Unit::Seconds,
        "Seconds that the provider's clock is ahead of ours"
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
    describe_counter!(LEASES_ENDED, "Leases of notices that ended by themselves");
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
    describe_counter!(
        RECEIPTS_LATE,
        "News that came more than an hour after what it tells of"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Words that begin as our metrics do, up to the first character that no name has.
    fn names(text: &str, before: char) -> BTreeSet<&str> {
        let begins = format!("{before}clearwalk_");
        let rests = text.split(begins.as_str()).skip(1);
        rests
            .map(|rest| {
                rest.split(|c: char| !c.is_ascii_lowercase() && c != '_')
                    .next()
                    .unwrap_or_default()
            })
            .collect()
    }

    #[test]
    fn every_metric_stands_in_the_page_and_no_other() {
        // The web knows nothing of this crate and names its own.
        let code = [
            include_str!("metrics.rs").split("#[cfg(test)]").next().unwrap(),
            include_str!("../../web/src/guard.rs"),
            include_str!("../../web/src/receipts.rs"),
        ]
        .concat();
        let page = include_str!("../../../deploy/metrics.md");
        assert_eq!(names(&code, '"'), names(page, '`'));
        assert!(names(&code, '"').len() > 20);
    }
}
