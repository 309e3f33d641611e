//! What the audit trail records.

use uuid::Uuid;

use crate::action::{Action, ActionId, ActionKind};
use crate::contact::{ContactId, FilterText};
use crate::erasure::Erasure;
use crate::field::FieldKey;
use crate::identity::Refusal;
use crate::import::ImportId;
use crate::invitation::{Invitation, InvitationId};
use crate::key::{ApiKey, KeyId};
use crate::session::{SessionId, User, UserId};
use crate::sync::SourceId;
use crate::tag::TagId;
use crate::undo::UndoSubject;
use crate::webhook::WebhookId;

/// Declares the kinds with their names, each with its subject.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident $name:literal,)+) => {
        /// Kind of an entry. The documentation of each kind names its subject.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TrailKind {
            $($(#[$doc])+ $kind,)+
        }

        impl TrailKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name in the API and in the store.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// A user signed in; the detail is the name of the issuer, if it was not by a link. The session.
    SignedIn "signed_in",
    /// A sign-in at an issuer was refused, although the issuer knew the person. The details are the
    /// name of the issuer and a code.
    SignInRefused "sign_in_refused",
    /// An identity at an issuer was bound to a user; the detail is the name of the issuer. The user.
    IdentityConnected "identity_connected",
    /// The identities of a user were removed. The user.
    IdentitiesRemoved "identities_removed",
    /// A user ended a session. The session.
    SignedOut "signed_out",
    /// A user was added; the detail is the role. The user.
    UserAdded "user_added",
    /// A user got another role, which is the detail. The user.
    RoleChanged "role_changed",
    /// A user was deactivated, which ended the user's sessions. The user.
    UserDeactivated "user_deactivated",
    /// A deactivated user was reactivated. The user.
    UserReactivated "user_reactivated",
    /// All sessions of a user were ended by an administrator. The user.
    SessionsEnded "sessions_ended",
    /// Somebody was invited; the detail is the role. The invitation.
    UserInvited "user_invited",
    /// An invitation was revoked before it was used. The invitation.
    InvitationRevoked "invitation_revoked",
    /// A key was issued; the details are its scopes. The key.
    KeyIssued "key_issued",
    /// A key was revoked. The key.
    KeyRevoked "key_revoked",
    /// An export began; the details are the conditions of its filter. The bulk action, if it is
    /// one.
    ExportStarted "export_started",
    /// The last chunk of an export was read from the store. The detail is `incomplete` when the client
    /// broke the export off before. Bulk actions have no such entry.
    ExportEnded "export_ended",
    /// An import was started. The import.
    ImportStarted "import_started",
    /// An import was cancelled, or discarded before its start. The import.
    ImportCancelled "import_cancelled",
    /// The undo of an import was started. The import.
    ImportUndone "import_undone",
    /// A contact was deleted. The contact.
    ContactDeleted "contact_deleted",
    /// The deletion of many contacts was started; the details are the conditions of its filter. The
    /// bulk action.
    ContactsDeleted "contacts_deleted",
    /// A bulk action that exports, deletes or merges was cancelled; the detail is the kind of the
    /// action, the number is that of the contacts it had handled. The bulk action.
    ActionCancelled "action_cancelled",
    /// The file of an export was downloaded. The bulk action.
    ExportDownloaded "export_downloaded",
    /// The skipped rows of an import were downloaded. The import.
    SkippedRowsDownloaded "skipped_rows_downloaded",
    /// All personal data of a contact was downloaded. The contact.
    PersonalDataDownloaded "personal_data_downloaded",
    /// A contact was erased. The contact.
    ContactErased "contact_erased",
    /// Two contacts were merged. The contact that was merged into the other.
    ContactMerged "contact_merged",
    /// The merge of many pairs was started. The bulk action.
    ContactsMerged "contacts_merged",
    /// The undo of a merge was started. The contact that was merged.
    MergeUndone "merge_undone",
    /// The undo of a bulk action was started. The bulk action.
    ActionUndone "action_undone",
    /// A custom field was defined; the detail is its key.
    FieldDefined "field_defined",
    /// A custom field was changed, archived or restored; the detail is its key.
    FieldChanged "field_changed",
    /// The custom fields were put into another order.
    FieldsReordered "fields_reordered",
    /// A tag was renamed, or merged into another by its new name. The tag.
    TagRenamed "tag_renamed",
    /// A tag was deleted. The tag.
    TagDeleted "tag_deleted",
    /// A webhook was added. The webhook.
    WebhookAdded "webhook_added",
    /// A webhook was changed, paused or resumed. The webhook.
    WebhookChanged "webhook_changed",
    /// The secret of a webhook was replaced. The webhook.
    WebhookSecretRotated "webhook_secret_rotated",
    /// A webhook was deleted. The webhook.
    WebhookDeleted "webhook_deleted",
    /// A connected source was added. The source.
    SourceAdded "source_added",
    /// A connected source was changed, paused or resumed. The source.
    SourceChanged "source_changed",
    /// A connected source was deleted. The source.
    SourceDeleted "source_deleted",
    /// A chat widget got a name, or lost it. The widget.
    WidgetNamed "widget_named",
}

