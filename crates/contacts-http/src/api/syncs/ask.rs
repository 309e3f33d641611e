//! Requests that are answered by connectors, before and after a connected source is created.

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::import::Suggestion;
use contacts_core::sync::{
    ConnectorError, Cursor, Sample, Setting, SettingKind, SourceId, Spec, Stream, SyncService,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{SampleBody, SettingsBody};
use super::settings::{json, settings_of};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanAdmin;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::{Id, Name};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_check, _, _>(check)
        .add::<__path_discover, _, _>(discover)
        .add::<__path_sample, _, _>(sample)
        .add::<__path_check_source, _, _>(check_source)
        .add::<__path_discover_source, _, _>(discover_source)
        .add::<__path_sample_source, _, _>(sample_source)
}

page_view! {
    /// A page of the connectors that the operator allows.
    struct ConnectorsView as Connectors {
        /// The connectors, ordered by name.
        items: ConnectorView,
    }
}

/// A connector.
#[derive(Serialize, ToSchema)]
#[schema(as = Connector)]
struct ConnectorView {
    /// Name of the connector.
    name: String,
    /// Protocol of the connector: `airbyte`, `singer` or `http`.
    protocol: &'static str,
}

/// A connector and its settings.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectorWithSpec)]
struct ConnectorWithSpecView {
    /// Name of the connector.
    name: String,
    /// Protocol of the connector: `airbyte`, `singer` or `http`.
    protocol: &'static str,
    /// The settings, in the order in which a form should show them.
    settings: Vec<SettingView>,
    /// Whether settings that are not in this list are secret.
    others_are_secret: bool,
}

/// A setting of a connector.
#[derive(Serialize, ToSchema)]
#[schema(as = Setting)]
struct SettingView {
    /// Path of the setting: the names of the enclosing objects and its own name, joined by dots.
    #[schema(example = "credentials.token")]
    path: String,
    /// Title of the setting for people.
    title: String,
    /// Description of the setting.
    description: Option<String>,
    /// Kind of value.
    kind: SettingKindView,
    /// The allowed values of a `choice`.
    choices: Vec<String>,
    /// Whether the setting is required.
    required: bool,
    /// Whether the setting is secret; secret settings are never returned.
    secret: bool,
    /// The default value.
    default: Option<Value>,
}

/// A kind of setting.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SettingKind)]
enum SettingKindView {
    /// A text.
    Text,
    /// One of several texts.
    Choice,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// Any other JSON value, such as a list.
    Json,
}

/// The result of a connection check.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionCheck)]
struct CheckView {
    /// Whether the system can be reached with these settings.
    succeeded: bool,
    /// The reason why it cannot be reached.
    problem: Option<String>,
}

/// The streams of a connected system.
#[derive(Serialize, ToSchema)]
#[schema(as = Streams)]
struct StreamsView {
    /// The streams.
    items: Vec<StreamView>,
}

/// A stream of a connected system: a table or a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Stream)]
struct StreamView {
    /// Name of the stream.
    name: String,
    /// Names of the fields; empty when the system does not report them.
    fields: Vec<String>,
    /// The fields that make up the stream's own key.
    key: Vec<String>,
    /// Whether the stream can be read incrementally.
    incremental: bool,
    /// Whether reading incrementally requires a `cursor_field`.
    needs_cursor_field: bool,
    /// The cursor field that the connector suggests.
    cursor_field: Option<String>,
}

/// The first records of a stream.
#[derive(Serialize, ToSchema)]
#[schema(as = Sample)]
struct SampleView {
    /// Names of the fields in these records.
    fields: Vec<String>,
    /// The records, each with one value per field.
    rows: Vec<Vec<String>>,
    /// Whether the records have ids of their own. If not, name a field that contains an id;
    /// otherwise records are identified by their email addresses.
    has_ids: bool,
    /// Suggested targets of the fields.
    suggestions: Vec<SuggestedView>,
}

/// A suggested target for a field.
#[derive(Serialize, ToSchema)]
#[schema(as = SuggestedField)]
struct SuggestedView {
    /// The suggested target; null when the field should be left out.
    target: Option<String>,
    /// Confidence of the suggestion, from 0 to 1.
    confidence: f32,
}

