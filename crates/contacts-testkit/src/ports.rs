//! Every port over one store, as the contracts ask for them.

use std::any::Any;
use std::sync::Arc;

use contacts_core::action::{ActionRepository, ActionService};
use contacts_core::answer::AnswerRepository;
use contacts_core::campaign::{CampaignRepository, CampaignService};
use contacts_core::contact::{
    CaptureRepository, CaptureService, ContactRepository, ContactService, DuplicateRepository,
    DuplicateService,
};
use contacts_core::conversation::{ConversationRepository, ConversationService};
use contacts_core::erasure::{ErasureRepository, ErasureService};
use contacts_core::event::{EventFeed, FeedService};
use contacts_core::export::{ExportRepository, ExportService};
use contacts_core::field::{FieldRepository, FieldService};
use contacts_core::file::FileStore;
use contacts_core::housekeeping::Housekeeping;
use contacts_core::import::{
    DryRunRepository, ImportRepository, ImportService, Spreadsheets, UndoRepository,
};
use contacts_core::job::JobQueue;
use contacts_core::key::{KeyRepository, KeyService};
use contacts_core::note::{NoteRepository, NoteService};
use contacts_core::org::{Organisation, OrganisationRepository};
use contacts_core::person::{PersonRepository, PersonService};
use contacts_core::segment::{SegmentRepository, SegmentService};
use contacts_core::selection::{SelectionRepository, SelectionService};
use contacts_core::sync::{Asking, Connectors, SyncRepository, SyncService};
use contacts_core::tag::{TagRepository, TagService};
use contacts_core::webhook::{WebhookRepository, WebhookSender, WebhookService};
use contacts_core::{Clock, Ids, OrgId};

use crate::{CountedIds, FakeSealer, StoppedClock};

/// Every port, over one store.
#[derive(Clone)]
pub struct Ports {
    /// Keeps answers.
    pub answers: Arc<dyn AnswerRepository>,
    /// Keeps contacts.
    pub contacts: Arc<dyn ContactRepository>,
    /// Keeps campaigns.
    pub campaigns: Arc<dyn CampaignRepository>,
    /// Keeps what widgets capture.
    pub captures: Arc<dyn CaptureRepository>,
    /// Tells possible duplicates.
    pub duplicates: Arc<dyn DuplicateRepository>,
    /// Keeps conversations.
    pub conversations: Arc<dyn ConversationRepository>,
    /// Keeps tags.
    pub tags: Arc<dyn TagRepository>,
    /// Keeps custom fields.
    pub fields: Arc<dyn FieldRepository>,
    /// Keeps organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// Keeps API keys.
    pub keys: Arc<dyn KeyRepository>,
    /// Keeps notes.
    pub notes: Arc<dyn NoteRepository>,
    /// Tells everything that is held of one person.
    pub people: Arc<dyn PersonRepository>,
    /// Erases people.
    pub erasures: Arc<dyn ErasureRepository>,
    /// Deletes what is not needed any longer.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// Keeps imports.
    pub imports: Arc<dyn ImportRepository>,
    /// Gives out contacts for exports.
    pub exports: Arc<dyn ExportRepository>,
    /// Keeps dry runs of imports.
    pub dry_runs: Arc<dyn DryRunRepository>,
    /// Undoes imports.
    pub undos: Arc<dyn UndoRepository>,
    /// Keeps files.
    pub files: Arc<dyn FileStore>,
    /// Keeps segments.
    pub segments: Arc<dyn SegmentRepository>,
    /// Keeps selections.
    pub selections: Arc<dyn SelectionRepository>,
    /// Keeps and does bulk actions.
    pub actions: Arc<dyn ActionRepository>,
    /// Hands out jobs.
    pub jobs: Arc<dyn JobQueue>,
    /// Tells what happened.
    pub feed: Arc<dyn EventFeed>,
    /// Keeps webhooks.
    pub webhooks: Arc<dyn WebhookRepository>,
    /// Keeps connected sources.
    pub sources: Arc<dyn SyncRepository>,
    /// The clock of the test.
    pub clock: StoppedClock,
    /// The ids of the test.
    pub ids: CountedIds,
    /// What must live as long as the ports do, such as a database that is dropped afterwards.
    pub guard: Arc<dyn Any + Send + Sync>,
}

impl Ports {
    /// Makes an organisation.
    pub fn org(&self) -> OrgId {
        let org = OrgId(self.ids.next());
        let name = format!("Organisation {org}");
        let organisation = Organisation::new(org, &name, None, self.clock.now()).unwrap();
        self.organisations.insert(&organisation).unwrap();
        org
    }

