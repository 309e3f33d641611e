//! Conversations, as the chat service reports them (R26). It keeps the messages; here is the list.

mod cursor;
mod service;
mod visitor;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::cursor::ConversationCursor;
pub use self::service::{ConversationService, Report};
pub use self::visitor::{InvalidVisitor, Visitor};
use crate::contact::ContactId;
use crate::org::id;
use crate::{OrgId, Result, text};

id! {
    /// A conversation's id, as the chat service gave it.
    ConversationId
}

/// A conversation of a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: ConversationId,
    /// With whom, on which widget.
    pub visitor: Visitor,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When something was last said.
    pub last_message_at: OffsetDateTime,
    /// How many messages it has.
    pub messages: u32,
    /// What was last said, or how the chat service sums it up: [`Conversation::PREVIEW`]
    /// characters at most.
    pub preview: String,
    /// What opens it. Nothing while the chat service has not reported it, and only a capture
    /// has told of it.
    pub link: Option<Link>,
}

impl Conversation {
    /// The most characters of a preview.
    pub const PREVIEW: usize = 500;

    /// A conversation that only a capture has told of.
    pub fn untold(org: OrgId, id: ConversationId, visitor: Visitor, at: OffsetDateTime) -> Self {
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

    /// Whether a report says more than this one does: it is the later one, or holds more messages.
    /// Reports come late, twice and out of order, so of any two the same one wins in any order.
    pub fn gives_way_to(&self, report: &Self) -> bool {
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

    /// The place after it, in a list of the newest first.
    pub fn cursor(&self) -> ConversationCursor {
        ConversationCursor { at: self.last_message_at, id: self.id }
    }

    /// A text as a preview: in one line, and not too long.
    pub fn preview_of(told: &str) -> String {
        let line: String = told.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = text::collapse(text::trim(&line));
        match line.char_indices().nth(Self::PREVIEW) {
            Some((end, _)) => line[..end].trim_end().to_owned(),
            None => line,
        }
    }
}

/// What opens a conversation in Informly: a URL that begins with `https://`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(String);

/// Why a text is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// It is no URL of HTTPS.
    #[error("must be a URL that begins with https://")]
    NoUrl,
    /// It is too long.
    #[error("is longer than 2,000 characters")]
    TooLong,
}

impl Link {
    const MAX: usize = 2_000;

    /// Reads a link.
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

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A widget that brought somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Its id, as the chat service knows it.
    pub id: Uuid,
    /// When it last brought somebody who is still a contact.
    pub last_at: OffsetDateTime,
}

impl Widget {
    /// The most widgets that are listed.
    pub const MAX: usize = 200;
}

/// Keeps the conversations.
///
/// Every implementation passes `contacts_testkit::conversation_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ConversationRepository: Send + Sync {
    /// Takes a report, unless the one that is kept does not give way to it; returns the one that
    /// is kept now. The conversation is linked to its visitor's contact, if the visitor is known
    /// and nobody has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn report(&self, report: &Conversation) -> Result<Conversation>;

    /// A contact's conversations, the newest first, after a place, so many at most.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>>;

    /// The newest conversation of each of these contacts that has one (R22).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn last_of(
        &self,
        org: OrgId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Conversation>>;

    /// The widgets that brought contacts (R16), the one that last did first,
    /// [`Widget::MAX`] at most.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn widgets(&self, org: OrgId) -> Result<Vec<Widget>>;
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
