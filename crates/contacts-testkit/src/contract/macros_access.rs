//! The macros of API keys, sessions and the audit trail: see [`super::macros`].

/// Makes a test of each property of a [`contacts_core::key::KeyRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! key_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, keys:
            a_key_is_found_by_its_hash_as_it_was_written
            a_missing_record_is_none
            organisations_do_not_see_each_other
            the_newest_key_is_listed_first
            a_revoked_key_is_still_found_and_stays_revoked_since_when_it_was
        }
    };
}

/// Makes a test of each property of a [`contacts_core::session::SessionRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! session_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, sessions:
            users_are_listed_as_they_were_written_the_oldest_first
            a_name_is_one_users_in_an_organisation
            a_role_is_read_wherever_the_user_is
            the_last_active_administrator_stays_one
            of_administrators_who_are_demoted_and_deactivated_at_once_one_stays
            a_deactivated_user_is_signed_out_and_cannot_sign_in
            a_user_who_signs_in_while_being_deactivated_has_no_valid_session
            valid_sessions_are_counted_and_ended
            a_link_opens_a_session_as_it_was_asked_for
            a_link_lets_in_once
            of_many_who_use_a_link_at_once_one_gets_in
            an_expired_link_signs_nobody_in
            a_missing_record_is_none
            sessions_are_listed_newest_first_for_their_user_only
            a_session_is_seen_later_and_never_earlier
            an_ended_session_is_still_found_and_stays_ended_since_when_it_was
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::invitation::InvitationRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! invitation_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, invitations:
            an_invitation_makes_a_user_and_signs_the_user_in
            an_invitation_is_used_once
            of_many_who_use_an_invitation_at_once_one_becomes_a_user
            an_expired_or_revoked_invitation_makes_no_user
            a_new_invitation_for_an_address_replaces_the_earlier_one
            a_taken_name_or_address_leaves_the_invitation
            the_newest_invitation_is_listed_first
            the_number_of_invitations_is_limited
            invitations_are_recorded_without_addresses
            expired_invitations_are_deleted_after_a_month
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::identity::IdentityRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! identity_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, identities:
            the_first_sign_in_makes_a_user_and_the_second_finds_the_same
            a_person_without_an_invitation_is_refused
            an_invitation_for_the_verified_address_makes_a_user_once
            an_expired_invitation_makes_no_user
            a_user_with_the_address_is_not_taken_over
            a_deactivated_user_is_refused
            a_role_of_a_claim_replaces_the_users
            the_last_active_administrator_keeps_the_role
            a_taken_name_gets_a_number
            of_many_first_sign_ins_at_once_one_makes_the_user
            sign_ins_are_recorded_with_the_issuer
            an_identity_is_bound_to_a_user_once
            the_identities_of_a_user_are_removed
            organisations_do_not_see_each_other
        }
    };
}

/// Makes a test of each property of a [`contacts_core::trail::TrailRepository`].
///
/// Takes a function that returns [`Ports`](crate::Ports) over an empty store.
#[macro_export]
macro_rules! trail_repository_contract {
    ($make:expr) => {
        $crate::properties! { $make, trail:
            entries_are_listed_the_newest_first
            keys_users_and_sessions_are_recorded
            settings_are_recorded_when_they_change
            deletions_merges_and_erasures_are_recorded_without_names
            bulk_actions_that_export_delete_or_merge_are_recorded_with_their_number
            the_cancellation_of_a_bulk_action_is_recorded_where_its_start_was
            the_start_the_cancellation_and_the_undo_of_an_import_are_recorded
            an_export_that_is_broken_off_is_recorded_with_what_was_read
            an_export_is_recorded_before_it_reads_and_when_it_ends
            entries_are_deleted_after_400_days
            organisations_do_not_see_each_other
        }
    };
}