impl TrailKind {
    /// Parses a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// A recorded change, without personal data of contacts. It contains ids, numbers, and words that
/// are no values of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEvent {
    /// Kind of the change.
    pub kind: TrailKind,
    /// Id of the changed resource, which the documentation of the kind names.
    pub subject: Option<Uuid>,
    /// Number of contacts that are exported, deleted or merged, where there may be many.
    pub contacts: Option<u64>,
    /// Words that describe the change: scopes, a role, conditions of a filter, the key of a custom
    /// field, or the name of an issuer.
    pub details: Vec<String>,
}

impl TrailEvent {
    fn new(kind: TrailKind, subject: Uuid) -> Self {
        Self { kind, subject: Some(subject), contacts: None, details: Vec::new() }
    }

    fn detailed(self, details: impl IntoIterator<Item = impl ToString>) -> Self {
        Self { details: details.into_iter().map(|detail| detail.to_string()).collect(), ..self }
    }

    /// The sign-in that opened a session.
    pub fn signed_in(session: SessionId) -> Self {
        Self::new(TrailKind::SignedIn, session.0)
    }

    /// The sign-in at an issuer that opened a session.
    pub fn signed_in_at(session: SessionId, provider: &str) -> Self {
        Self::signed_in(session).detailed([provider])
    }

    /// A sign-in at an issuer that was refused.
    pub fn sign_in_refused(provider: &str, refusal: Refusal) -> Self {
        let details = vec![provider.to_owned(), refusal.as_str().to_owned()];
        Self { kind: TrailKind::SignInRefused, subject: None, contacts: None, details }
    }

    /// An identity that was bound to a user.
    pub fn identity_connected(user: UserId, provider: &str) -> Self {
        Self::new(TrailKind::IdentityConnected, user.0).detailed([provider])
    }

    /// The removal of the identities of a user.
    pub fn identities_removed(user: UserId) -> Self {
        Self::new(TrailKind::IdentitiesRemoved, user.0)
    }

    /// The end of a session by its user.
    pub fn signed_out(session: SessionId) -> Self {
        Self::new(TrailKind::SignedOut, session.0)
    }

    /// A new user.
    pub fn user_added(user: &User) -> Self {
        Self::new(TrailKind::UserAdded, user.id.0).detailed([user.role.as_str()])
    }

    /// Another role of a user, who has it now.
    pub fn role_changed(user: &User) -> Self {
        Self::new(TrailKind::RoleChanged, user.id.0).detailed([user.role.as_str()])
    }

    /// The deactivation of a user.
    pub fn user_deactivated(user: UserId) -> Self {
        Self::new(TrailKind::UserDeactivated, user.0)
    }

    /// The reactivation of a user.
    pub fn user_reactivated(user: UserId) -> Self {
        Self::new(TrailKind::UserReactivated, user.0)
    }

