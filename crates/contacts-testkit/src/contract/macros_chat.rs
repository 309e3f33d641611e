//! The macros of captures, duplicates and conversations: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::contact::CaptureRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! capture_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, captures:
            a_new_incomplete_contact_is_stored
            an_address_finds_its_contact_and_fills_blanks_only
            without_an_address_the_visitors_own_contact_is_used
            a_new_address_fills_the_visitors_blank_one
            a_nameless_record_is_folded_into_the_contact_of_its_address
            a_record_with_more_behind_it_is_offered_and_not_folded
            a_second_address_is_a_second_contact_that_may_be_the_first
            a_capture_that_is_sent_again_changes_nothing
            activity_lists_captures_with_their_key
            a_deleted_contact_can_be_captured_again
            a_repeated_capture_does_not_refill_a_cleared_field
            an_address_that_was_changed_does_not_make_a_capture_new
            captured_details_move_with_a_merge
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
            every_reason_is_listed_page_by_page
            the_same_name_and_domain_is_medium
            a_value_that_many_share_makes_no_pair
            similar_names_are_listed_for_one_contact_only
            pairs_are_listed_strongest_first_page_by_page
            two_people_are_not_offered_again
            a_dismissed_pair_is_listed_again_when_that_is_taken_back
            duplicate_pairs_move_with_a_merge_and_are_deleted_with_a_contact
            a_missing_contact_is_no_duplicate
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
            items_are_listed_newest_first_page_by_page
            a_conversation_is_linked_whichever_report_comes_first
            a_conversation_of_another_visitor_cannot_be_claimed
            conversations_stay_with_no_contact_when_theirs_is_deleted
            conversations_move_with_a_merge
            the_last_of_many_contacts_is_returned_at_once
            widgets_are_listed_by_their_last_capture
            a_widget_is_named_in_its_organisation_only
        }
    };
}
