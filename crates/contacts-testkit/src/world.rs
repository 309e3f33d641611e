//! The world: every port in memory, over one state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::action::{ActionId, ActionService};
use contacts_core::answer::AnswerKey;
use contacts_core::campaign::{Campaign, CampaignId, CampaignService};
use contacts_core::contact::{CaptureService, ContactId, ContactService, DuplicateService};
use contacts_core::conversation::{ConversationService, Visitor};
use contacts_core::erasure::{ErasureId, ErasureService};
use contacts_core::event::ContactEvent;
use contacts_core::export::ExportService;
use contacts_core::field::{Field, FieldKey, FieldService};
use contacts_core::file::FileId;
use contacts_core::import::{ImportId, ImportService, Spreadsheets};
use contacts_core::key::{ApiKey, KeyService};
use contacts_core::note::{Note, NoteId, NoteService};
use contacts_core::org::Organisation;
use contacts_core::segment::{Segment, SegmentId, SegmentService};
use contacts_core::selection::{SelectionId, SelectionService};
use contacts_core::sync::{Connectors, SourceId, SyncService};
use contacts_core::tag::TagService;
use contacts_core::webhook::WebhookId;
use contacts_core::{Clock, OrgId, Result};

use crate::memory::actions::Doing;
use crate::memory::answers::Kept;
use crate::memory::contacts::Contacts;
use crate::memory::conversations::Conversations;
use crate::memory::duplicates::Dismissed;
use crate::memory::erasures;
use crate::memory::imports::Run;
use crate::memory::jobs::Jobs;
use crate::memory::selections::Frozen;
use crate::memory::syncs::Syncing;
use crate::memory::tags::Tags;
use crate::memory::webhooks::Sending;
use crate::{CountedIds, Ports, StoppedClock};

/// A world for tests: it implements every port in memory. Clones are one world.
///
/// Rules are not told twice: it asks the core's own functions what a patch, a row or a filter
/// does. It is the oracle that other stores are compared with.
#[derive(Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
    clock: StoppedClock,
    ids: CountedIds,
    org: OrgId,
}

/// Everything there is.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) organisations: BTreeMap<OrgId, Rows>,
    pub(crate) jobs: Jobs,
}

/// Everything that one organisation has. Nothing else can be reached from here (R1).
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) profile: Option<Organisation>,
    pub(crate) contacts: Contacts,
    pub(crate) campaigns: BTreeMap<CampaignId, Campaign>,
    pub(crate) tags: Tags,
    pub(crate) fields: BTreeMap<FieldKey, Field>,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) notes: BTreeMap<NoteId, Note>,
    pub(crate) erasures: BTreeMap<ErasureId, erasures::Kept>,
    pub(crate) imports: BTreeMap<ImportId, Run>,
    pub(crate) files: BTreeMap<FileId, Vec<Vec<u8>>>,
    /// Old ids, and the contacts that answer for them.
    pub(crate) merged: BTreeMap<ContactId, ContactId>,
    pub(crate) answers: BTreeMap<AnswerKey, Kept>,
    pub(crate) segments: BTreeMap<SegmentId, Segment>,
    pub(crate) selections: BTreeMap<SelectionId, Frozen>,
    pub(crate) actions: BTreeMap<ActionId, Doing>,
    /// Pairs that a capture met, or that somebody said to be two people; and which of the two.
    pub(crate) pairs: BTreeMap<(ContactId, ContactId), Dismissed>,
    pub(crate) conversations: Conversations,
    /// Which contacts the visitors of widgets are.
    pub(crate) visitors: BTreeMap<Visitor, ContactId>,
    /// In the order of their numbers, which count from 1 and those that were forgotten.
    pub(crate) events: Vec<ContactEvent>,
    /// How many events were forgotten.
    pub(crate) events_swept: u64,
    pub(crate) webhooks: BTreeMap<WebhookId, Sending>,
    pub(crate) sources: BTreeMap<SourceId, Syncing>,
}

impl World {
    /// A world with one organisation and nothing in it.
    pub fn new() -> Self {
        let mut world = Self {
            state: Arc::default(),
            clock: StoppedClock::default(),
            ids: CountedIds::default(),
            org: OrgId(CountedIds::nth(0)),
        };
        world.org = world.another_org();
        world
    }

    /// Its organisation.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// Makes one more organisation.
    pub fn another_org(&self) -> OrgId {
        self.ports().org()
    }

