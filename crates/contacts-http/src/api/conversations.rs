//! Conversations over HTTP (R26).

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::contact::ContactId;
use contacts_core::conversation::{Conversation, ConversationId, Report, Widget};
use contacts_core::page::TimeCursor;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, time};
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::{Id, PathId};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_report, _, _>(report)
        .add::<__path_list, _, _>(list)
        .add::<__path_widgets, _, _>(widgets)
        .add::<__path_name_widget, _, _>(name_widget)
}

/// A conversation, as the chat service reports it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConversationReport)]
struct ReportBody {
    /// Id of the widget.
    widget_id: Uuid,
    /// Id of the visitor in the chat service: 1 to 200 characters.
    visitor: String,
    /// When the conversation started.
    #[serde(deserialize_with = "time")]
    started_at: OffsetDateTime,
    /// When the latest message was sent.
    #[serde(deserialize_with = "time")]
    last_message_at: OffsetDateTime,
    /// Number of messages in the conversation.
    #[schema(maximum = 2_147_483_647)]
    messages: u64,
    /// Text of the latest message; truncated to 500 characters.
    #[serde(default)]
    preview: String,
    /// Link that opens the conversation: a URL that starts with `https://`.
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
    /// Id of the conversation.
    id: Uuid,
    /// Id of the widget.
    widget_id: Uuid,
    /// Id of the visitor in the chat service.
    visitor: String,
    /// When the conversation started.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// When the latest message was sent.
    #[serde(with = "time::serde::rfc3339")]
    last_message_at: OffsetDateTime,
    /// Number of messages; 0 until the chat service reports the conversation.
    messages: u32,
    /// Text of the latest message.
    preview: String,
    /// Link that opens the conversation; null until the chat service reports the conversation.
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

page_view! {
    /// A page of conversations.
    pub(super) struct ConversationsView as Conversations {
        /// The conversations, newest first.
        items: ConversationView,
    }
}

/// A widget that captured contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Widget)]
struct WidgetView {
    /// Id of the widget.
    id: Uuid,
    /// Name of the widget, or null.
    name: Option<String>,
    /// When the widget last captured a contact that still exists.
    #[serde(with = "time::serde::rfc3339")]
    last_at: OffsetDateTime,
}

impl From<Widget> for WidgetView {
    fn from(Widget { id, name, last_at }: Widget) -> Self {
        Self { id, name: name.map(|name| name.as_str().to_owned()), last_at }
    }
}

/// The id of a widget in a path.
struct WidgetId(Uuid);

impl PathId for WidgetId {
    const WHAT: &'static str = "widget";
    fn new(id: Uuid) -> Self {
        Self(id)
    }
}

/// The name of a widget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = WidgetName)]
struct WidgetBody {
    /// 1 to 100 characters, or null for no name.
    name: Option<String>,
}

page_view! {
    /// A page of the widgets that captured contacts.
    struct WidgetsView as Widgets {
        /// The widgets, most recently active first.
        items: WidgetView,
    }
}

/// Report a conversation (for the chat service)
///
/// Reports may arrive late, repeatedly and out of order: the report with the latest message is
/// kept; of two with the same latest message, the one with more messages. When the visitor is a
/// contact, the conversation is attached to that contact.
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
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page, the newest first", body = ConversationsView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| to_json(&page(api, caller.org, id, &paging)?));
    Ok(ok(body.await?))
}

/// Returns a page of a contact's conversations.
pub(super) fn page(
    api: &Api,
    org: OrgId,
    contact: ContactId,
    paging: &Paging<TimeCursor>,
) -> Result<ConversationsView, Problem> {
    let found = api.conversations.of_contact(org, contact, paging.after, paging.rows())?;
    Ok(paging.cut(found, Conversation::cursor).map(ConversationView::from).into())
}

/// List the widgets that captured contacts, for the filter `source=chat:ID`
#[utoipa::path(
    get, path = "/v1/widgets", tag = "conversations", operation_id = "list_widgets",
    params(PageParams),
    responses((status = 200, description = "A page, the most recently active first", body = WidgetsView))
)]
async fn widgets(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let widgets = api.conversations.widgets(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(widgets, Widget::cursor);
        to_json(&WidgetsView::from(page.map(WidgetView::from)))
    });
    Ok(ok(body.await?))
}

/// Name a widget, or remove its name
#[utoipa::path(
    put, path = "/v1/widgets/{id}", tag = "conversations", operation_id = "name_widget",
    params(("id" = Uuid, Path, description = "The widget")),
    request_body = WidgetBody,
    responses(
        (status = 200, description = "The widget", body = WidgetView),
        (status = 404, description = "No contact was captured by this widget", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "The name is invalid", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn name_widget(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(WidgetId(id)): Id<WidgetId>,
    Body(body): Body<WidgetBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let widget =
            api.conversations.name_widget(caller.org, id, body.name.as_deref(), caller.actor)?;
        to_json(&WidgetView::from(widget))
    });
    Ok(ok(body.await?))
}
