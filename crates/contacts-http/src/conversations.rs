//! Conversations over HTTP (R26).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::conversation::{
    Conversation, ConversationCursor, ConversationId, Report, Widget,
};
use contacts_core::page::Page;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::page::AfterCursor;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_report, _, _>(report)
        .add::<__path_list, _, _>(list)
        .add::<__path_widgets, _, _>(widgets)
}

/// What the chat service says of a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConversationReport)]
struct ReportBody {
    /// The widget.
    widget_id: Uuid,
    /// The visitor, as the chat service knows them: 1 to 200 characters.
    visitor: String,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When something was last said.
    #[serde(with = "time::serde::rfc3339")]
    last_message_at: OffsetDateTime,
    /// How many messages it has.
    #[schema(maximum = 2_147_483_647)]
    messages: u64,
    /// What was last said; cut to 500 characters.
    #[serde(default)]
    preview: String,
    /// What opens it: a URL that begins with `https://`.
    #[schema(example = "https://app.informly.example/conversations/1")]
    link: String,
}

impl ReportBody {
    fn as_report(&self) -> Report<'_> {
        Report {
            widget: self.widget_id,
            visitor: &self.visitor,
            started_at: self.started_at,
            last_message_at: self.last_message_at,
            messages: self.messages,
            preview: &self.preview,
            link: &self.link,
        }
    }
}

/// A conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(crate) struct ConversationView {
    /// Its id.
    id: Uuid,
    /// The widget.
    widget_id: Uuid,
    /// The visitor, as the chat service knows them.
    visitor: String,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When something was last said.
    #[serde(with = "time::serde::rfc3339")]
    last_message_at: OffsetDateTime,
    /// How many messages it has; 0 while the chat service has not reported it.
    messages: u32,
    /// What was last said.
    preview: String,
    /// What opens it; null while the chat service has not reported it.
    link: Option<String>,
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.0,
            widget_id: conversation.visitor.widget(),
            visitor: conversation.visitor.id().to_owned(),
            started_at: conversation.started_at,
            last_message_at: conversation.last_message_at,
            messages: conversation.messages,
            preview: conversation.preview,
            link: conversation.link.map(|link| link.as_str().to_owned()),
        }
    }
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversations)]
struct ConversationsView {
    /// The newest first.
    items: Vec<ConversationView>,
    /// What `cursor` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// A widget that brought somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = Widget)]
struct WidgetView {
    /// Its id.
    id: Uuid,
    /// When it last brought somebody who is still a contact.
    #[serde(with = "time::serde::rfc3339")]
    last_at: OffsetDateTime,
}

/// The widgets that brought contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Widgets)]
struct WidgetsView {
    /// The one that last did first, 200 at most.
    items: Vec<WidgetView>,
}

/// Report a conversation, as the chat service does
///
/// Reports may come late, twice and out of order: the one with the latest message is kept, and
/// of two with the same, the one with more messages. When the visitor is a contact, the
/// conversation is theirs.
#[utoipa::path(
    put, path = "/v1/conversations/{id}", tag = "conversations", operation_id = "report_conversation",
    params(("id" = Uuid, Path, description = "The conversation")),
    request_body = ReportBody,
    responses(
        (status = 200, description = "The conversation as it is kept", body = ConversationView),
        (status = 404, description = "The path holds no id", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn report(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ConversationId>,
    Body(body): Body<ReportBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let kept = api.conversations.report(caller.org, id, &body.as_report())?;
        to_json(&ConversationView::from(kept))
    });
    Ok(ok(body.await?))
}

/// List a contact's conversations
#[utoipa::path(
    get, path = "/v1/contacts/{id}/conversations", tag = "conversations", operation_id = "list_contact_conversations",
    params(("id" = Uuid, Path, description = "The contact"), AfterCursor),
    responses(
        (status = 200, description = "A page, the newest first", body = ConversationsView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.parsed("cursor", |text| {
        ConversationCursor::decode(text).ok_or("is no cursor: take next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let found = api.conversations.of_contact(caller.org, id, after, size.get() + 1)?;
        let page = Page::cut(found, size, Conversation::cursor);
        to_json(&ConversationsView {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.map(|cursor| cursor.encode()),
        })
    });
    Ok(ok(body.await?))
}

/// List the widgets that brought contacts, for the filter `source=chat:ID`
#[utoipa::path(
    get, path = "/v1/widgets", tag = "conversations", operation_id = "list_widgets",
    responses((status = 200, description = "The widgets", body = WidgetsView))
)]
async fn widgets(CanRead(caller): CanRead, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let widgets = api.conversations.widgets(caller.org)?.into_iter();
        let items = widgets.map(|Widget { id, last_at }| WidgetView { id, last_at }).collect();
        to_json(&WidgetsView { items })
    });
    Ok(ok(body.await?))
}
