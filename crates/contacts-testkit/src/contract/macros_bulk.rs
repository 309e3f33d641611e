//! The macros of segments, selections and bulk actions: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::segment::SegmentRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! segment_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, segments:
            a_segment_is_read_as_it_was_written
            a_name_is_taken_whatever_its_case
            a_segment_is_changed
            a_patch_that_changes_nothing_leaves_version_and_time
            a_stale_version_is_refused_with_the_current_state
            two_patches_at_once_both_hold
            one_of_many_who_take_a_name_at_once_gets_it
            segments_are_listed_by_name_page_by_page
            a_layout_is_kept_and_changed
            a_private_segment_is_listed_for_its_owner_until_it_is_shared
            private_segments_of_deactivated_users_and_of_ended_keys_are_listed
            a_deleted_segment_is_gone
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::selection::SelectionRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! selection_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, selections:
            given_ids_are_kept_in_order_each_once
            many_ids_are_kept_in_chunks
            matching_contacts_are_frozen_except_some
            contacts_that_still_match_are_counted
            old_selections_go_unless_an_action_needs_them
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of an [`contacts_core::action::ActionRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! action_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, action_consents:
            contacts_that_a_campaign_has_reached_are_not_removed_from_it
            contacts_are_unsubscribed_once
        }
        $crate::properties! { $make, action_fields:
            an_action_that_sets_a_field_is_read_as_it_was_written
            a_field_is_set_and_the_rest_of_the_profile_stays
            only_blanks_are_filled_when_asked_and_a_value_is_cleared
            a_phone_number_is_set_and_found
            a_value_that_no_longer_fits_its_field_changes_nothing
            a_field_that_was_archived_since_is_not_set
            an_edit_at_the_same_moment_is_kept
            an_erasure_takes_the_value_that_names_the_person
            organisations_do_not_set_each_others_fields
        }
        $crate::properties! { $make, actions:
            an_action_is_read_as_it_was_written
            an_empty_name_is_refused
            an_action_queues_its_job_until_it_ends
            adding_tags_counts_each_contact_once
            a_tag_is_created_when_it_is_first_used
            removing_tags_counts_each_contact_once
            who_cannot_be_reached_or_has_unsubscribed_is_added_to_no_campaign
            deleting_is_permanent
            a_merged_contact_is_skipped_as_merged
            pairs_are_merged_once_each
            pairs_with_too_many_addresses_are_skipped
            a_delete_skips_contacts_that_no_longer_match
            a_confirmed_number_is_compared_when_the_action_is_inserted
            a_stopped_action_keeps_a_true_result
            an_action_that_is_not_there_is_not_done
            activity_lists_bulk_actions
            the_newest_action_is_listed_first
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, action_chunks:
            a_chunk_is_done_once
            a_chunk_is_applied_in_parts
        }
        $crate::properties! { $make, action_exports:
            an_export_contains_existing_contacts_and_resumes_after_any_chunk
            an_export_in_parts_has_each_contact_and_one_header
            an_export_changes_no_contact_and_makes_no_event
            the_file_of_an_export_is_deleted_after_a_day_or_a_cancel
        }
    };
}

/// Makes a test of each property of a [`contacts_core::run::RunRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! run_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, runs:
            a_run_of_any_kind_is_what_its_own_port_reads
            an_import_is_a_run_in_each_of_its_states
            a_run_is_queued_until_a_worker_begins_it
            each_change_of_a_run_is_an_allowed_transition
            runs_are_listed_by_kind_and_until_they_end
            runs_are_listed_page_by_page
            an_undo_that_is_requested_again_is_another_run
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::batch::BatchRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! batch_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, batches:
            items_are_answered_in_their_order
            several_items_about_one_contact_apply_in_order
            a_name_or_an_address_is_enough_to_add
            an_item_finds_its_contact_by_each_of_its_keys
            one_key_finds_the_contact_and_the_others_are_its_values
            contacts_pass_their_external_ids_on
            an_address_that_has_no_room_is_skipped
            a_batch_leaves_the_activity_and_events_of_single_changes
            what_a_batch_adds_happens_after_what_it_changes
            an_unsubscribed_address_stays_unsubscribed
            two_batches_at_once_add_each_contact_once
            a_value_that_does_not_fit_its_field_changes_nothing
            organisations_do_not_see_each_other
        }
    };
}