impl From<Setting> for SettingView {
    fn from(setting: Setting) -> Self {
        let (kind, choices) = match setting.kind {
            SettingKind::Text => (SettingKindView::Text, Vec::new()),
            SettingKind::Choice(choices) => (SettingKindView::Choice, choices),
            SettingKind::Number => (SettingKindView::Number, Vec::new()),
            SettingKind::Boolean => (SettingKindView::Boolean, Vec::new()),
            SettingKind::Json => (SettingKindView::Json, Vec::new()),
        };
        Self {
            path: setting.path,
            title: setting.title,
            description: setting.description,
            kind,
            choices,
            required: setting.required,
            secret: setting.secret,
            default: setting.default.as_ref().map(json),
        }
    }
}

impl From<Result<(), ConnectorError>> for CheckView {
    fn from(checked: Result<(), ConnectorError>) -> Self {
        let problem = checked.err().map(|trouble| trouble.to_string());
        Self { succeeded: problem.is_none(), problem }
    }
}

impl From<Vec<Stream>> for StreamsView {
    fn from(streams: Vec<Stream>) -> Self {
        let items = streams.into_iter().map(|stream| {
            let (incremental, needs_cursor_field, cursor_field) = match stream.cursor {
                Cursor::None => (false, false, None),
                Cursor::Known => (true, false, None),
                Cursor::Field(proposed) => (true, true, proposed),
            };
            let Stream { name, fields, key, .. } = stream;
            StreamView { name, fields, key, incremental, needs_cursor_field, cursor_field }
        });
        Self { items: items.collect() }
    }
}

impl From<Sample> for SampleView {
    fn from(sample: Sample) -> Self {
        let suggested = |suggestion: Suggestion| SuggestedView {
            target: suggestion.target.map(|target| target.to_string()),
            confidence: suggestion.confidence,
        };
        Self {
            fields: sample.fields,
            rows: sample.rows,
            has_ids: sample.has_ids,
            suggestions: sample.suggestions.into_iter().map(suggested).collect(),
        }
    }
}

/// List connectors
#[utoipa::path(
    get, path = "/v1/connectors", tag = "sources", operation_id = "list_connectors",
    params(PageParams),
    responses((status = 200, description = "A page of the connectors that the operator allows", body = ConnectorsView))
)]
async fn list(CanAdmin(_caller): CanAdmin, shared: Data<Shared>, paging: Paging<String>) -> Answer {
    let body = blocking(&shared, move |api| {
        let connectors = api.sources.connectors().all();
        let all =
            connectors.map(|(name, protocol)| ConnectorView { name: name.to_owned(), protocol });
        let page = paging.of_all(all.collect(), |connector| connector.name.clone());
        to_json(&ConnectorsView::from(page))
    });
    Ok(ok(body.await?))
}