    /// The end of all sessions of a user.
    pub fn sessions_ended(user: UserId) -> Self {
        Self::new(TrailKind::SessionsEnded, user.0)
    }

    /// A new invitation.
    pub fn user_invited(invitation: &Invitation) -> Self {
        Self::new(TrailKind::UserInvited, invitation.id.0).detailed([invitation.role.as_str()])
    }

    /// The revocation of an invitation.
    pub fn invitation_revoked(invitation: InvitationId) -> Self {
        Self::new(TrailKind::InvitationRevoked, invitation.0)
    }

    /// A new key.
    pub fn key_issued(key: &ApiKey) -> Self {
        let scopes = key.scopes.iter().map(|scope| scope.as_str());
        Self::new(TrailKind::KeyIssued, key.id.0).detailed(scopes)
    }

    /// The revocation of a key.
    pub fn key_revoked(key: KeyId) -> Self {
        Self::new(TrailKind::KeyRevoked, key.0)
    }

    /// The start of an export of matching contacts. A search may be a name or an address, so the
    /// values of the filter that may be personal data are left out.
    pub fn export_started(filter: &FilterText) -> Self {
        let none = Self {
            kind: TrailKind::ExportStarted,
            subject: None,
            contacts: None,
            details: Vec::new(),
        };
        none.detailed(filter.redacted())
    }

    /// The end of an export that was broken off after this number of contacts.
    pub fn export_broken_off(contacts: u64) -> Self {
        Self::export_ended(contacts).detailed(["incomplete"])
    }

    /// The download of the file of an export.
    pub fn export_downloaded(action: ActionId) -> Self {
        Self::new(TrailKind::ExportDownloaded, action.0)
    }

    /// The download of the skipped rows of an import.
    pub fn skipped_rows_downloaded(import: ImportId) -> Self {
        Self::new(TrailKind::SkippedRowsDownloaded, import.0)
    }

    /// The download of all personal data of a contact.
    pub fn personal_data_downloaded(contact: ContactId) -> Self {
        Self::new(TrailKind::PersonalDataDownloaded, contact.0)
    }

    /// The end of an export, which wrote this number of contacts.
    pub fn export_ended(contacts: u64) -> Self {
        Self {
            kind: TrailKind::ExportEnded,
            subject: None,
            contacts: Some(contacts),
            details: Vec::new(),
        }
    }

    /// The start of a bulk action, if it exports, deletes or merges. `filter` is that of its
    /// selection.
    pub fn action_started(action: &Action, filter: Option<&FilterText>) -> Option<Self> {
        let started = match &action.kind {
            ActionKind::Export(_) => TrailKind::ExportStarted,
            ActionKind::Delete => TrailKind::ContactsDeleted,
            ActionKind::Merge(_) => {
                return Some(Self::of_action(TrailKind::ContactsMerged, action, action.contacts));
            }
            _ => return None,
        };
        let details = filter.map_or_else(|| vec!["ids".to_owned()], FilterText::redacted);
        Some(Self { details, ..Self::of_action(started, action, action.contacts) })
    }

    /// The cancellation of a bulk action whose start was recorded, with the number of contacts that it
    /// had handled.
    pub fn action_cancelled(action: &Action) -> Option<Self> {
        Self::action_started(action, None)?;
        let handled = action.tally.contacts();
        let cancelled = Self::of_action(TrailKind::ActionCancelled, action, handled);
        Some(cancelled.detailed([action.kind.as_str()]))
    }

    fn of_action(kind: TrailKind, action: &Action, contacts: u64) -> Self {
        Self { contacts: Some(contacts), ..Self::new(kind, action.id.0) }
    }

    /// The start of an import.
    pub fn import_started(import: ImportId) -> Self {
        Self::new(TrailKind::ImportStarted, import.0)
    }

    /// The cancellation of an import.
    pub fn import_cancelled(import: ImportId) -> Self {
        Self::new(TrailKind::ImportCancelled, import.0)
    }