    /// Its clock.
    pub fn clock(&self) -> StoppedClock {
        self.clock.clone()
    }

    /// Its ids.
    pub fn ids(&self) -> CountedIds {
        self.ids.clone()
    }

    /// Its ports, one by one.
    pub fn ports(&self) -> Ports {
        Ports {
            answers: Arc::new(self.clone()),
            contacts: Arc::new(self.clone()),
            campaigns: Arc::new(self.clone()),
            captures: Arc::new(self.clone()),
            duplicates: Arc::new(self.clone()),
            conversations: Arc::new(self.clone()),
            tags: Arc::new(self.clone()),
            fields: Arc::new(self.clone()),
            organisations: Arc::new(self.clone()),
            keys: Arc::new(self.clone()),
            notes: Arc::new(self.clone()),
            erasures: Arc::new(self.clone()),
            people: Arc::new(self.clone()),
            housekeeping: Arc::new(self.clone()),
            imports: Arc::new(self.clone()),
            exports: Arc::new(self.clone()),
            dry_runs: Arc::new(self.clone()),
            undos: Arc::new(self.clone()),
            files: Arc::new(self.clone()),
            segments: Arc::new(self.clone()),
            selections: Arc::new(self.clone()),
            actions: Arc::new(self.clone()),
            jobs: Arc::new(self.clone()),
            feed: Arc::new(self.clone()),
            webhooks: Arc::new(self.clone()),
            sources: Arc::new(self.clone()),
            clock: self.clock(),
            ids: self.ids(),
            guard: Arc::new(()),
        }
    }

    /// The use cases of contacts in this world.
    pub fn contacts(&self) -> ContactService {
        self.ports().contact_service()
    }

    /// The use cases of campaigns in this world.
    pub fn campaigns(&self) -> CampaignService {
        self.ports().campaign_service()
    }

    /// The use cases of captures in this world.
    pub fn captures(&self) -> CaptureService {
        self.ports().capture_service()
    }

    /// The use cases of possible duplicates in this world.
    pub fn duplicates(&self) -> DuplicateService {
        self.ports().duplicate_service()
    }

    /// The use cases of conversations in this world.
    pub fn conversations(&self) -> ConversationService {
        self.ports().conversation_service()
    }

    /// The use cases of custom fields in this world.
    pub fn fields(&self) -> FieldService {
        self.ports().field_service()
    }

    /// The use cases of tags in this world.
    pub fn tags(&self) -> TagService {
        self.ports().tag_service()
    }

    /// The use cases of notes in this world.
    pub fn notes(&self) -> NoteService {
        self.ports().note_service()
    }

    /// The use cases of API keys in this world.
    pub fn keys(&self) -> KeyService {
        self.ports().key_service()
    }

    /// The use cases of erasures in this world.
    pub fn erasures(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ErasureService {
        self.ports().erasure_service(spreadsheets)
    }

    /// The use cases of imports in this world.
    pub fn imports(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ImportService {
        self.ports().import_service(spreadsheets)
    }

    /// The use cases of exports in this world.
    pub fn exports(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ExportService {
        self.ports().export_service(spreadsheets)
    }

    /// The use cases of segments in this world.
    pub fn segments(&self) -> SegmentService {
        self.ports().segment_service()
    }

    /// The use cases of selections in this world.
    pub fn selections(&self) -> SelectionService {
        self.ports().selection_service()
    }

    /// The use cases of bulk actions in this world.
    pub fn actions(&self, spreadsheets: Arc<dyn Spreadsheets>) -> ActionService {
        self.ports().action_service(spreadsheets)
    }

    /// The use cases of connected sources in this world, with these connectors.
    pub fn syncs(&self, connectors: Connectors) -> SyncService {
        self.ports().sync_service(connectors)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test that failed elsewhere is reported there.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with an organisation's rows, and lets nobody in meanwhile.
    pub(crate) fn rows<T>(
        &self,
        org: OrgId,
        act: impl FnOnce(&mut Rows) -> Result<T>,
    ) -> Result<T> {
        let mut guard = self.state();
        let state = &mut *guard;
        let rows = state.organisations.entry(org).or_default();
        let before = rows.events.len();
        let done = act(rows);
        if rows.events.len() > before {
            state.jobs.wake(org, self.clock.now());
        }
        done
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
