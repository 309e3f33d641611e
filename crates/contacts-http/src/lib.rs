//! The REST API over actix-web (R43 to R45).
//!
//! A handler extracts, calls one use case on a thread that may block, and makes a view; the rules
//! are the core's. [`routes`] puts the API into any actix application, [`server`] serves it with the
//! limits that keep it up, and [`openapi`] describes it.

mod actions;
mod answer;
mod answers;
mod auth;
mod blocking;
mod bodiless;
mod body;
mod campaigns;
mod captures;
mod client;
mod compress;
mod config;
mod contacts;
mod conversations;
mod cookie;
mod credentials;
mod docs;
mod download;
mod edge;
mod erasures;
mod etag;
mod events;
mod fields;
mod filter;
mod health;
mod imports;
mod jwt;
mod keys;
mod me;
mod notes;
mod page;
mod params;
mod path;
mod problem;
mod rate;
mod routes;
mod segments;
mod selections;
mod server;
mod sessions;
mod shared;
mod site;
mod stream;
mod syncs;
mod tags;
mod unread;
mod users;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use contacts_core::action::ActionService;
use contacts_core::campaign::CampaignService;
use contacts_core::contact::{CaptureService, ContactService, DuplicateService};
use contacts_core::conversation::ConversationService;
use contacts_core::erasure::ErasureService;
use contacts_core::event::FeedService;
use contacts_core::export::ExportService;
use contacts_core::field::FieldService;
use contacts_core::import::ImportService;
use contacts_core::key::KeyService;
use contacts_core::note::NoteService;
use contacts_core::org::OrganisationRepository;
use contacts_core::person::PersonService;
use contacts_core::segment::SegmentService;
use contacts_core::selection::SelectionService;
use contacts_core::session::SessionService;
use contacts_core::sync::SyncService;
use contacts_core::tag::TagService;
use contacts_core::webhook::WebhookService;
use contacts_core::{Clock, Ids};
use metrics_exporter_prometheus::PrometheusHandle;

pub use crate::answers::Answers;
pub use crate::config::ApiConfig;
pub use crate::health::metrics_recorder;
pub use crate::jwt::{InvalidKeySet, JwtVerifier};
pub use crate::routes::{openapi, routes};
pub use crate::server::server;
pub use crate::site::PublicUrl;
pub use crate::syncs::settings_of;

/// Whether the service can do its work now; the sentence says why not.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    /// Contacts.
    pub contacts: ContactService,
    /// Notes.
    pub notes: NoteService,
    /// Campaigns.
    pub campaigns: CampaignService,
    /// What chat widgets capture.
    pub captures: CaptureService,
    /// Contacts that may be one person.
    pub duplicates: DuplicateService,
    /// Conversations.
    pub conversations: ConversationService,
    /// Tags.
    pub tags: TagService,
    /// Custom fields.
    pub fields: FieldService,
    /// Imports.
    pub imports: ImportService,
    /// The change feed.
    pub feed: FeedService,
    /// Exports.
    pub exports: ExportService,
    /// Segments.
    pub segments: SegmentService,
    /// Selections.
    pub selections: SelectionService,
    /// Bulk actions.
    pub actions: ActionService,
    /// Webhooks.
    pub webhooks: WebhookService,
    /// Connected sources.
    pub sources: SyncService,
    /// What is held of one person.
    pub people: PersonService,
    /// Erasures.
    pub erasures: ErasureService,
    /// API keys.
    pub keys: KeyService,
    /// Users and their sessions.
    pub sessions: SessionService,
    /// Organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// Answers to requests that may be sent again.
    pub answers: Answers,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids, of requests too.
    pub ids: Arc<dyn Ids>,
    /// What `/readyz` asks. It may block.
    pub readiness: Readiness,
    /// What `/metrics` shows; see [`metrics_recorder`].
    pub metrics: PrometheusHandle,
    /// Set before the server is stopped: `/readyz` says no, and open streams end.
    pub stopping: Arc<AtomicBool>,
    /// Limits.
    pub config: ApiConfig,
}
