//! Descriptions of what stores return, as text without ids.

use std::fmt::Write;

use contacts_core::consent::{Consent, ConsentNote, Unsubscribe};
use contacts_core::contact::{
    Activity, ActivityKind, Contact, ContactAddress, ContactId, Source, SourceDetail,
};
use contacts_core::conversation::Conversation;
use contacts_core::event::NumberedEvent;
use contacts_core::import::{Applied, Import};
use contacts_core::note::Note;
use contacts_core::tag::Tag;
use contacts_core::{Actor, Current, Error};
use time::OffsetDateTime;

/// Formats times as seconds since the start of a sequence.
#[derive(Clone, Copy)]
pub(super) struct TimeFormatter(pub(super) OffsetDateTime);

impl TimeFormatter {
    pub(super) fn at(self, time: OffsetDateTime) -> String {
        format!("{}s", (time - self.0).as_seconds_f64())
    }

    pub(super) fn contact(self, contact: &Contact) -> String {
        let custom: Vec<_> =
            contact.custom.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        format!(
            "{} {:?} {:?} {:?} {:?} tags{:?} {} {custom:?} v{} made {} changed {} by {}",
            contact.name.as_ref().map_or("-", |name| name.as_str()),
            contact.external_id.as_ref().map(|id| id.as_str()),
            contact.emails().map(|email| email.as_str()).collect::<Vec<_>>(),
            contact.phone.as_ref().map(|phone| phone.as_str()),
            contact.phone.as_ref().and_then(|phone| phone.e164()),
            contact.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
            self.consent(&contact.consent),
            contact.version,
            self.at(contact.created_at),
            self.at(contact.updated_at),
            self.source(&contact.source),
        )
    }

    pub(super) fn address(self, address: &ContactAddress) -> String {
        let (email, at) = (address.email.as_str(), self.at(address.added_at));
        format!("{email} {} {at} {:?}", address.is_primary, address.source)
    }

    pub(super) fn consent(self, consent: &Consent) -> String {
        let Some(Unsubscribe { reason, at, actor, note }) = consent.unsubscribe() else {
            return "subscribed".to_owned();
        };
        let (at, actor) = (self.at(*at), actor.parts().0);
        let note = note.as_ref().map(ConsentNote::as_str);
        format!("unsubscribed {at} {} by {actor} {note:?}", reason.as_str())
    }

    pub(super) fn conversation(self, conversation: &Conversation) -> String {
        format!(
            "talk {} of {} since {} until {} with {} {:?} {:?}",
            conversation.id,
            conversation.visitor.id(),
            self.at(conversation.started_at),
            self.at(conversation.last_message_at),
            conversation.messages,
            conversation.preview,
            conversation.link,
        )
    }

    pub(super) fn source(self, source: &Source) -> String {
        format!("{} {}", detail(&source.detail), self.at(source.at))
    }

    pub(super) fn activity(self, entry: &Activity) -> String {
        let actor = match entry.actor {
            Actor::System => "system",
            actor => actor.parts().0,
        };
        let what = match &entry.what {
            ActivityKind::SourceAdded(by) => format!("arrived by {}", detail(by)),
            ActivityKind::Imported { detail: by, changes, tags } => {
                format!("imported by {} {changes:?} {tags:?}", detail(by))
            }
            ActivityKind::Merged { called, changes, tags, .. } => {
                format!("merged with {called:?}: {changes:?} tags{tags:?}")
            }
            ActivityKind::MergeUndone { called, .. } => format!("separated from {called:?}"),
            ActivityKind::Noted { change, .. } => format!("noted {change:?}"),
            ActivityKind::Subscribed(campaign) => format!("subscribed to {}", campaign.name),
            ActivityKind::RemovedFromCampaign(campaign) => {
                format!("removed from {}", campaign.name)
            }
            ActivityKind::Delivered { campaign, kind } => format!("{kind:?} by {}", campaign.name),
            what => format!("{what:?}"),
        };
        format!("{} {actor}: {what}", self.at(entry.at))
    }

    pub(super) fn note(self, note: &Note) -> String {
        let (made, changed) = (self.at(note.created_at), self.at(note.updated_at));
        format!("note {:?} made {made} changed {changed}", note.text.as_str())
    }

    pub(super) fn import(self, import: &Import) -> String {
        format!("{:?} {:?}", import.state, import.tally)
    }

    pub(super) fn error(self, error: &Error) -> String {
        match error {
            Error::Invalid(parts) => {
                let fields: Vec<_> = parts.iter().map(|part| part.field.as_str()).collect();
                format!("invalid {fields:?}")
            }
            Error::EmailTaken(_) => "the address is taken".to_owned(),
            Error::ExternalIdTaken(_) => "the external id is taken".to_owned(),
            Error::Stale(state) => match &**state {
                Current::Contact(contact) => format!("stale: {}", self.contact(contact)),
                state => format!("stale: version {}", state.version()),
            },
            Error::Merged(_) => "merged".to_owned(),
            Error::Taken(_) => "taken".to_owned(),
            Error::Conflict(_) => "conflict".to_owned(),
            Error::FileErased => "the file was erased".to_owned(),
            Error::CursorExpired => "the cursor has expired".to_owned(),
            Error::NotFound(what) => format!("no {what}"),
            Error::Forbidden(_) => "forbidden".to_owned(),
            Error::ScopeMissing(scope) => format!("no scope {}", scope.as_str()),
            Error::CountChanged(now) => format!("the count is {now}"),
            Error::ClaimLost => "the claim is lost".to_owned(),
            Error::Busy => "busy".to_owned(),
            Error::Unavailable(source) => format!("the store is away: {source:?}"),
            Error::StorageFull(source) => format!("the store is full: {source:?}"),
            Error::Store(source) => format!("the store failed: {source:?}"),
        }
    }

    /// Describes a result or an error.
    pub(super) fn result<T>(
        self,
        result: Result<T, Error>,
        tell: impl FnOnce(T) -> String,
    ) -> String {
        result.map_or_else(|error| self.error(&error), tell)
    }

    pub(super) fn lines(self, lines: impl Iterator<Item = String>) -> String {
        lines.fold(String::new(), |mut out, line| {
            let _ = write!(out, "\n  {line}");
            out
        })
    }
}

fn detail(detail: &SourceDetail) -> String {
    match detail {
        SourceDetail::CsvImport { file_name, row, .. } => format!("row {row} of {file_name}"),
        detail => detail.kind().as_str().to_owned(),
    }
}

/// Describes an event, with contacts named by `who`.
pub(super) fn event(event: &NumberedEvent, who: impl Fn(ContactId) -> String) -> String {
    let NumberedEvent { number, event } = event;
    let contacts: Vec<_> = event.contacts.iter().map(|id| who(*id)).collect();
    let mut fields = event.fields.clone();
    fields.sort();
    let survivor = event.kind.survivor().map(who);
    let (kind, actor) = (event.kind.as_str(), event.actor.parts().0);
    format!("{number} {kind} {contacts:?} {fields:?} {survivor:?} by {actor}")
}

pub(super) fn tag(tag: &Tag) -> String {
    format!("{} x{}", tag.name, tag.contacts)
}

pub(super) fn applied(applied: Applied) -> String {
    format!("{applied:?}")
}
