//! The macros of imports: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::import::ImportRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! import_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, imports:
            an_import_is_read_as_it_was_written
            an_import_moves_through_its_states
            another_layout_is_analysed_in_place_of_the_first
            an_unusable_file_is_analysed_again_by_another_layout
            an_unusable_file_has_a_reason
            a_failed_import_has_a_reason
            a_change_of_state_that_is_not_allowed_changes_nothing
            an_import_can_be_cancelled_until_it_ends
            a_refused_change_queues_no_job
            rows_are_taken_only_while_it_runs
            a_stopped_import_keeps_a_true_tally
            a_chunk_is_taken_once
            the_newest_import_is_listed_first
            two_changes_of_one_plan_at_once_both_hold
            an_incomplete_plan_starts_nothing
            domains_of_many_addresses_are_listed
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, choices:
            the_choices_of_the_import_that_was_started_last_are_found
            the_choices_of_other_headers_and_of_opt_out_lists_are_not_found
            a_plan_keeps_the_origin_of_its_choices
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, corrections:
            corrections_are_those_of_the_last_edits
            cells_are_corrected_during_the_review_only
            corrections_stay_when_the_import_starts
            two_corrections_at_once_both_hold
            too_many_corrections_are_refused
            a_correction_marks_the_dry_run_as_outdated
            a_layout_with_other_cells_deletes_corrections
            corrections_are_deleted_with_the_file
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, retries:
            corrected_rows_wait_until_they_are_imported
            a_row_moves_from_skipped_to_added
            only_skipped_rows_of_a_done_import_are_corrected
            a_run_of_corrected_rows_that_ends_early_leaves_the_import_done
            an_undo_undoes_corrected_rows_too
            activity_lists_what_a_corrected_row_changed
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, rows:
            a_new_address_adds
            a_known_address_updates_and_is_never_rewritten
            a_phone_number_without_its_plus_sign_is_the_existing_one
            new_tags_alone_update_without_a_new_version
            a_row_without_a_change_is_unchanged
            the_same_address_twice_in_a_chunk_is_an_add_and_an_update
            chunks_of_any_size_give_the_same
            the_policy_limits_what_a_row_may_do
            rows_of_the_same_file_count_as_existing_for_the_policy
            an_incomplete_contact_is_filled
            a_tag_of_a_row_is_shown_as_it_was_first_written
            tags_of_a_row_that_is_skipped_are_not_made
            an_import_is_a_source_of_a_contact_once
            activity_lists_what_an_import_changed
            issues_are_listed_in_the_order_of_the_file
            every_reason_to_skip_is_counted
            a_contact_of_another_organisation_is_unknown
            a_deleted_contact_is_added_again
        }
        $crate::properties! { $make, row_rules:
            a_rule_of_a_column_takes_the_place_of_the_policy
            a_word_clears_values_where_the_column_overwrites
            a_word_clears_nothing_of_a_contact_that_has_nothing
        }
        $crate::properties! { $make, row_addresses:
            a_row_adds_a_contact_with_all_its_addresses
            any_address_of_a_row_finds_the_contact_which_gets_the_others
            addresses_of_two_contacts_are_ambiguous_and_too_many_are_skipped
            an_opt_out_concerns_each_address_of_its_row
            addresses_are_given_on_within_a_chunk
        }
        $crate::properties! { $make, edited_exports:
            importing_an_edited_export_makes_exactly_these_edits
        }
        $crate::properties! { $make, opt_outs:
            a_row_that_says_so_unsubscribes_its_contact
            a_row_never_subscribes
            a_new_contact_may_be_unsubscribed_by_its_row
            an_opt_out_list_unsubscribes_and_adds_nobody
            an_address_of_an_opt_out_list_is_unsubscribed_when_somebody_gets_it
            undoing_an_import_subscribes_nobody
            an_opt_out_list_unsubscribes_whom_any_key_finds
            an_opt_out_applies_although_its_row_is_skipped
            an_address_is_opted_out_before_a_later_row_adds_it
            an_opt_out_of_a_row_that_only_adds_leaves_contacts_alone
            an_address_that_the_policy_does_not_write_is_opted_out
        }
        $crate::properties! { $make, matching:
            a_row_finds_its_contact_by_each_of_its_keys
            an_id_that_was_merged_means_its_survivor
            a_row_without_a_contact_is_skipped_with_the_reason
            only_an_id_lets_a_row_change_the_address
            contacts_pass_their_external_ids_on_and_keep_their_addresses
            an_undo_keeps_what_another_contact_would_lose
            rows_with_any_keys_are_predicted_applied_from_the_top_and_undone
        }
    };
}

