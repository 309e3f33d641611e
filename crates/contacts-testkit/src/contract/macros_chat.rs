//! The macros of what chats bring: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::contact::CaptureRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! capture_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, captures:
            somebody_new_is_kept_even_incomplete
            an_address_finds_its_contact_and_fills_blanks_only
            without_an_address_the_visitors_own_contact_is_used
            a_new_address_fills_the_visitors_blank_one
            a_nameless_record_is_folded_into_the_contact_of_its_address
            a_record_with_more_behind_it_is_offered_and_not_folded
            a_second_address_is_a_second_contact_that_may_be_the_first
            a_capture_that_is_sent_again_changes_nothing
            activity_tells_of_captures_and_their_key
            a_deleted_contact_is_captured_anew
            what_was_cleared_stays_so_when_a_capture_is_sent_again
            an_address_that_was_changed_does_not_make_a_capture_new
            what_was_said_moves_with_a_merge
            a_deleted_contacts_conversations_are_not_given_to_the_next_one
            organisations_do_not_see_each_others_captures
            the_same_people_captured_at_once_are_made_once
        }
    };
}

/// Makes a test of each property of a [`contacts_core::contact::DuplicateRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! duplicate_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, duplicates:
            the_same_number_is_one_however_it_is_typed
            the_same_name_is_one_only_when_an_address_is_missing
            every_reason_is_told_and_pages_go_on
            two_people_are_not_offered_again
            pairs_that_captures_met_move_with_a_merge_and_go_with_a_delete
            whoever_is_not_there_is_no_duplicate
        }
    };
}

/// Makes a test of each property of a [`contacts_core::conversation::ConversationRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! conversation_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, conversations:
            a_report_is_read_as_it_was_written
            reports_give_the_same_in_any_order
            the_newest_comes_first_page_by_page
            a_conversation_is_linked_whichever_is_told_first
            a_conversation_of_somebody_else_cannot_be_claimed
            conversations_stay_with_no_contact_when_theirs_is_deleted
            conversations_move_with_a_merge
            the_last_of_many_contacts_is_told_at_once
            widgets_are_told_by_whom_they_brought_last
        }
    };
}
