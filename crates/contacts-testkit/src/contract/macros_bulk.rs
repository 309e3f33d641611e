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
            segments_are_listed_by_name_page_by_page
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
            many_ids_are_kept_in_pieces
            whom_a_filter_means_is_frozen_less_some
            those_who_are_still_meant_are_counted
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
        $crate::properties! { $make, actions:
            an_action_is_read_as_it_was_written
            what_names_nothing_is_refused
            an_action_queues_its_job_until_it_ends
            adding_tags_counts_each_contact_once
            a_tag_is_made_when_somebody_gets_it
            removing_tags_counts_each_contact_once
            who_cannot_be_reached_or_has_unsubscribed_is_added_to_no_campaign
            deleting_takes_them_for_ever
            whoever_was_merged_is_skipped_as_such
            a_delete_skips_whom_its_filter_does_not_mean_any_more
            a_piece_is_done_once
            a_stopped_action_keeps_a_true_result
            an_action_that_is_not_there_is_not_done
            activity_tells_what_was_done_in_bulk
            the_newest_action_is_listed_first
            organisations_do_not_see_each_other
        }
        $crate::properties! { $make, action_exports:
            an_export_holds_who_is_there_and_is_resumed_after_any_piece
            an_export_changes_nobody_and_is_told_of_nobody
            the_file_of_an_export_goes_after_a_day_or_with_its_cancel
        }
    };
}
