//! Asking connectors, before and after a source is made.

use actix_web::web::Data;
use contacts_core::import::Suggestion;
use contacts_core::sync::{
    Cursor, Sample, Setting, SettingKind, SourceId, Spec, Stream, SyncService, Trouble,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{SampleBody, SettingsBody};
use super::settings::{json, settings_of};
use crate::answer::{Answer, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::body::Body;
use crate::path::{Id, Name};
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

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

/// The connectors that the operator allows.
#[derive(Serialize, ToSchema)]
#[schema(as = Connectors)]
struct ConnectorsView {
    /// The connectors, by name.
    items: Vec<ConnectorView>,
}

/// A connector.
#[derive(Serialize, ToSchema)]
#[schema(as = Connector)]
struct ConnectorView {
    /// Its name.
    name: String,
    /// What it speaks: `airbyte`, `singer` or `http`.
    protocol: &'static str,
}

/// A connector, and how it is set up.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectorWithSpec)]
struct ConnectorWithSpecView {
    /// Its name.
    name: String,
    /// What it speaks: `airbyte`, `singer` or `http`.
    protocol: &'static str,
    /// What can be set, in the order in which people should be asked.
    settings: Vec<SettingView>,
    /// Whether settings that are not among them are secret.
    others_are_secret: bool,
}

/// One thing that can be set.
#[derive(Serialize, ToSchema)]
#[schema(as = Setting)]
struct SettingView {
    /// Its path: the names of the objects that it is in and its own, joined by dots.
    #[schema(example = "credentials.token")]
    path: String,
    /// What people call it.
    title: String,
    /// What it is.
    description: Option<String>,
    /// What it holds.
    kind: SettingKindView,
    /// What it may be, of a `choice`.
    choices: Vec<String>,
    /// Whether nothing goes without it.
    required: bool,
    /// Whether it is never shown.
    secret: bool,
    /// What it is when nobody sets it.
    default: Option<Value>,
}

/// What a setting holds.
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
    /// Yes or no.
    Boolean,
    /// Anything else, such as a list.
    Json,
}

/// Whether a system can be reached.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionCheck)]
struct CheckView {
    /// Whether it can.
    succeeded: bool,
    /// Why not.
    problem: Option<String>,
}

/// The streams of a system.
#[derive(Serialize, ToSchema)]
#[schema(as = Streams)]
struct StreamsView {
    /// The streams.
    items: Vec<StreamView>,
}

/// A stream of a system: a table, or a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Stream)]
struct StreamView {
    /// Its name.
    name: String,
    /// The names of its fields; none when the system does not say.
    fields: Vec<String>,
    /// The fields that make its key.
    key: Vec<String>,
    /// Whether it can be read incrementally.
    incremental: bool,
    /// Whether a `cursor_field` must be chosen for that.
    needs_cursor_field: bool,
    /// The one that the connector proposes.
    cursor_field: Option<String>,
}

/// The first records of a stream.
#[derive(Serialize, ToSchema)]
#[schema(as = Sample)]
struct SampleView {
    /// The fields that they have.
    fields: Vec<String>,
    /// The records, each with a value for each field.
    rows: Vec<Vec<String>>,
    /// Whether the records have ids of their own; else a field can be named that has, or they are
    /// known by their addresses.
    has_ids: bool,
    /// What each field is likely to be.
    suggestions: Vec<SuggestedView>,
}

/// What a field is likely to be.
#[derive(Serialize, ToSchema)]
#[schema(as = SuggestedField)]
struct SuggestedView {
    /// Where it should go; null where it should be left.
    target: Option<String>,
    /// How sure that is, from 0 to 1.
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

impl From<Result<(), Trouble>> for CheckView {
    fn from(checked: Result<(), Trouble>) -> Self {
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
    responses((status = 200, description = "The connectors that the operator allows", body = ConnectorsView))
)]
async fn list(CanAdmin(_caller): CanAdmin, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let connectors = api.sources.connectors.all();
        let items =
            connectors.map(|(name, protocol)| ConnectorView { name: name.to_owned(), protocol });
        to_json(&ConnectorsView { items: items.collect() })
    });
    Ok(ok(body.await?))
}

/// Get a connector
///
/// It is asked how it is set up, which may take seconds the first time.
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

/// Try whether a system can be reached
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
    CanAdmin(_caller): CanAdmin,
    shared: Data<Shared>,
    Name(name): Name,
    Body(body): Body<SettingsBody>,
) -> Answer {
    let settings = settings_of(body.settings).map_err(|why| Problem::invalid(vec![why]))?;
    let body = blocking(&shared, move |api| {
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
    CanAdmin(_caller): CanAdmin,
    shared: Data<Shared>,
    Name(name): Name,
    Body(body): Body<SettingsBody>,
) -> Answer {
    let settings = settings_of(body.settings).map_err(|why| Problem::invalid(vec![why]))?;
    let body = blocking(&shared, move |api| {
        to_json(&StreamsView::from(api.sources.discover(&name, &settings)?))
    });
    Ok(ok(body.await?))
}

/// See the first records of a stream, and what its fields may become
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
    let settings = settings_of(body.settings).map_err(|why| Problem::invalid(vec![why]))?;
    let body = blocking(&shared, move |api| {
        let sample = api.sources.sample(caller.org, &name, &settings, &body.stream)?;
        to_json(&SampleView::from(sample))
    });
    Ok(ok(body.await?))
}

/// Try whether a source can be reached
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
    let body = blocking(&shared, move |api| {
        let (connector, settings) = api.sources.settings(caller.org, id)?;
        to_json(&CheckView::from(api.sources.check(&connector, &settings)?))
    });
    Ok(ok(body.await?))
}

/// List the streams of a source's system
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
    let body = blocking(&shared, move |api| {
        let (connector, settings) = api.sources.settings(caller.org, id)?;
        to_json(&StreamsView::from(api.sources.discover(&connector, &settings)?))
    });
    Ok(ok(body.await?))
}

/// See the first records of a source
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
    let body = blocking(&shared, move |api| {
        let sources: &SyncService = &api.sources;
        let stream = sources.get(caller.org, id)?.stream;
        let (connector, settings) = sources.settings(caller.org, id)?;
        to_json(&SampleView::from(sources.sample(caller.org, &connector, &settings, &stream)?))
    });
    Ok(ok(body.await?))
}
