//! A macro for each port, which makes a `#[test]` of each property of its contract.
//!
//! `tests/complete.rs` sees to it that no property is left out.

/// Makes the tests of some properties. The contracts' macros use it.
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
            another_request_under_the_same_key_is_told_apart
            a_released_key_is_free_for_any_request
            a_claim_without_a_sign_of_life_ends_after_a_minute
            a_claim_that_is_held_goes_on
            whoever_lost_a_claim_changes_nothing
            an_answer_is_kept_for_a_day
            an_answer_that_is_not_kept_is_not_given_again
            forgotten_answers_are_gone_and_their_requests_stay_known
            an_answer_that_was_forgotten_while_it_was_made_is_not_kept
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
            what_is_not_there_answers_nothing
            organisations_do_not_see_each_other
            the_same_address_in_another_spelling_is_taken
            many_contacts_may_have_no_address
            a_patch_changes_what_it_names_and_nothing_else
            a_patch_that_changes_nothing_leaves_version_and_time
            a_stale_version_is_refused_with_the_current_state
            a_required_field_cannot_be_cleared
            clearing_a_required_field_that_is_missing_changes_nothing
            an_update_cannot_take_anothers_address
            an_address_may_be_respelled_by_its_owner
            an_address_that_was_left_is_free
            tagging_leaves_version_and_time
            a_tag_is_shown_as_it_was_first_written
            adding_a_tag_that_is_there_or_removing_one_that_is_not_changes_nothing
            deleting_takes_everything_that_hangs_on_a_contact
            the_first_arrival_is_the_source
            a_new_address_is_an_edit_from_one_to_another
        }
        $crate::properties! { $make, merge:
            the_survivor_keeps_its_values_and_blanks_are_filled
            an_address_that_the_survivor_does_not_take_is_free
            values_of_archived_fields_are_taken_too
            tags_are_united
            sources_are_united_and_the_survivors_first_stays_first
            the_same_way_of_coming_is_kept_once
            the_survivors_activity_tells_of_both
            an_old_id_points_to_the_survivor_of_all_merges
            a_stale_survivor_is_not_merged
            whoever_is_not_there_or_of_another_organisation_is_not_merged
            two_who_merge_the_same_people_at_once_leave_one
        }
        $crate::properties! { $make, activity:
            activity_tells_who_did_what_the_newest_first
            no_activity_of_one_moment_is_lost_or_repeated_between_pages
            what_happens_meanwhile_does_not_disturb_the_pages
        }
        $crate::properties! { $make, lists:
            every_sort_is_complete_on_pages_of_any_size
            no_row_is_skipped_or_shown_twice_while_rows_are_added
            a_cursor_holds_when_its_row_is_gone
            a_cursor_is_read_back_from_its_text
            the_last_page_has_no_next_one_even_when_it_is_full
            a_page_is_filtered_and_sorted_at_once
            a_row_carries_its_tags_and_its_source
            a_small_count_is_exact_either_way
            a_bounded_count_stops_and_an_exact_one_goes_on
        }
        $crate::properties! { $make, search:
            case_and_accents_do_not_matter
            long_words_are_found_anywhere_and_short_ones_at_the_start
            every_word_must_match_in_any_order
            signs_of_patterns_are_ordinary_characters
            a_phone_is_found_by_its_digits
            an_empty_search_finds_everybody
            writing_without_spaces_is_found
            a_write_is_found_by_the_very_next_search
        }
        $crate::properties! { $make, filters:
            a_source_of_every_kind_is_found
            a_source_condition_holds_of_one_arrival_as_a_whole
            tags_are_asked_for_by_any_all_and_none
            a_range_of_time_begins_with_its_first_moment_and_ends_before_its_last
            a_text_field_is_tested
            a_url_or_select_field_is_tested
            a_number_field_is_tested_by_value
            a_date_field_is_tested_by_day
            a_boolean_field_is_tested
            every_condition_on_fields_must_hold
            whoever_has_an_address_is_reachable
            campaigns_and_how_far_they_got_are_asked_for
            conditions_of_every_kind_combine
            the_filters_of_segments_must_hold_too
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
            what_is_not_there_answers_nothing
            organisations_do_not_see_each_other
            contacts_are_put_into_a_campaign_each_once
            a_contacts_campaigns_are_told_newest_first_with_every_time
            deliveries_in_any_order_give_one_result
            each_delivery_is_answered_and_the_unknown_change_nothing
            batches_about_the_same_people_at_once_are_taken_once
            what_campaigns_did_is_told_by_the_activity
            a_deleted_contact_takes_its_subscriptions_and_deliveries
        }
        $crate::properties! { $make, unsubscribes:
            who_unsubscribed_from_one_campaign_is_put_into_none
            an_unsubscribe_outlives_the_contact
            an_import_does_not_bring_back_who_unsubscribed
            who_unsubscribed_stays_so_under_a_new_address_and_so_do_both_addresses
            who_takes_an_unsubscribed_address_is_unsubscribed
            who_unsubscribes_without_an_address_is_so_when_one_is_filled_in
            an_earlier_unsubscribe_that_comes_late_counts
            an_address_that_is_deleted_and_added_at_once_stays_unsubscribed
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
            the_list_counts_who_carries_each_and_keeps_those_that_nobody_does
            the_list_is_read_by_prefix_and_page_by_page
            renaming_a_tag_renames_it_everywhere
            a_new_spelling_of_its_own_name_is_a_rename
            renaming_onto_another_merges_them
            deleting_a_tag_takes_it_off_everybody
            what_is_not_there_answers_nothing
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
            fields_stand_by_position_and_then_by_key
            organisations_do_not_see_each_other
            a_key_is_taken_once
            a_field_is_changed
            a_type_cannot_change_while_values_exist
            an_archived_fields_values_are_kept_and_not_shown
            options_may_change_while_values_exist
            named_fields_come_first_and_the_others_follow_as_they_stood
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
            a_deleted_note_is_gone_once
            activity_tells_of_notes_without_what_they_say
            notes_go_with_their_contact
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
            what_is_sought_is_kept_until_the_end_and_then_blanked
            an_erased_file_is_gone_and_its_import_says_so
            whom_an_import_adds_meanwhile_is_erased_in_the_end
            whoever_comes_again_of_their_own_accord_stays
            an_unsubscribe_is_forgotten_when_that_is_asked_for_and_only_then
            what_connectors_said_goes_with_an_erasure
            a_source_that_is_read_meanwhile_is_waited_for
            an_erasure_queues_its_job_once
            the_newest_erasure_is_listed_first
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::person::PersonRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! person_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, people:
            everything_is_told
            nothing_of_others_is_told
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
            a_file_goes_thirty_days_after_the_end_of_its_import
            what_a_connector_said_goes_thirty_days_after_the_end_of_its_run
            links_and_sessions_that_have_ended_are_forgotten_and_live_ones_stay
            an_upload_that_is_never_completed_fails_after_a_day
            an_import_that_is_never_started_is_cancelled_after_thirty_days
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
            a_contact_goes_out_with_every_value_as_it_was_written
            everybody_goes_out_once_in_the_order_of_ids
            a_page_looks_at_so_many_and_says_where_the_next_begins
            the_filter_says_who_goes_out
            those_of_given_ids_go_out_and_whoever_is_gone_does_not
            a_page_of_large_contacts_ends_early
            what_is_not_asked_for_is_left_out
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::event::EventFeed`], and of what each
/// change tells.
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! event_feed_contract {
    ($make:expr) => {
        $crate::properties! { $make, events:
            every_change_of_a_contact_is_told
            what_changes_nothing_tells_nothing
            a_tag_that_changes_is_told_of_its_carriers
            a_tag_of_many_is_told_in_pieces
            an_import_tells_of_those_who_changed_alike_at_once
            a_chunk_tells_of_a_new_contact_as_made_whatever_follows
            events_are_read_in_order_from_any_number
            a_number_that_was_never_given_is_refused
            what_is_forgotten_leaves_its_numbers_behind
            organisations_do_not_see_each_other
            a_reader_among_many_writers_sees_everything_once_and_in_order
        }
    };
}

/// Makes a test of each property of a [`contacts_core::webhook::WebhookRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! webhook_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, webhooks:
            a_webhook_is_read_as_it_was_written
            organisations_do_not_see_each_other
            what_happens_is_sent_once_and_in_order
            a_webhook_hears_of_what_it_asked_for
            a_message_that_fails_comes_again_beside_later_ones_and_is_given_up
            what_was_given_up_can_be_sent_again
            one_that_says_it_is_gone_is_paused_and_goes_on_where_it_was
            one_that_was_deleted_is_sent_nothing
            for_a_day_messages_are_signed_with_the_secret_before_too
            what_was_not_kept_is_missed_and_told
            events_are_taken_in_once
            an_event_that_comes_as_the_job_ends_is_sent_soon
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
            a_file_is_its_pieces_in_order
            a_piece_that_is_sent_again_is_kept_once
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
            a_worker_that_speaks_up_holds_on_to_its_job
            a_worker_that_lost_its_job_changes_nothing
            a_job_that_is_done_or_given_up_is_gone
            a_job_that_gives_way_goes_on_behind_the_others
            a_job_that_failed_waits_and_counts_its_failures
            an_organisation_with_fewer_jobs_in_hand_comes_first
            a_lease_that_ran_out_is_no_job_in_hand
            organisations_do_not_see_each_other
        }
    };
}
