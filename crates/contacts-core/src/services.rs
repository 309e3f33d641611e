//! The list of all use cases of the core.

use std::sync::Arc;

use crate::action::ActionService;
use crate::audit::AuditService;
use crate::batch::BatchService;
use crate::campaign::CampaignService;
use crate::consent::ConsentService;
use crate::contact::{CaptureService, ContactService, DuplicateService};
use crate::conversation::ConversationService;
use crate::erasure::ErasureService;
use crate::event::FeedService;
use crate::export::ExportService;
use crate::field::FieldService;
use crate::identity::SignInService;
use crate::import::ImportService;
use crate::invitation::InvitationService;
use crate::key::KeyService;
use crate::note::NoteService;
use crate::org::OrganisationRepository;
use crate::person::PersonalDataService;
use crate::run::RunService;
use crate::segment::SegmentService;
use crate::selection::SelectionService;
use crate::session::SessionService;
use crate::sync::SyncService;
use crate::tag::TagService;
use crate::trail::TrailService;
use crate::undo::UndoService;
use crate::webhook::WebhookService;
use crate::{Clock, Ids, Ports};

/// All use cases. A clone shares the ports and the limit of connector calls with its original.
#[derive(Clone)]
pub struct Services {
    /// Bulk actions.
    pub actions: ActionService,
    /// Checks of the stored rows.
    pub audit: AuditService,
    /// Batches of contacts, and upserts of one.
    pub batches: BatchService,
    /// Campaigns, subscriptions and deliveries.
    pub campaigns: CampaignService,
    /// Captures of chat widgets.
    pub captures: CaptureService,
    /// Consent of contacts.
    pub consents: ConsentService,
    /// Contacts.
    pub contacts: ContactService,
    /// Conversations.
    pub conversations: ConversationService,
    /// Possible duplicates.
    pub duplicates: DuplicateService,
    /// Erasures.
    pub erasures: ErasureService,
    /// Exports.
    pub exports: ExportService,
    /// The change feed.
    pub feed: FeedService,
    /// Custom fields.
    pub fields: FieldService,
    /// Imports and their dry runs.
    pub imports: ImportService,
    /// Invitations of users.
    pub invitations: InvitationService,
    /// API keys.
    pub keys: KeyService,
    /// Notes.
    pub notes: NoteService,
    /// Personal data of one contact.
    pub people: PersonalDataService,
    /// Runs of every kind.
    pub runs: RunService,
    /// Segments.
    pub segments: SegmentService,
    /// Selections.
    pub selections: SelectionService,
    /// Users and their sessions.
    pub sessions: SessionService,
    /// Sign-ins at issuers.
    pub sign_ins: SignInService,
    /// Connected sources.
    pub sources: SyncService,
    /// Tags.
    pub tags: TagService,
    /// The audit trail.
    pub trail: TrailService,
    /// Undos of imports and of bulk actions.
    pub undos: UndoService,
    /// Webhooks.
    pub webhooks: WebhookService,
    /// Organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// The clock that the use cases read.
    pub clock: Arc<dyn Clock>,
    /// The generator of the use cases' ids.
    pub ids: Arc<dyn Ids>,
}

impl Services {
    /// Builds all use cases on these ports.
    pub fn over(ports: &Ports) -> Self {
        let actions = ActionService::over(ports);
        let imports = ImportService::over(ports);
        let sources = SyncService::over(ports);
        let undos = UndoService::over(ports);
        Self {
            runs: RunService::over(ports, &imports, &actions, &sources, &undos),
            actions,
            audit: AuditService::over(ports),
            batches: BatchService::over(ports),
            campaigns: CampaignService::over(ports),
            captures: CaptureService::over(ports),
            consents: ConsentService::over(ports),
            contacts: ContactService::over(ports),
            conversations: ConversationService::over(ports),
            duplicates: DuplicateService::over(ports),
            erasures: ErasureService::over(ports),
            exports: ExportService::over(ports),
            feed: FeedService::over(ports),
            fields: FieldService::over(ports),
            imports,
            invitations: InvitationService::over(ports),
            keys: KeyService::over(ports),
            notes: NoteService::over(ports),
            people: PersonalDataService::over(ports),
            segments: SegmentService::over(ports),
            selections: SelectionService::over(ports),
            sessions: SessionService::over(ports),
            sign_ins: SignInService::over(ports),
            sources,
            tags: TagService::over(ports),
            trail: TrailService::over(ports),
            undos,
            webhooks: WebhookService::over(ports),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }
}
