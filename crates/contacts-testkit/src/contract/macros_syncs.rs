//! The macros of connected sources.

/// Makes a test of each property of a [`contacts_core::sync::SyncRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! sync_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, syncs:
            a_source_is_read_as_it_was_written
            organisations_do_not_see_each_other
            a_name_is_taken_once
            another_stream_begins_anew_and_not_while_a_run_is_open
            a_worker_that_lost_its_run_stores_nothing
            a_run_that_broke_off_goes_on_from_its_last_state
            a_full_reading_begins_at_the_beginning
            a_source_runs_when_it_is_due_and_once_for_all_it_missed
            what_fails_is_told_and_tried_again_after_pauses_that_grow
            what_somebody_must_change_is_not_tried_again_before_its_time
            one_that_is_paused_runs_when_asked_only
            a_run_that_was_cancelled_takes_nothing_more
            one_that_gets_nowhere_is_given_up
            a_run_that_is_asked_for_while_its_job_is_held_is_not_lost
            a_source_runs_beside_other_jobs
            only_the_last_runs_are_kept
            secrets_are_sealed_anew_where_they_are_still_there
        }
        $crate::properties! { $make, sync_rows:
            the_same_records_three_times_change_nothing_after_the_first
            records_are_counted_once_each
            a_record_is_about_the_contact_of_its_id_and_else_of_its_address
            one_of_either_name_or_address_is_enough
            what_somebody_typed_wins
            an_address_of_another_contact_is_left_to_it
            two_records_of_one_address_are_one_contact
            whoever_has_unsubscribed_stays_so
            those_who_vanish_are_tagged_once
            those_who_vanish_are_unlinked
            one_that_says_it_was_deleted_has_vanished
            one_that_vanished_and_came_back_has_come_anew
            an_empty_list_is_no_reason_to_vanish
            what_a_source_did_is_told
            what_a_source_knows_follows_a_merge
            deleting_a_source_leaves_its_contacts
            deleting_a_contact_makes_it_unknown
            an_update_keeps_whoever_came_from_elsewhere
        }
    };
}
