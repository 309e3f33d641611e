//! The macros of imports: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::import::ImportRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! import_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, imports:
            an_import_is_read_as_it_was_written
            an_import_goes_from_state_to_state
            a_file_that_cannot_be_imported_says_why
            a_failed_import_says_why
            a_change_of_state_that_is_not_allowed_changes_nothing
            an_import_can_be_cancelled_until_it_ends
            a_refused_change_queues_no_job
            rows_are_taken_only_while_it_runs
            a_stopped_import_keeps_a_true_tally
            a_chunk_is_taken_once
            the_newest_import_is_listed_first
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, rows:
            a_new_address_adds
            a_known_address_updates_and_is_never_rewritten
            new_tags_alone_update_without_a_new_version
            a_row_that_says_nothing_new_is_unchanged
            the_same_address_twice_in_a_chunk_is_an_add_and_an_update
            chunks_of_any_size_give_the_same
            the_policy_says_what_may_happen
            the_policy_counts_rows_of_the_same_file_as_known
            an_incomplete_contact_is_filled
            a_tag_of_a_row_is_shown_as_it_was_first_written
            tags_of_a_row_that_is_skipped_are_not_made
            a_contact_comes_once_by_each_import
            activity_tells_what_an_import_changed
            issues_are_noted_in_the_order_of_the_file
            every_reason_to_skip_is_counted
            a_contact_of_another_organisation_is_not_known
            a_contact_that_was_deleted_is_added_anew
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
            a_dry_run_says_what_the_import_then_does_and_changes_nothing
            a_dry_run_is_of_an_import_that_is_ready
            a_row_tells_what_it_would_change
            rows_are_looked_at_once
            another_plan_the_start_and_the_end_throw_a_dry_run_away
            a_dry_run_can_be_thrown_away_and_asked_for_anew
            a_failed_dry_run_says_why
            what_rows_would_do_is_read_page_by_page
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::import::UndoRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! undo_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, undos:
            what_was_added_goes_and_what_was_overwritten_comes_back
            undoing_is_a_change_by_whoever_asked
            a_contact_that_was_changed_since_stays_and_is_listed
            a_field_that_was_changed_since_stays_and_is_listed
            pieces_of_any_size_are_undone_to_the_same
            a_contact_that_came_again_stays
            a_contact_with_a_note_stays
            a_contact_in_a_campaign_stays
            a_contact_that_another_was_merged_into_stays
            a_contact_that_was_merged_into_another_stays_so
            whoever_is_gone_is_counted
            a_renamed_tag_is_taken_off_and_a_deleted_one_is_no_change
            what_an_archived_field_held_comes_back
            an_import_is_undone_once
            an_undo_begins_after_the_end_of_an_import
            a_cancelled_import_is_undone_as_far_as_it_came
            a_failed_undo_goes_on_where_it_came_to
            what_was_kept_is_read_page_by_page
            organisations_do_not_see_each_other
        }
    };
}
