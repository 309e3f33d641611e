//! The test world: every port in memory, over one shared state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::action::ActionId;
use contacts_core::answer::AnswerKey;
use contacts_core::campaign::{Campaign, CampaignId};
use contacts_core::contact::ContactId;
use contacts_core::conversation::Visitor;
use contacts_core::erasure::ErasureId;
use contacts_core::event::ContactEvent;
use contacts_core::field::{Field, FieldKey};
use contacts_core::file::FileId;
use contacts_core::identity::Identity;
use contacts_core::import::ImportId;
use contacts_core::invitation::Invitation;
use contacts_core::journal::JournalChunk;
use contacts_core::key::ApiKey;
use contacts_core::note::{Note, NoteId};
use contacts_core::org::Organisation;
use contacts_core::segment::{Segment, SegmentId};
use contacts_core::selection::SelectionId;
use contacts_core::session::UserId;
use contacts_core::sync::SourceId;
use contacts_core::trail::TrailEntry;
use contacts_core::undo::UndoSubject;
use contacts_core::webhook::WebhookId;
use contacts_core::{Clock, OrgId, Repositories, Result, Services};
use time::OffsetDateTime;

use crate::memory::actions::StoredAction;
use crate::memory::answers::StoredAnswer;
use crate::memory::contacts::Contacts;
use crate::memory::conversations::Conversations;
use crate::memory::duplicates::Pair;
use crate::memory::erasures;
use crate::memory::imports::StoredImport;
use crate::memory::jobs::Jobs;
use crate::memory::merge::StoredMerge;
use crate::memory::selections::StoredSelection;
use crate::memory::sessions::Sessions;
use crate::memory::syncs::StoredSource;
use crate::memory::tags::Tags;
use crate::memory::undos::StoredUndo;
use crate::memory::webhooks::StoredWebhook;
use crate::{CountedIds, Ports, StoppedClock};

/// A world for tests, which implements every port in memory. Clones share one state.
///
/// It implements no rule twice: the core's own functions decide what a patch, a row or a filter
/// does. It is the oracle that other stores are compared with.
#[derive(Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
    clock: StoppedClock,
    ids: CountedIds,
    org: OrgId,
}

/// The rows of every organisation, and the job queue.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) organisations: BTreeMap<OrgId, Rows>,
    pub(crate) jobs: Jobs,
}

/// The rows of one organisation. Rows of other organisations cannot be reached from here (R1).
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) profile: Option<Organisation>,
    pub(crate) contacts: Contacts,
    pub(crate) campaigns: BTreeMap<CampaignId, Campaign>,
    pub(crate) tags: Tags,
    pub(crate) fields: BTreeMap<FieldKey, Field>,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) sessions: Sessions,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) identities: BTreeMap<Identity, UserId>,
    pub(crate) notes: BTreeMap<NoteId, Note>,
    pub(crate) erasures: BTreeMap<ErasureId, erasures::Kept>,
    pub(crate) imports: BTreeMap<ImportId, StoredImport>,
    pub(crate) files: BTreeMap<FileId, Vec<Vec<u8>>>,
    /// Ids of merged contacts, and the contacts that replaced them.
    pub(crate) merged: BTreeMap<ContactId, ContactId>,
    pub(crate) answers: BTreeMap<AnswerKey, StoredAnswer>,
    pub(crate) segments: BTreeMap<SegmentId, Segment>,
    pub(crate) selections: BTreeMap<SelectionId, StoredSelection>,
    pub(crate) actions: BTreeMap<ActionId, StoredAction>,
    /// Pairs of contacts that a capture matched, or that a user dismissed as two people.
    pub(crate) pairs: BTreeMap<(ContactId, ContactId), Pair>,
    pub(crate) conversations: Conversations,
    /// The contact of each widget visitor.
    pub(crate) visitors: BTreeMap<Visitor, ContactId>,
    /// Change feed events in the order of their numbers. The first number is `events_swept + 1`.
    pub(crate) events: Vec<ContactEvent>,
    /// Times of changes that `updated_at` of the contacts does not count.
    pub(crate) changes: BTreeMap<ContactId, OffsetDateTime>,
    /// Number of expired events.
    pub(crate) events_swept: u64,
    pub(crate) undos: BTreeMap<UndoSubject, StoredUndo>,
    /// What each merge did that was not undone, by the merged contact.
    pub(crate) merges: BTreeMap<ContactId, StoredMerge>,
    /// What each action did that was not undone, part by part.
    pub(crate) journal: BTreeMap<ActionId, Vec<JournalChunk>>,
    pub(crate) webhooks: BTreeMap<WebhookId, StoredWebhook>,
    pub(crate) sources: BTreeMap<SourceId, StoredSource>,
    /// Entries of the audit trail, the oldest first.
    pub(crate) trail: Vec<TrailEntry>,
}

impl World {
    /// Returns a world with one organisation and no contacts.
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

    /// Restores the state that [`World::new`] returns: no contacts, the clock and the ids at their
    /// start, and the same organisation.
    pub fn reset(&self) {
        *self.state() = State::default();
        self.clock.set(StoppedClock::START);
        self.ids.restart();
        self.another_org();
    }

    /// Returns the id of the world's first organisation.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// Creates another organisation and returns its id.
    pub fn another_org(&self) -> OrgId {
        self.ports().org()
    }

    /// Returns the world's clock.
    pub fn clock(&self) -> StoppedClock {
        self.clock.clone()
    }

    /// Returns the world's id generator.
    pub fn ids(&self) -> CountedIds {
        self.ids.clone()
    }

    /// Returns the world's ports. The sender and the connector are new on each call.
    pub fn ports(&self) -> Ports {
        let repositories = Repositories::of(&Arc::new(self.clone()));
        Ports::over(repositories, self.clock(), self.ids(), Arc::new(()))
    }

    /// Returns every service over this world.
    pub fn services(&self) -> Services {
        self.ports().services()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test that panics while it holds the lock reports its own panic, so poisoning is
        // ignored.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the locked state for a change, and marks the claim of a keyed request as carried
    /// out.
    pub(crate) fn state_to_change(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.mark_claim()?;
        Ok(state)
    }

    /// Reads an organisation's rows under the lock.
    pub(crate) fn read<T>(
        &self,
        org: OrgId,
        read: impl FnOnce(&mut Rows) -> Result<T>,
    ) -> Result<T> {
        read(self.state().organisations.entry(org).or_default())
    }

    /// Changes an organisation's rows under the lock, and marks the claim of a keyed request as
    /// carried out.
    pub(crate) fn rows<T>(
        &self,
        org: OrgId,
        act: impl FnOnce(&mut Rows) -> Result<T>,
    ) -> Result<T> {
        let mut guard = self.state();
        let state = &mut *guard;
        state.check_claim()?;
        let rows = state.organisations.entry(org).or_default();
        let before = rows.events.len();
        let done = act(rows);
        if rows.events.len() > before {
            state.jobs.wake(org, self.clock.now());
        }
        if done.is_ok() {
            state.mark_claim()?;
        }
        done
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
