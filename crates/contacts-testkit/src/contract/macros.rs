//! A macro for each port, which makes a `#[test]` of each property of its contract.
//!
//! `tests/complete.rs` checks that no property is left out.

/// Makes the tests of a list of properties, for the macros of the contracts.
#[doc(hidden)]
#[macro_export]
macro_rules! properties {
    ($make:expr, $module:ident: $($property:ident)*) => {
        mod $module {
            #[allow(unused_imports, reason = "the maker may be named by its whole path")]
            use super::*;
            $(
                #[test]
                fn $property() {
                    let make = $make;
                    let ports: $crate::Ports = make();
                    $crate::contract::$module::$property(&ports);
                }
            )*
        }
    };
}

/// Makes a test of each property of a [`contacts_core::answer::AnswerRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! answer_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, answers:
            a_key_is_claimed_once
            of_many_claims_at_once_one_gets_the_key
            a_repeat_gets_the_answer_as_it_was_kept
            another_request_with_the_same_key_is_refused
            a_released_key_is_free_for_any_request
            a_claim_without_a_sign_of_life_ends_after_a_minute
            an_extended_claim_lasts
            a_lost_claim_changes_nothing
            an_answer_is_kept_for_a_day
            an_answer_that_is_not_kept_is_not_given_again
            erased_answers_leave_a_record_of_their_requests
            an_answer_erased_in_progress_is_not_stored
            a_request_that_was_carried_out_is_never_free_again
            a_request_that_was_carried_out_is_not_released
            an_answer_that_was_late_is_stored
            work_that_fails_marks_nothing
            preparation_marks_nothing
            a_request_that_was_taken_over_changes_nothing
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::contact::ContactRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! contact_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, contacts:
            a_contact_is_read_as_it_was_written
            every_origin_is_read_as_it_was_written
            a_missing_record_is_none
            organisations_do_not_see_each_other
            the_same_address_in_another_spelling_is_taken
            many_contacts_may_have_no_address
            a_patch_changes_only_the_fields_it_names
            a_patch_that_changes_nothing_leaves_version_and_time
            a_stale_version_is_refused_with_the_current_state
            a_required_field_cannot_be_cleared
            clearing_a_required_field_that_is_missing_changes_nothing
            an_update_cannot_take_anothers_address
            an_address_may_be_respelled_by_its_owner
            tagging_leaves_version_and_time
            a_patch_replaces_tags_and_changes_the_profile_in_one
            a_patch_of_tags_alone_leaves_version_and_time
            a_refused_patch_leaves_the_tags
            patches_of_tags_and_of_the_name_at_once_both_hold
            a_tag_is_shown_as_it_was_first_written
            adding_a_tag_that_is_there_or_removing_one_that_is_not_changes_nothing
            deleting_takes_everything_that_hangs_on_a_contact
            the_first_source_stays
            a_new_address_is_an_edit_from_one_to_another
        }
        $crate::properties! { $make, external_ids:
            a_contact_is_found_by_its_external_id_exactly
            a_new_contact_cannot_have_anothers_external_id
            an_external_id_is_set_changed_and_cleared
            a_merge_fills_a_blank_external_id
        }
        $crate::properties! { $make, merge:
            the_survivor_keeps_its_values_and_blanks_are_filled
            a_merge_without_anything_new_changes_nothing
            chosen_values_are_taken_from_the_other
            the_external_id_of_either_contact_is_chosen
            values_of_archived_fields_are_taken_too
            tags_are_united
            sources_are_united_and_the_survivors_first_stays_first
            the_same_source_is_stored_once
            the_survivors_activity_lists_both_contacts
            an_old_id_points_to_the_survivor_of_all_merges
            a_stale_survivor_is_not_merged
            a_missing_or_foreign_contact_is_not_merged
            two_who_merge_the_same_people_at_once_leave_one
        }
        $crate::properties! { $make, addresses:
            an_address_that_was_left_stays_with_its_contact
            addresses_are_added_and_removed
            the_first_address_of_a_contact_is_primary
            a_contact_has_twenty_addresses_at_most
            each_address_has_its_time_and_its_source
            changes_of_addresses_are_in_the_activity_and_the_feed
            a_merge_moves_every_address
            a_deleted_contact_frees_all_its_addresses
            an_unsubscribe_holds_for_every_address
            a_row_finds_a_contact_by_any_address
            a_dry_run_finds_a_contact_by_any_address
            a_capture_finds_a_contact_by_any_address
            a_record_finds_a_contact_by_any_address
            an_import_of_a_contact_that_gained_an_address_keeps_it
            organisations_do_not_see_each_others_addresses
            nobody_becomes_a_second_contact_by_an_old_address
        }
        $crate::properties! { $make, activity:
            activity_lists_actors_newest_first
            no_activity_of_one_moment_is_lost_or_repeated_between_pages
            concurrent_changes_do_not_disturb_the_pages
        }
        $crate::properties! { $make, lists:
            every_sort_is_complete_on_pages_of_any_size
            the_best_matches_of_a_search_come_first
            the_very_name_is_best_in_every_spelling
            pages_of_the_best_matches_are_complete
            no_row_is_skipped_or_shown_twice_while_rows_are_added
            a_cursor_is_valid_after_its_row_is_deleted
            a_cursor_is_read_back_from_its_text
            the_last_page_has_no_next_one_even_when_it_is_full
            a_page_is_filtered_and_sorted_at_once
            a_row_carries_its_tags_and_its_source
            a_small_quick_count_is_exact
            the_number_of_all_contacts_follows_every_change
        }
        $crate::properties! { $make, orders:
            the_last_conversation_is_an_order_that_follows_reports
            a_merge_moves_the_last_conversation_and_its_undo_gives_it_back
            custom_fields_are_orders_with_missing_values_last
            a_field_that_does_not_exist_is_an_order_without_values
            organisations_do_not_see_each_others_values
        }
        $crate::properties! { $make, search:
            case_and_accents_do_not_matter
            long_words_are_found_anywhere_and_short_ones_at_the_start
            every_word_must_match_in_any_order
            signs_of_patterns_are_ordinary_characters
            a_phone_is_found_by_its_digits
            an_empty_search_matches_every_contact
            writing_without_spaces_is_found
            a_write_is_found_by_the_very_next_search
            a_name_is_found_without_its_apostrophes_and_hyphens
            rebuilding_the_searched_texts_changes_no_contact
            a_contact_is_found_by_the_names_of_its_tags
            tags_of_other_organisations_are_not_searched
            a_contact_is_found_by_the_values_of_searchable_fields
            a_field_becomes_searchable_and_ceases_to_be
            a_contact_that_is_edited_while_a_field_becomes_searchable_is_found_by_it
        }
        $crate::properties! { $make, filters:
            a_source_of_every_kind_is_found
            a_source_condition_applies_to_one_source_as_a_whole
            tags_are_asked_for_by_any_all_and_none
            a_time_range_includes_its_start_and_excludes_its_end
            changes_of_tags_and_consent_are_found_by_update_time
            a_text_field_is_tested
            a_url_or_select_field_is_tested
            a_number_field_is_tested_by_value
            a_date_field_is_tested_by_day
            a_boolean_field_is_tested
            every_condition_on_fields_must_hold
            ids_match_the_contacts_that_have_them
            a_contact_with_an_address_is_reachable
            campaigns_and_how_far_they_got_are_asked_for
            conditions_of_every_kind_combine
            filters_of_segments_must_match_too
        }
        $crate::properties! { $make, filter_groups:
            groups_combine_by_all_any_and_not
            a_missing_value_meets_the_opposite_of_a_condition
            contacts_are_found_by_the_domain_of_each_address
            contacts_without_tags_and_incomplete_ones_are_found
            contacts_are_found_by_deliveries_of_any_campaign
            contacts_are_found_by_their_last_conversation
        }
    };
}