    /// The use cases of contacts over these ports.
    pub fn contact_service(&self) -> ContactService {
        ContactService::new(
            self.contacts.clone(),
            self.fields.clone(),
            self.organisations.clone(),
            Arc::new(self.clock.clone()),
            Arc::new(self.ids.clone()),
        )
    }

    /// The use cases of campaigns over these ports.
    pub fn campaign_service(&self) -> CampaignService {
        CampaignService::new(self.campaigns.clone(), Arc::new(self.clock.clone()))
    }

    /// The use cases of captures over these ports.
    pub fn capture_service(&self) -> CaptureService {
        let (clock, ids) = (Arc::new(self.clock.clone()), Arc::new(self.ids.clone()));
        CaptureService::new(self.captures.clone(), self.organisations.clone(), clock, ids)
    }

    /// The use cases of possible duplicates over these ports.
    pub fn duplicate_service(&self) -> DuplicateService {
        let clock = Arc::new(self.clock.clone());
        DuplicateService::new(self.duplicates.clone(), self.contacts.clone(), clock)
    }

    /// The use cases of conversations over these ports.
    pub fn conversation_service(&self) -> ConversationService {
        ConversationService::new(self.conversations.clone(), self.contacts.clone())
    }

    /// The use cases of custom fields over these ports.
    pub fn field_service(&self) -> FieldService {
        FieldService::new(self.fields.clone())
    }

    /// The use cases of tags over these ports.
    pub fn tag_service(&self) -> TagService {
        let (clock, ids) = (Arc::new(self.clock.clone()), Arc::new(self.ids.clone()));
        TagService::new(self.tags.clone(), clock, ids)
    }

    /// The use cases of notes over these ports.
    pub fn note_service(&self) -> NoteService {
        let (clock, ids) = (Arc::new(self.clock.clone()), Arc::new(self.ids.clone()));
        NoteService::new(self.notes.clone(), self.contacts.clone(), clock, ids)
    }

    /// The use cases of the change feed over these ports.
    pub fn feed_service(&self) -> FeedService {
        FeedService::new(self.feed.clone(), Arc::new(self.clock.clone()))
    }

    /// The use cases of webhooks over these ports and a sender.
    pub fn webhook_service(&self, sender: Arc<dyn WebhookSender>) -> WebhookService {
        WebhookService {
            webhooks: self.webhooks.clone(),
            feed: self.feed.clone(),
            sender,
            sealer: Arc::new(FakeSealer),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use cases of connected sources over these ports, with these connectors.
    pub fn sync_service(&self, connectors: Connectors) -> SyncService {
        SyncService {
            sources: self.sources.clone(),
            connectors,
            sealer: Arc::new(FakeSealer),
            fields: self.fields.clone(),
            organisations: self.organisations.clone(),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
            asking: Asking::default(),
        }
    }

    /// The use cases of API keys over these ports.
    pub fn key_service(&self) -> KeyService {
        let (clock, ids) = (Arc::new(self.clock.clone()), Arc::new(self.ids.clone()));
        KeyService::new(self.keys.clone(), clock, ids)
    }

    /// The use cases of segments over these ports.
    pub fn segment_service(&self) -> SegmentService {
        SegmentService {
            segments: self.segments.clone(),
            fields: self.fields.clone(),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use cases of selections over these ports.
    pub fn selection_service(&self) -> SelectionService {
        SelectionService {
            selections: self.selections.clone(),
            segments: self.segment_service(),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use cases of bulk actions over these ports.
    pub fn action_service(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ActionService {
        ActionService {
            actions: self.actions.clone(),
            selections: self.selection_service(),
            exports: self.export_service(spreadsheets),
            files: self.files.clone(),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use case of telling what is held of a person over these ports.
    pub fn person_service(&self) -> PersonService {
        PersonService { people: self.people.clone(), contacts: self.contacts.clone() }
    }

    /// The use cases of erasures over these ports.
    pub fn erasure_service(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ErasureService {
        ErasureService {
            erasures: self.erasures.clone(),
            contacts: self.contacts.clone(),
            imports: self.imports.clone(),
            files: self.files.clone(),
            spreadsheets,
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use cases of imports over these ports.
    pub fn import_service(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ImportService {
        ImportService {
            imports: self.imports.clone(),
            dry_runs: self.dry_runs.clone(),
            undos: self.undos.clone(),
            files: self.files.clone(),
            spreadsheets,
            fields: self.fields.clone(),
            organisations: self.organisations.clone(),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.ids.clone()),
        }
    }

    /// The use cases of exports over these ports.
    pub fn export_service(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ExportService {
        let (people, fields) = (self.exports.clone(), self.fields.clone());
        ExportService { people, fields, spreadsheets }
    }
}