    /// The start of an undo.
    pub fn undo_started(subject: UndoSubject) -> Self {
        let kind = match subject {
            UndoSubject::Import(_) => TrailKind::ImportUndone,
            UndoSubject::Action(_) => TrailKind::ActionUndone,
            UndoSubject::Merge(_) => TrailKind::MergeUndone,
        };
        Self::new(kind, subject.id())
    }

    /// The deletion of one contact.
    pub fn contact_deleted(contact: ContactId) -> Self {
        Self::new(TrailKind::ContactDeleted, contact.0)
    }

    /// The erasure of a contact.
    pub fn contact_erased(erasure: &Erasure) -> Self {
        Self::new(TrailKind::ContactErased, erasure.contact.0)
    }

    /// The merge of a contact into another.
    pub fn contact_merged(other: ContactId) -> Self {
        Self::new(TrailKind::ContactMerged, other.0)
    }

    /// A new custom field.
    pub fn field_defined(key: &FieldKey) -> Self {
        Self::of_fields(TrailKind::FieldDefined).detailed([key.as_str()])
    }

    /// The change of a custom field.
    pub fn field_changed(key: &FieldKey) -> Self {
        Self::of_fields(TrailKind::FieldChanged).detailed([key.as_str()])
    }

    /// Another order of the custom fields.
    pub fn fields_reordered() -> Self {
        Self::of_fields(TrailKind::FieldsReordered)
    }

    /// Custom fields have keys, not ids.
    fn of_fields(kind: TrailKind) -> Self {
        Self { kind, subject: None, contacts: None, details: Vec::new() }
    }

    /// Another name of a tag.
    pub fn tag_renamed(tag: TagId) -> Self {
        Self::new(TrailKind::TagRenamed, tag.0)
    }

    /// The deletion of a tag.
    pub fn tag_deleted(tag: TagId) -> Self {
        Self::new(TrailKind::TagDeleted, tag.0)
    }

    /// A new webhook.
    pub fn webhook_added(webhook: WebhookId) -> Self {
        Self::new(TrailKind::WebhookAdded, webhook.0)
    }

    /// The change of a webhook.
    pub fn webhook_changed(webhook: WebhookId) -> Self {
        Self::new(TrailKind::WebhookChanged, webhook.0)
    }

    /// Another secret of a webhook.
    pub fn webhook_secret_rotated(webhook: WebhookId) -> Self {
        Self::new(TrailKind::WebhookSecretRotated, webhook.0)
    }

    /// The deletion of a webhook.
    pub fn webhook_deleted(webhook: WebhookId) -> Self {
        Self::new(TrailKind::WebhookDeleted, webhook.0)
    }

    /// A new connected source.
    pub fn source_added(source: SourceId) -> Self {
        Self::new(TrailKind::SourceAdded, source.0)
    }

    /// The change of a connected source.
    pub fn source_changed(source: SourceId) -> Self {
        Self::new(TrailKind::SourceChanged, source.0)
    }

    /// The deletion of a connected source.
    pub fn source_deleted(source: SourceId) -> Self {
        Self::new(TrailKind::SourceDeleted, source.0)
    }

    /// Another name of a chat widget.
    pub fn widget_named(widget: Uuid) -> Self {
        Self::new(TrailKind::WidgetNamed, widget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_of_an_export_is_recorded_without_personal_data() {
        let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let filter = FilterText::new([
            part("q", "ann@example.org"),
            part("field.tier", "is:gold"),
            part("q", "lee"),
            part("tags_any", "vip"),
        ]);
        let event = TrailEvent::export_started(&filter);
        assert_eq!(event.details, ["field.tier", "q", "tags_any=vip"]);
        assert!(!format!("{event:?}").contains("ann"));
    }

    #[test]
    fn names_of_kinds_are_parsed_again() {
        for kind in TrailKind::ALL {
            assert_eq!(TrailKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(TrailKind::parse("nothing"), None);
    }
}