/// Makes a test of each property of a [`contacts_core::campaign::CampaignRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! campaign_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, campaigns:
            a_campaign_is_registered_once_and_renamed
            campaigns_are_listed_newest_first_page_by_page
            people_are_counted_by_status
            a_missing_record_is_none
            organisations_do_not_see_each_other
            campaigns_of_a_contact_are_listed_newest_first_page_by_page
            contacts_are_put_into_a_campaign_each_once
            campaigns_of_a_contact_are_listed_newest_first_with_all_times
            deliveries_in_any_order_give_one_result
            each_delivery_is_answered_and_the_unknown_change_nothing
            batches_about_the_same_people_at_once_are_taken_once
            campaigns_are_in_the_activity
            a_deleted_contact_takes_its_subscriptions_and_deliveries
        }
        $crate::properties! { $make, unsubscribes:
            who_unsubscribed_from_one_campaign_is_put_into_none
            an_unsubscribe_outlives_the_contact
            an_import_does_not_bring_back_who_unsubscribed
            who_unsubscribed_stays_so_under_a_new_address_and_so_do_both_addresses
            who_takes_an_unsubscribed_address_is_unsubscribed
            who_unsubscribes_without_an_address_is_so_when_one_is_filled_in
            a_late_report_of_an_earlier_unsubscribe_counts
            an_address_that_is_deleted_and_added_at_once_stays_unsubscribed
        }
    };
}

