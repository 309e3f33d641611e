//! Use cases of conversations.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Conversation, ConversationId, ConversationRepository, Link, Visitor, Widget, WidgetName,
};
use crate::clock::to_micros;
use crate::contact::{Contact, ContactId, ContactRepository, missing};
use crate::page::TimeCursor;
use crate::{Actor, Clock, Error, Invalid, OrgId, Ports, Result};

/// A report of the chat service about a conversation, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Id of the widget.
    pub widget: Uuid,
    /// Id of the visitor.
    pub visitor: &'a str,
    /// Time of the first message.
    pub started_at: OffsetDateTime,
    /// Time of the last message.
    pub last_message_at: OffsetDateTime,
    /// Number of messages.
    pub messages: u64,
    /// Last message. It is cut to [`Conversation::PREVIEW`] characters.
    pub preview: &'a str,
    /// URL that opens the conversation.
    pub link: &'a str,
}

/// The use cases of conversations.
#[derive(Clone)]
pub struct ConversationService {
    conversations: Arc<dyn ConversationRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl ConversationService {
    /// Maximum number of messages that a conversation may count.
    pub const MAX_MESSAGES: u32 = i32::MAX.cast_unsigned();

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            conversations: ports.conversations.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Stores a report and returns the stored conversation. A report that is late or sent twice
    /// changes nothing (R26).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] with every part that is wrong.
    pub fn report(
        &self,
        org: OrgId,
        id: ConversationId,
        report: &Report<'_>,
    ) -> Result<Conversation> {
        let mut errors = Vec::new();
        let visitor = Visitor::parse(report.widget, report.visitor);
        let visitor = visitor.map_err(|reason| errors.push(Invalid::new("visitor", reason))).ok();
        let link = Link::parse(report.link);
        let link = link.map_err(|reason| errors.push(Invalid::new("link", reason))).ok();
        if report.last_message_at < report.started_at {
            errors.push(Invalid::new("last_message_at", "is before started_at"));
        }
        let messages = u32::try_from(report.messages).ok().filter(|n| *n <= Self::MAX_MESSAGES);
        if messages.is_none() {
            let most = Self::MAX_MESSAGES;
            errors.push(Invalid::new("messages", format!("must be a number from 0 to {most}")));
        }
        let (Some(visitor), Some(link), Some(messages), true) =
            (visitor, link, messages, errors.is_empty())
        else {
            return Err(errors.into());
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

    /// Returns the conversations of a contact, newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when the contact does not exist.
    pub fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        if self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        self.conversations.of_contact(org, contact, after, limit)
    }

    /// Returns up to `limit` widgets that captured contacts after a cursor, most recent first
    /// (R16).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn widgets(
        &self,
        org: OrgId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<Widget>> {
        self.conversations.widgets(org, after, limit)
    }

    /// Names a widget that captured contacts, or removes its name (R16).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the organisation has no contact that the widget captured, and
    /// [`Error::Invalid`].
    pub fn name_widget(
        &self,
        org: OrgId,
        widget: Uuid,
        name: Option<&str>,
        actor: Actor,
    ) -> Result<Widget> {
        let name = name.map(WidgetName::parse).transpose();
        let name = name.map_err(|reason| vec![Invalid::new("name", reason)])?;
        let named = self.conversations.name_widget(org, widget, name, actor, self.clock.now())?;
        named.ok_or(Error::NotFound("widget"))
    }

    /// Returns the newest conversation of each of these contacts, for the list (R22).
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