/// Makes a test of each property of a [`contacts_core::import::DryRunRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! dry_run_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, dry_runs:
            a_dry_run_predicts_the_import_and_changes_nothing
            a_dry_run_is_of_an_import_that_is_ready
            a_row_reports_what_it_would_change
            rows_are_looked_at_once
            another_plan_the_start_and_the_end_throw_a_dry_run_away
            a_dry_run_can_be_discarded_and_repeated
            a_failed_dry_run_has_a_reason
            a_cancelled_dry_run_keeps_its_results
            rows_of_a_dry_run_are_read_page_by_page
            rows_of_a_dry_run_are_listed_by_effect_and_reason
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::undo::UndoRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! undo_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, undos:
            undo_removes_added_contacts_and_restores_values
            undoing_is_a_change_by_its_requester
            an_unsubscribe_before_an_import_does_not_keep_its_contact
            a_contact_that_was_changed_since_stays_and_is_listed
            a_field_that_was_changed_since_stays_and_is_listed
            chunks_of_any_size_are_undone_to_the_same
            a_contact_that_was_added_again_stays
            a_contact_with_a_note_stays
            a_contact_in_a_campaign_stays
            a_contact_that_another_was_merged_into_stays
            a_contact_that_was_merged_into_another_stays_so
            deleted_contacts_are_counted
            a_renamed_tag_is_taken_off_and_a_deleted_one_is_no_change
            values_of_an_archived_field_are_restored
            an_import_is_undone_once
            an_undo_starts_after_the_end_of_an_import
            the_imported_part_of_a_cancelled_import_is_undone
            an_undo_that_ended_early_resumes_where_it_stopped
            kept_items_are_read_page_by_page
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, action_undos:
            only_the_tags_that_an_action_added_are_removed
            only_the_tags_that_an_action_removed_are_put_back
            a_field_that_an_action_set_is_restored
            a_field_that_was_edited_since_is_kept
            a_later_change_of_an_added_tag_is_kept
            a_later_change_of_a_removed_tag_is_kept
            actions_are_undone_one_after_the_other
            a_renamed_tag_is_reversed_and_a_deleted_one_is_no_change
            subscriptions_that_an_action_added_are_removed_unless_they_were_used
            subscriptions_that_an_action_removed_are_put_back_as_they_were
            merged_and_deleted_contacts_are_listed_and_erased_ones_are_not
            an_erasure_takes_merged_contacts_out_of_the_journal
            an_undo_that_ended_early_resumes_with_the_parts_that_are_left
            the_applied_parts_of_a_cancelled_action_are_undone
            an_action_is_undone_once_after_its_end
            an_undo_queues_its_job
            the_journal_expires_unless_it_is_being_undone
            a_cancelled_undo_is_not_resumed_after_the_journal_expired
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, merge_undos:
            an_undone_merge_leaves_two_contacts_as_they_were
            both_contacts_of_an_undone_merge_are_found_again
            what_was_changed_since_a_merge_is_kept
            addresses_and_ids_that_others_have_now_are_kept
            a_contact_without_a_name_and_an_address_is_not_made_again
            undoing_a_merge_raises_no_consent
            the_last_merge_is_undone_first
            a_contact_is_merged_and_separated_again_and_again
            an_undo_of_a_merge_is_requested_once_and_cancelled
            deleting_or_erasing_the_survivor_ends_the_undo_of_its_merges
            a_merge_is_undone_within_30_days
            a_bulk_merge_is_undone_from_the_last_pair_to_the_first
            a_merge_of_another_organisation_is_not_undone
            an_address_that_was_edited_since_stays_with_the_survivor
        }
    };
}