/// Makes a test of each property of a [`contacts_core::consent::ConsentRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! consent_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, consents:
            consent_has_its_reason_time_actor_and_note
            lowering_twice_keeps_the_first
            only_deliveries_of_unsubscribes_lower_consent
            the_note_is_deleted_with_its_contact_and_the_reason_stays
            raising_holds_for_the_address_and_is_an_activity_and_an_event
            consent_holds_for_all_addresses_of_a_contact
            an_unsubscribe_after_a_raise_counts
            the_first_unsubscribe_of_two_merged_contacts_holds
            an_address_that_changes_consent_is_in_the_event
            contacts_are_filtered_by_consent
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::tag::TagRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! tag_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, tags:
            a_tag_is_made_once_and_shown_as_it_was_first_written
            tags_that_are_renamed_to_one_name_at_once_become_one
            organisations_do_not_see_each_other
            the_list_counts_contacts_and_keeps_unused_tags
            the_list_is_read_by_prefix_and_page_by_page
            renaming_a_tag_renames_it_everywhere
            a_new_spelling_of_its_own_name_is_a_rename
            a_stale_version_is_refused_with_the_current_state
            renaming_onto_another_merges_them
            deleting_a_tag_removes_it_from_every_contact
            a_missing_record_is_none
        }
    };
}

/// Makes a test of each property of a [`contacts_core::field::FieldRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! field_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, fields:
            a_field_of_every_type_is_read_as_it_was_written
            a_new_field_stands_after_the_others
            fields_that_are_defined_at_once_have_places_of_their_own
            a_limit_holds_when_many_insert_at_once
            organisations_do_not_see_each_other
            a_key_is_taken_once
            a_field_is_changed
            a_patch_that_changes_nothing_leaves_the_version
            a_stale_version_is_refused_with_the_current_state
            two_patches_at_once_both_hold
            a_type_cannot_change_while_values_exist
            a_value_of_the_old_type_is_refused_after_the_type_has_changed
            a_type_does_not_change_under_a_value_that_is_written_at_once
            an_archived_fields_values_are_kept_and_not_shown
            options_may_change_while_values_exist
            reordering_puts_named_fields_first
        }
    };
}

/// Makes a test of each property of a [`contacts_core::org::OrganisationRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! organisation_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, organisations:
            an_organisation_is_read_as_it_was_written
            one_that_is_not_there_answers_nothing
            organisations_do_not_see_each_other
            the_oldest_is_listed_first
        }
    };
}

