//! Working with conversations.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Conversation, ConversationCursor, ConversationId, ConversationRepository, Link, Visitor, Widget,
};
use crate::clock::to_micros;
use crate::contact::{Contact, ContactId, ContactRepository, missing};
use crate::{Invalid, OrgId, Result};

/// What the chat service says of a conversation, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// The widget.
    pub widget: Uuid,
    /// The visitor's id.
    pub visitor: &'a str,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When something was last said.
    pub last_message_at: OffsetDateTime,
    /// How many messages it has.
    pub messages: u64,
    /// What was last said; cut to [`Conversation::PREVIEW`] characters.
    pub preview: &'a str,
    /// What opens it.
    pub link: &'a str,
}

/// The use cases of conversations.
#[derive(Clone)]
pub struct ConversationService {
    conversations: Arc<dyn ConversationRepository>,
    contacts: Arc<dyn ContactRepository>,
}

impl ConversationService {
    /// The most messages that a conversation may count.
    pub const MAX_MESSAGES: u32 = i32::MAX.cast_unsigned();

    /// Makes the service.
    pub fn new(
        conversations: Arc<dyn ConversationRepository>,
        contacts: Arc<dyn ContactRepository>,
    ) -> Self {
        Self { conversations, contacts }
    }

    /// Takes a report, and returns the conversation as it is kept: a report that came late, or
    /// twice, changes nothing (R26).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming every part that is wrong.
    pub fn report(
        &self,
        org: OrgId,
        id: ConversationId,
        report: &Report<'_>,
    ) -> Result<Conversation> {
        let mut wrong = Vec::new();
        let visitor = Visitor::parse(report.widget, report.visitor);
        let visitor = visitor.map_err(|why| wrong.push(Invalid::new("visitor", why))).ok();
        let link = Link::parse(report.link);
        let link = link.map_err(|why| wrong.push(Invalid::new("link", why))).ok();
        if report.last_message_at < report.started_at {
            wrong.push(Invalid::new("last_message_at", "is before started_at"));
        }
        let messages = u32::try_from(report.messages).ok().filter(|n| *n <= Self::MAX_MESSAGES);
        if messages.is_none() {
            let most = Self::MAX_MESSAGES;
            wrong.push(Invalid::new("messages", format!("must be a number from 0 to {most}")));
        }
        let (Some(visitor), Some(link), Some(messages), true) =
            (visitor, link, messages, wrong.is_empty())
        else {
            return Err(wrong.into());
        };
        self.conversations.report(&Conversation {
            org,
            id,
            visitor,
            started_at: to_micros(report.started_at),
            last_message_at: to_micros(report.last_message_at),
            messages,
            preview: Conversation::preview_of(report.preview),
            link: Some(link),
        })
    }

    /// A contact's conversations, the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when there is no such contact.
    pub fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        if self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        self.conversations.of_contact(org, contact, after, limit)
    }

    /// The widgets that brought contacts, the one that last did first (R16).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn widgets(&self, org: OrgId) -> Result<Vec<Widget>> {
        self.conversations.widgets(org)
    }

    /// The newest conversation of each of these contacts that has one, for the list (R22).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn last_of(
        &self,
        org: OrgId,
        contacts: &[Contact],
    ) -> Result<BTreeMap<ContactId, Conversation>> {
        if contacts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<_> = contacts.iter().map(|contact| contact.id).collect();
        self.conversations.last_of(org, &ids)
    }
}
