//! The macros of the change feed and webhooks: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::event::EventFeed`], and of the
/// events of each change.
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! event_feed_contract {
    ($make:expr) => {
        $crate::properties! { $make, events:
            every_change_of_a_contact_makes_an_event
            a_change_without_effect_makes_no_event
            a_changed_tag_makes_an_event_of_its_contacts
            a_tag_of_many_contacts_makes_several_events
            an_import_groups_equal_changes_into_one_event
            a_chunk_reports_a_new_contact_as_created_only
            events_are_read_in_order_from_any_number
            a_number_that_was_never_given_is_refused
            deleted_events_keep_their_numbers_reserved
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
            a_patch_that_changes_nothing_leaves_the_version
            a_stale_version_is_refused_with_the_current_state
            two_patches_at_once_both_hold
            a_limit_holds_when_many_insert_at_once
            a_late_attempt_does_not_undo_an_edit
            organisations_do_not_see_each_other
            events_are_sent_once_and_in_order
            a_webhook_gets_the_events_it_subscribed_to
            a_failed_message_is_retried_beside_later_ones_and_given_up
            a_dead_delivery_can_be_sent_again
            a_webhook_that_answers_gone_is_paused_and_resumes
            one_that_was_deleted_is_sent_nothing
            for_a_day_messages_are_signed_with_the_secret_before_too
            expired_events_are_reported_as_missed
            events_are_taken_in_once
            what_arrives_at_the_end_of_a_job_is_sent_at_once
        }
        $crate::properties! { $make, included_contacts:
            a_message_carries_contacts_as_they_are_when_it_is_sent
            a_page_of_events_ends_where_it_has_many_contacts
            organisations_do_not_see_each_others_contacts
        }
    };
}