/// Makes a test of each property of a [`contacts_core::note::NoteRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! note_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, notes:
            a_note_is_read_as_it_was_written
            a_note_needs_its_contact
            a_note_is_found_under_its_contact_only
            the_newest_note_is_listed_first_on_pages_of_any_size
            a_note_is_changed_and_keeps_its_author
            a_note_is_changed_by_its_author_or_an_administrator_only
            a_deleted_note_is_gone_once
            activity_lists_notes_without_their_text
            notes_go_with_their_contact
            two_edits_of_one_version_at_once_change_it_once
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::erasure::ErasureRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! erasure_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, erasures:
            an_erased_contact_is_gone_at_once_with_all_that_hangs_on_it
            erasure_identifiers_are_blanked_at_the_end
            an_erased_file_is_deleted_and_marked_on_its_import
            a_contact_imported_during_an_erasure_is_erased
            a_contact_that_returned_by_itself_stays
            an_unsubscribe_is_erased_only_on_request
            connector_logs_are_deleted_by_an_erasure
            a_source_that_is_read_meanwhile_is_waited_for
            an_erasure_queues_its_job_once
            the_newest_erasure_is_listed_first
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::person::PersonalDataRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! person_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, people:
            everything_is_told
            nothing_of_other_organisations_is_returned
        }
    };
}

/// Makes a test of each property of a [`contacts_core::audit::AuditRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! audit_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, audit:
            nothing_is_found_after_random_operations
            nothing_is_found_in_an_empty_organisation
            a_run_without_a_job_is_found_until_it_gets_one
            a_job_of_a_deleted_run_is_found_after_an_hour
            a_time_more_than_a_minute_in_the_future_is_found
            a_file_that_belongs_to_nothing_is_found
            a_finding_has_at_most_five_examples
            a_webhook_beyond_the_end_of_the_feed_is_found
            organisations_are_audited_oldest_first_and_after_another
        }
    };
}

/// Makes a test of each property of a [`contacts_core::housekeeping::Housekeeping`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! housekeeping_contract {
    ($make:expr) => {
        $crate::properties! { $make, housekeeping:
            a_file_is_deleted_thirty_days_after_its_import
            connector_logs_are_deleted_thirty_days_after_their_run
            expired_links_and_sessions_are_deleted
            an_upload_that_stores_nothing_for_two_minutes_fails
            an_import_whose_file_is_complete_is_not_idle
            an_import_that_is_never_started_is_cancelled_after_thirty_days
            a_run_without_a_job_gets_one
            a_run_that_has_ended_gets_no_job
        }
    };
}

/// Makes a test of each property of a [`contacts_core::export::ExportRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! export_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, exports:
            a_contact_is_exported_with_values_as_written
            every_contact_is_exported_once_sorted_by_id
            a_page_is_bounded_and_has_a_cursor
            the_filter_decides_what_is_exported
            given_ids_are_exported_unless_deleted
            a_page_of_large_contacts_ends_early
            optional_parts_are_left_out_unless_requested
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::file::FileStore`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! file_store_contract {
    ($make:expr) => {
        $crate::properties! { $make, files:
            a_file_is_its_chunks_in_order
            a_file_is_read_from_any_position
            a_chunk_that_is_sent_again_is_kept_once
            a_file_that_is_not_there_is_empty
            a_deleted_file_is_gone_and_its_neighbour_is_not
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::job::JobQueue`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! job_queue_contract {
    ($make:expr) => {
        $crate::properties! { $make, jobs:
            a_job_is_taken_by_one_worker
            starting_an_import_queues_its_run
            the_oldest_due_job_comes_first
            a_silent_worker_loses_its_job
            a_lease_from_before_the_clock_was_set_back_is_expired
            a_worker_that_extends_its_lease_keeps_its_job
            a_worker_that_lost_its_job_changes_nothing
            a_job_that_is_done_or_given_up_is_gone
            a_job_that_gives_way_is_queued_behind_the_others
            a_job_that_failed_waits_and_counts_its_failures
            an_organisation_with_fewer_claimed_jobs_comes_first
            a_lease_that_ran_out_is_no_job_in_hand
            organisations_do_not_see_each_other
        }
    };
}
