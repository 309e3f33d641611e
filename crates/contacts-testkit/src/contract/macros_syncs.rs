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
            another_stream_starts_over_and_not_during_a_run
            a_worker_that_lost_its_run_stores_nothing
            an_interrupted_run_resumes_from_its_last_state
            a_full_reading_starts_at_the_beginning
            a_source_runs_when_it_is_due_and_once_for_all_it_missed
            failures_are_recorded_and_retried_after_growing_pauses
            errors_that_need_a_person_are_not_retried_early
            one_that_is_paused_runs_when_asked_only
            a_run_that_was_cancelled_takes_nothing_more
            one_that_gets_nowhere_is_given_up
            a_run_requested_during_a_run_is_not_lost
            a_source_runs_beside_other_jobs
            only_the_last_runs_are_kept
            existing_secrets_are_sealed_with_the_new_key
        }
        $crate::properties! { $make, sync_edits:
            a_patch_that_changes_nothing_leaves_the_version
            a_stale_version_is_refused_with_the_current_state
            two_patches_at_once_both_hold
            a_limit_holds_when_many_insert_at_once
            a_schedule_that_is_edited_during_a_run_holds
        }
        $crate::properties! { $make, sync_rows:
            the_same_records_three_times_change_nothing_after_the_first
            records_are_counted_once_each
            a_record_is_about_the_contact_of_its_id_and_else_of_its_address
            one_of_either_name_or_address_is_enough
            what_somebody_typed_wins
            an_address_of_another_contact_is_left_to_it
            two_records_of_one_address_are_one_contact
            an_unsubscribe_stays
            those_who_vanish_are_tagged_once
            those_who_vanish_are_unlinked
            a_record_marked_deleted_has_vanished
            a_record_that_vanished_and_returned_is_new
            an_empty_list_is_no_reason_to_vanish
            changes_of_a_source_are_in_the_activity
            links_of_a_source_follow_a_merge
            deleting_a_source_leaves_its_contacts
            deleting_a_contact_makes_it_unknown
            an_update_keeps_contacts_with_other_sources
        }
    };
}
