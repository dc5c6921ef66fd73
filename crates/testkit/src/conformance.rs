//! What every store promises, as functions that take a place to open one, and a macro that stamps all of them onto it:
//!
//! ```ignore
//! testkit::conformance!(MyPlace::new());
//! ```

#![expect(
    clippy::unwrap_used,
    reason = "a promise that cannot be tried is broken: the test ends here"
)]

mod acts;
mod dispatch;
mod lane;
mod model;
mod notices;
mod outcomes;
mod proof;
mod quarantine;
mod reads;
mod receipts;
mod restore;
mod sample;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use ports::read::Store;

pub use acts::*;
pub use dispatch::*;
pub use lane::*;
pub use model::*;
pub use notices::*;
pub use outcomes::*;
pub use proof::*;
pub use quarantine::*;
pub use reads::*;
pub use receipts::*;
pub use restore::*;
pub use stream::*;

/// Where one store's data lies, empty at first.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the store as one more process would: what is only in memory begins anew.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes a test of every promise. The expression is evaluated for each of them.
#[macro_export]
macro_rules! conformance {
    ($place:expr) => {
        $crate::conformance!(@each $place;
            what_is_appended_is_read_from_any_position,
            appends_at_the_same_time_leave_no_gap,
            a_waiting_reader_wakes_when_a_record_comes,
            a_claim_ends_the_lane_of_whoever_had_it,
            a_batch_that_begins_elsewhere_is_refused,
            a_refused_batch_leaves_nothing,
            records_are_those_that_the_lane_moved_over,
            an_id_is_remembered_with_what_it_said,
            a_ledger_is_written_where_it_is_as_it_was_read,
            many_ledgers_are_loaded_in_the_order_asked,
            a_timer_is_replaced_by_the_next_write_of_its_ledger,
            the_inner_log_is_read_in_order,
            a_notice_is_queued_or_kept_back_as_history,
            an_update_reaches_unsent_notices_only,
            history_turns_both_ways,
            a_cancelled_notice_is_queued_again,
            a_sent_notice_cannot_be_cancelled,
            a_notice_that_ran_out_unsent_can_be_cancelled,
            a_change_ends_the_lease_of_its_notice,
            notices_are_leased_once_and_by_their_time,
            a_lease_ends_with_its_process_or_its_time,
            an_old_token_submits_nothing,
            a_submission_writes_attempt_text_and_told,
            one_attempt_lives_at_a_time,
            nothing_is_submitted_too_late_or_too_early,
            a_pause_refuses_and_lasts,
            a_leased_notice_is_deferred_or_set_aside,
            a_held_notice_waits_until_it_is_released,
            a_person_cancels_unsent_notices_only,
            what_was_not_sent_goes_back_and_is_taken_back,
            later_news_never_lowers,
            a_not_sent_attempt_takes_no_more_news,
            ten_unknowns_in_a_row_pause_a_provider,
            a_refused_account_pauses_its_provider,
            a_weaker_pause_never_replaces_a_stronger,
            what_passes_its_deadline_is_unknown_and_never_queued,
            an_unknown_is_looked_up_until_it_is_proved,
            a_proof_of_absence_alone_queues_nothing,
            what_was_proved_absent_is_sent_once_more_at_most,
            what_was_proved_absent_too_late_stays_unknown,
            what_turns_up_after_all_is_told_again,
            two_attempts_of_one_notice_do_not_disturb_each_other,
            a_person_has_a_message_said_again,
            a_recipient_is_sent_no_more_than_the_caps,
            a_receipt_is_kept_once,
            a_receipt_finds_its_attempt,
            a_receipt_is_settled_once,
            what_was_set_aside_is_read_in_pages,
            a_redriven_record_stands_in_the_stream_once_more,
            a_record_is_handled_once_and_a_key_is_good_for_one,
            of_two_hands_at_one_record_one_comes_first,
            cases_are_read_by_cursor_and_filter,
            records_are_read_in_pages,
            notices_are_read_by_cursor_and_filter,
            counts_add_up,
            a_policy_version_has_one_text,
            the_audit_log_is_chained,
            random_work_ends_as_in_the_model,
        );
    };
    (@each $place:expr; $($promise:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let place = $place;
                $crate::conformance::$promise(&place).await;
            }
        )*
    };
}
