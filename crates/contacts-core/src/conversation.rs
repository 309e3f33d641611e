//! Conversations, as the chat service reports them (R26). The chat service stores the messages;
//! this list refers to them.

mod service;
mod visitor;
mod widget;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::service::{ConversationService, Report};
pub use self::visitor::{InvalidVisitor, Visitor};
pub use self::widget::{InvalidWidgetName, Widget, WidgetName};
use crate::contact::ContactId;
use crate::org::id;
use crate::page::TimeCursor;
use crate::{Actor, OrgId, Result, text};

id! {
    /// Id of a conversation in the chat service.
    ConversationId
}

/// A conversation of a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Organisation that owns the conversation.
    pub org: OrgId,
    /// Id of the conversation.
    pub id: ConversationId,
    /// The visitor, with the widget.
    pub visitor: Visitor,
    /// Time of the first message.
    pub started_at: OffsetDateTime,
    /// Time of the last message.
    pub last_message_at: OffsetDateTime,
    /// Number of messages.
    pub messages: u32,
    /// Last message, or a summary by the chat service: up to [`Conversation::PREVIEW`] characters.
    pub preview: String,
    /// URL that opens the conversation. `None` until the chat service reports a conversation that a
    /// capture mentioned.
    pub link: Option<Link>,
}

impl Conversation {
    /// Maximum length of a preview in characters.
    pub const PREVIEW: usize = 500;

    /// Makes a conversation that only a capture mentioned so far.
    pub fn unreported(
        org: OrgId,
        id: ConversationId,
        visitor: Visitor,
        at: OffsetDateTime,
    ) -> Self {
        Self {
            org,
            id,
            visitor,
            started_at: at,
            last_message_at: at,
            messages: 0,
            preview: String::new(),
            link: None,
        }
    }

    /// Returns whether a report is newer than this one: it is later, or counts more messages.
    /// Reports arrive late, twice and out of order; of any two the same one wins in any order.
    pub fn is_superseded_by(&self, report: &Self) -> bool {
        self.rank() < report.rank()
    }

    fn rank(&self) -> impl Ord {
        (
            self.link.is_some(),
            self.last_message_at,
            self.messages,
            self.visitor.clone(),
            self.started_at,
            self.preview.clone(),
            self.link.clone(),
        )
    }

    /// Returns the cursor after this conversation in a list, newest first.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.last_message_at, id: self.id.0 }
    }

    /// Converts text to a preview: one line of limited length.
    pub fn preview_of(text: &str) -> String {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = text::collapse(text::trim(&line));
        match line.char_indices().nth(Self::PREVIEW) {
            Some((end, _)) => line[..end].trim_end().to_owned(),
            None => line,
        }
    }
}

/// URL that opens a conversation in Informly. Starts with `https://`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(String);

/// Reason why a text is not a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// The text is not an HTTPS URL.
    #[error("must be a URL that begins with https://")]
    NoUrl,
    /// The text is too long.
    #[error("is longer than 2,000 characters")]
    TooLong,
}

impl Link {
    const MAX: usize = 2_000;

    /// Parses a link.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`].
    pub fn parse(text: &str) -> Result<Self, InvalidLink> {
        let is_ok = |c: char| !(c.is_control() || c.is_whitespace() || "<>\"\\^`{|}".contains(c));
        let host = text.strip_prefix("https://").ok_or(InvalidLink::NoUrl)?;
        if host.is_empty() || host.starts_with(['/', '?', '#', ':']) || !host.chars().all(is_ok) {
            return Err(InvalidLink::NoUrl);
        }
        if text.chars().count() > Self::MAX {
            return Err(InvalidLink::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stores conversations.
///
/// Every implementation passes `contacts_testkit::conversation_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ConversationRepository: Send + Sync {
    /// Stores a report unless the stored one is newer, and returns the stored one. The conversation
    /// is linked to the visitor's contact, if there is one and the conversation has no contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn report(&self, report: &Conversation) -> Result<Conversation>;

    /// Returns up to `limit` conversations of a contact after a cursor, newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>>;

    /// Returns the newest conversation of each of these contacts (R22).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn last_of(
        &self,
        org: OrgId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Conversation>>;

    /// Returns up to `limit` widgets that captured contacts after a cursor, most recent first
    /// (R16).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn widgets(&self, org: OrgId, after: Option<TimeCursor>, limit: usize) -> Result<Vec<Widget>>;

    /// Names a widget, or removes its name, records it in the audit trail (R61), and returns it.
    /// Returns `None` when the organisation has no contact that the widget captured.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn name_widget(
        &self,
        org: OrgId,
        widget: Uuid,
        name: Option<WidgetName>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Widget>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_line_of_500_characters() {
        assert_eq!(Conversation::preview_of(" Hi\n\tthere\u{200B} "), "Hi there");
        let long = "é".repeat(499) + " x y";
        assert_eq!(Conversation::preview_of(&long), "é".repeat(499));
        assert_eq!(Conversation::preview_of(&"é".repeat(600)).chars().count(), 500);
    }

    #[test]
    fn a_link_is_a_url_of_https() {
        for good in ["https://app.informly.example/c/1?a=b#c", "https://x"] {
            assert_eq!(Link::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "http://x",
            "https://",
            "https:///x",
            "javascript:alert(1)",
            "https://x/ y",
            "https://x/\"><",
        ] {
            assert_eq!(Link::parse(bad), Err(InvalidLink::NoUrl), "{bad}");
        }
        let long = format!("https://x/{}", "a".repeat(2_000));
        assert_eq!(Link::parse(&long), Err(InvalidLink::TooLong));
    }
}