/// Get a connector and its settings
///
/// The connector is asked for its settings, which may take seconds the first time.
#[utoipa::path(
    get, path = "/v1/connectors/{name}", tag = "sources", operation_id = "get_connector",
    params(("name" = String, Path, description = "The connector's name")),
    responses(
        (status = 200, description = "The connector", body = ConnectorWithSpecView),
        (status = 404, description = "The operator allows no such connector", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(_caller): CanAdmin, shared: Data<Shared>, Name(name): Name) -> Answer {
    let body = blocking(&shared, move |api| {
        let (protocol, spec) = api.sources.connector(&name)?;
        let Spec { settings, others_are_secret } = spec;
        let settings = settings.into_iter().map(SettingView::from).collect();
        to_json(&ConnectorWithSpecView { name, protocol, settings, others_are_secret })
    });
    Ok(ok(body.await?))
}

/// Check whether a system can be reached
#[utoipa::path(
    post, path = "/v1/connectors/{name}/check", tag = "sources", operation_id = "check_connector",
    params(("name" = String, Path, description = "The connector's name")),
    request_body = SettingsBody,
    responses(
        (status = 200, description = "Whether it can", body = CheckView),
        (status = 404, description = "The operator allows no such connector", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn check(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Name(name): Name,
    Body(body): Body<SettingsBody>,
) -> Answer {
    let settings = settings_of(body.settings).map_err(|reason| Problem::invalid(vec![reason]))?;
    let body = ask(&shared, caller.org, move |api| {
        to_json(&CheckView::from(api.sources.check(&name, &settings)?))
    });
    Ok(ok(body.await?))
}

/// List the streams of a system
#[utoipa::path(
    post, path = "/v1/connectors/{name}/discover", tag = "sources", operation_id = "discover_streams",
    params(("name" = String, Path, description = "The connector's name")),
    request_body = SettingsBody,
    responses(
        (status = 200, description = "The streams", body = StreamsView),
        (status = 404, description = "The operator allows no such connector", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn discover(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Name(name): Name,
    Body(body): Body<SettingsBody>,
) -> Answer {
    let settings = settings_of(body.settings).map_err(|reason| Problem::invalid(vec![reason]))?;
    let body = ask(&shared, caller.org, move |api| {
        to_json(&StreamsView::from(api.sources.discover(&name, &settings)?))
    });
    Ok(ok(body.await?))
}

/// Get the first records of a stream, with suggested targets
#[utoipa::path(
    post, path = "/v1/connectors/{name}/sample", tag = "sources", operation_id = "sample_stream",
    params(("name" = String, Path, description = "The connector's name")),
    request_body = SampleBody,
    responses(
        (status = 200, description = "The first records", body = SampleView),
        (status = 404, description = "The operator allows no such connector", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn sample(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Name(name): Name,
    Body(body): Body<SampleBody>,
) -> Answer {
    let settings = settings_of(body.settings).map_err(|reason| Problem::invalid(vec![reason]))?;
    let body = ask(&shared, caller.org, move |api| {
        let sample = api.sources.sample(caller.org, &name, &settings, &body.stream)?;
        to_json(&SampleView::from(sample))
    });
    Ok(ok(body.await?))
}

/// Check whether a connected source can be reached
#[utoipa::path(
    post, path = "/v1/sources/{id}/check", tag = "sources", operation_id = "check_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "Whether it can", body = CheckView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: its connector does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn check_source(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
) -> Answer {
    let body = ask(&shared, caller.org, move |api| {
        let (connector, settings) = api.sources.settings(caller.org, id)?;
        to_json(&CheckView::from(api.sources.check(&connector, &settings)?))
    });
    Ok(ok(body.await?))
}

/// List the streams of a connected source's system
#[utoipa::path(
    post, path = "/v1/sources/{id}/discover", tag = "sources", operation_id = "discover_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The streams", body = StreamsView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: its connector does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn discover_source(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
) -> Answer {
    let body = ask(&shared, caller.org, move |api| {
        let (connector, settings) = api.sources.settings(caller.org, id)?;
        to_json(&StreamsView::from(api.sources.discover(&connector, &settings)?))
    });
    Ok(ok(body.await?))
}

/// Get the first records of a connected source, with suggested targets
#[utoipa::path(
    post, path = "/v1/sources/{id}/sample", tag = "sources", operation_id = "sample_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The first records of its stream", body = SampleView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: its connector does not answer; the detail says why", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn sample_source(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
) -> Answer {
    let body = ask(&shared, caller.org, move |api| {
        let sources: &SyncService = &api.sources;
        let stream = sources.get(caller.org, id)?.stream;
        let (connector, settings) = sources.settings(caller.org, id)?;
        to_json(&SampleView::from(sources.sample(caller.org, &connector, &settings, &stream)?))
    });
    Ok(ok(body.await?))
}

/// Asks a connector, which may take up to a minute, in one of the organisation's places (R63).
async fn ask(
    shared: &Data<Shared>,
    org: OrgId,
    work: impl FnOnce(&Api) -> Result<Vec<u8>, Problem> + Send + 'static,
) -> Result<Vec<u8>, Problem> {
    let slot = shared.connector_calls.take(org)?;
    blocking(shared, move |api| {
        // The call goes on when the client disconnects, so the place belongs to the call.
        let _slot = slot;
        work(api)
    })
    .await
}
