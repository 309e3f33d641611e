//! The list of all ports of the core.

use std::ops::Deref;
use std::sync::Arc;

use crate::action::ActionRepository;
use crate::answer::AnswerRepository;
use crate::audit::AuditRepository;
use crate::batch::BatchRepository;
use crate::campaign::CampaignRepository;
use crate::consent::ConsentRepository;
use crate::contact::{CaptureRepository, ContactRepository, DuplicateRepository};
use crate::conversation::ConversationRepository;
use crate::erasure::ErasureRepository;
use crate::event::EventFeed;
use crate::export::ExportRepository;
use crate::field::FieldRepository;
use crate::file::FileStore;
use crate::housekeeping::Housekeeping;
use crate::identity::{IdentityRepository, Providers};
use crate::import::{DryRunRepository, ImportRepository, Spreadsheets};
use crate::invitation::InvitationRepository;
use crate::job::JobQueue;
use crate::key::KeyRepository;
use crate::note::NoteRepository;
use crate::org::OrganisationRepository;
use crate::person::PersonalDataRepository;
use crate::run::RunRepository;
use crate::seal::Sealer;
use crate::segment::SegmentRepository;
use crate::selection::SelectionRepository;
use crate::session::SessionRepository;
use crate::sync::{Connectors, SyncRepository};
use crate::tag::TagRepository;
use crate::trail::TrailRepository;
use crate::undo::UndoRepository;
use crate::webhook::{WebhookRepository, WebhookSender};
use crate::{Clock, Ids};

/// Everything that the use cases need from outside. [`crate::Services::over`] builds the use cases
/// from it.
#[derive(Clone)]
pub struct Ports {
    /// The ports of the store. Their fields can be read as fields of `Ports`.
    pub repositories: Repositories,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Reads and writes spreadsheets.
    pub spreadsheets: Arc<dyn Spreadsheets>,
    /// Sends messages to webhooks.
    pub webhook_sender: Arc<dyn WebhookSender>,
    /// Encrypts the secrets of webhooks.
    pub webhook_sealer: Arc<dyn Sealer>,
    /// Encrypts the secret settings of connected sources.
    pub source_sealer: Arc<dyn Sealer>,
    /// The connectors that connected sources may use.
    pub connectors: Connectors,
    /// The issuers at which users sign in.
    pub providers: Providers,
}

impl Deref for Ports {
    type Target = Repositories;

    fn deref(&self) -> &Repositories {
        &self.repositories
    }
}

/// Declares [`Repositories`] and its constructor from one list, so that neither can lack a port.
macro_rules! repositories {
    ($($(#[$doc:meta])* $name:ident: $port:ident,)*) => {
        /// Every port that a store implements.
        #[derive(Clone)]
        pub struct Repositories {
            $($(#[$doc])* pub $name: Arc<dyn $port>,)*
        }

        impl Repositories {
            /// Returns the ports of a store that implements all of them.
            pub fn of<S: $($port +)* 'static>(store: &Arc<S>) -> Self {
                Self { $($name: store.clone(),)* }
            }
        }
    };
}

repositories! {
    /// Bulk actions.
    actions: ActionRepository,
    /// Stored answers to requests that carry an idempotency key.
    answers: AnswerRepository,
    /// Checks of the stored rows.
    audit: AuditRepository,
    /// Batches of contacts.
    batches: BatchRepository,
    /// Campaigns, subscriptions and deliveries.
    campaigns: CampaignRepository,
    /// Captures of chat widgets.
    captures: CaptureRepository,
    /// Consent of contacts.
    consents: ConsentRepository,
    /// Contacts.
    contacts: ContactRepository,
    /// Conversations.
    conversations: ConversationRepository,
    /// Dry runs of imports.
    dry_runs: DryRunRepository,
    /// Possible duplicates.
    duplicates: DuplicateRepository,
    /// Erasures.
    erasures: ErasureRepository,
    /// Contacts, read in bulk for exports.
    exports: ExportRepository,
    /// The change feed.
    feed: EventFeed,
    /// Custom fields.
    fields: FieldRepository,
    /// Files.
    files: FileStore,
    /// Deletes expired data.
    housekeeping: Housekeeping,
    /// Identities of users at issuers.
    identities: IdentityRepository,
    /// Imports.
    imports: ImportRepository,
    /// Invitations of users.
    invitations: InvitationRepository,
    /// The job queue.
    jobs: JobQueue,
    /// API keys.
    keys: KeyRepository,
    /// Notes.
    notes: NoteRepository,
    /// Organisations.
    organisations: OrganisationRepository,
    /// Personal data of one contact.
    people: PersonalDataRepository,
    /// Runs of every kind.
    runs: RunRepository,
    /// Segments.
    segments: SegmentRepository,
    /// Selections.
    selections: SelectionRepository,
    /// Users, sign-in links and sessions.
    sessions: SessionRepository,
    /// Connected sources and their runs.
    sources: SyncRepository,
    /// Tags.
    tags: TagRepository,
    /// Keeps the audit trail.
    trail: TrailRepository,
    /// Undos of imports and of bulk actions.
    undos: UndoRepository,
    /// Webhooks and their deliveries.
    webhooks: WebhookRepository,
}
