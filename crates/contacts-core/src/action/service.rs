//! Use cases of bulk actions (R24, R45).

use std::sync::Arc;
use std::time::Duration;

use super::{
    Action, ActionFile, ActionId, ActionKind, ActionRepository, ActionResult, Applied,
    Confirmation, FieldContext, RawAction, Tally,
};
use crate::answer::without_claim;
use crate::contact::{ContactFilter, MergePair};
use crate::export::{ExportService, FileFormat, Sheet};
use crate::field::FieldRepository;
use crate::file::{FileId, FileStore};
use crate::import::FileBytes;
use crate::job::{ChunkPace, Interrupt, Outcome};
use crate::org::OrganisationRepository;
use crate::run::RunState;
use crate::selection::{RawSelectionScope, Selection, SelectionId, SelectionService};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// An action as it was requested.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAction<'a> {
    /// Contacts to change.
    pub target: ActionTarget,
    /// Change to make.
    pub action: RawAction<'a>,
    /// Number of contacts that the person confirmed. Required for a delete.
    pub confirm_count: Option<u64>,
}

/// Contacts that an action changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionTarget {
    /// An existing selection.
    Selection(SelectionId),
    /// A scope, of which a selection is made.
    SelectionScope(RawSelectionScope),
}

/// The use cases of bulk actions.
#[derive(Clone)]
pub struct ActionService {
    actions: Arc<dyn ActionRepository>,
    selections: SelectionService,
    exports: ExportService,
    files: Arc<dyn FileStore>,
    fields: Arc<dyn FieldRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl ActionService {
    /// Maximum number of contacts that are changed while the caller waits.
    pub const AT_ONCE: u64 = 1_000;
    /// Maximum number of pairs that are merged while the caller waits. A merge moves everything
    /// that belongs to a contact.
    pub const MERGES_AT_ONCE: u64 = 50;
    /// Time after which a worker takes over an action that a request started.
    pub const HANDOVER: Duration = Duration::from_secs(30);

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            actions: ports.actions.clone(),
            selections: SelectionService::over(ports),
            exports: ExportService::over(ports),
            files: ports.files.clone(),
            fields: ports.fields.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Starts an action: a small one is finished before this returns, a large one runs as a job.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with what is wrong; [`Error::CountChanged`] when a delete would remove a
    /// different number of contacts than was confirmed (R23).
    pub fn start(&self, org: OrgId, new: &NewAction<'_>, actor: Actor) -> Result<Action> {
        let kind = new.action.read(&self.field_context(org, &new.action)?);
        let kind = kind.map_err(|errors| within_action(errors).collect::<Vec<_>>())?;
        if kind == ActionKind::Delete && new.confirm_count.is_none() {
            let reason = "is required: the number of contacts to delete permanently";
            return Err(Invalid::one("confirm_count", reason).into());
        }
        let kind = self.fixed(org, kind)?;
        let selection = match &new.target {
            ActionTarget::Selection(id) => self.selections.selections.get(org, *id)?,
            ActionTarget::SelectionScope(chosen) => {
                // A selection without an action changes nothing, so a repeat may make another one.
                Some(without_claim(|| self.selections.create(org, chosen, actor))?)
            }
        };
        let selection = selection.ok_or_else(no_selection)?;
        let confirmed = match new.confirm_count {
            Some(count) => {
                let filter = self.selections.filter(org, &selection)?;
                Some(Confirmation { count, filter })
            }
            None => None,
        };
        self.begin(org, kind, &selection, confirmed, actor)
    }

    /// Starts a merge of pairs (R54), like [`ActionService::start`]. Each pair is counted once, as
    /// the contact that is merged into the other.
    ///
    /// - `changed`: the pair was merged.
    /// - `unchanged`: both are one contact already.
    /// - `not_found`, `merged`: one of them no longer exists, or was merged elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] as by [`MergePair::check`].
    pub fn start_merge(&self, org: OrgId, pairs: Vec<MergePair>, actor: Actor) -> Result<Action> {
        MergePair::check(&pairs)?;
        let ids = pairs.iter().map(|pair| pair.other.0).collect();
        let chosen = RawSelectionScope::Ids(ids);
        let selection = without_claim(|| self.selections.create(org, &chosen, actor))?;
        self.begin(org, ActionKind::Merge(pairs), &selection, None, actor)
    }

    /// Inserts an action, and runs it when it is small.
    fn begin(
        &self,
        org: OrgId,
        kind: ActionKind,
        selection: &Selection,
        confirmed: Option<Confirmation>,
        actor: Actor,
    ) -> Result<Action> {
        let now = self.clock.now();
        let at_once = match kind {
            ActionKind::Merge(_) => Self::MERGES_AT_ONCE,
            _ => Self::AT_ONCE,
        };
        let is_small = selection.contacts <= at_once;
        let is_export = matches!(kind, ActionKind::Export(_));
        let action = Action {
            org,
            id: ActionId(self.ids.next()),
            kind,
            selection: selection.id,
            state: RunState::Queued,
            problem: None,
            contacts: selection.contacts,
            chunks: selection.chunks,
            chunks_done: 0,
            tally: Tally::default(),
            undo: None,
            file: is_export.then(|| FileId(self.ids.next())),
            actor,
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        let due = if is_small { now + Self::HANDOVER } else { now };
        self.actions.insert(&action, confirmed, due).map_err(|error| match error {
            Error::NotFound("campaign") => {
                Invalid::one("action.campaign_id", "is not a campaign of this organisation").into()
            }
            Error::NotFound("selection") => no_selection(),
            error => error,
        })?;
        if is_small {
            // If this fails, the job runs the action and records why it cannot.
            let _ = self.run(org, action.id, &NeverInterrupt);
        }
        self.get(org, action.id)
    }

    /// Finds an action.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: ActionId) -> Result<Action> {
        self.actions.get(org, id)?.ok_or(Error::NotFound("action"))
    }

    /// Returns actions, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.actions.list(org, before, limit)
    }

    /// Cancels an action, after the part that is being applied. Applied parts stay, and so do their
    /// counts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the action has ended.
    pub fn cancel(&self, org: OrgId, id: ActionId, actor: Actor) -> Result<Action> {
        self.get(org, id)?;
        let now = self.clock.now();
        let cancelled = self.actions.cancel(org, id, actor, now)?;
        let action = self.get(org, id)?;
        if cancelled {
            return Ok(action);
        }
        let state = action.state.as_str();
        Err(Error::Conflict(format!("the action cannot be cancelled: it is {state}")))
    }

    /// Returns the result of each contact so far, as a CSV file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn result(&self, org: OrgId, id: ActionId) -> Result<ActionResult> {
        self.get(org, id)?;
        let (actions, header) = (self.actions.clone(), Some(ActionResult::HEADER));
        Ok(ActionResult { actions, org, id, header, part: 0 })
    }

    /// Opens the file of an export, as CSV or as a workbook.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the action does not exist or is not an export; [`Error::Conflict`]
    /// unless it is done; [`Error::FileErased`] when its file was deleted.
    pub fn file(&self, org: OrgId, id: ActionId, file_format: FileFormat) -> Result<FileBytes> {
        let action = self.get(org, id)?;
        let ActionKind::Export(format) = &action.kind else { return Err(Error::NotFound("file")) };
        if action.state != RunState::Done {
            let state = action.state.as_str();
            return Err(Error::Conflict(format!(
                "there is no complete file: the export is {state}"
            )));
        }
        let file = action.file.ok_or(Error::FileErased)?;
        // An empty selection has no chunk, so nothing wrote the header.
        let header = (action.chunks == 0).then(|| {
            let mut header = Vec::new();
            self.exports.sheet(org, format)?.header(&mut header);
            Ok::<_, Error>(header)
        });
        let (header, bytes) = (header.transpose()?, Some(self.files.open(org, file)?));
        let csv = ActionFile { actions: self.actions.clone(), org, id, header, bytes };
        self.exports.convert(org, Box::new(csv), format, file_format)
    }

    /// Runs the job that deletes the file of an export. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn erase_file(&self, org: OrgId, id: ActionId) -> Result<Outcome> {
        self.actions.erase_file(org, id).map(|()| Outcome::Done)
    }

    /// Runs the job of an action. Safe to run twice, also concurrently.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn run(&self, org: OrgId, id: ActionId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let Some(action) = self.actions.get(org, id)? else { return Ok(Outcome::Done) };
        match self.run_parts(action, interrupt) {
            Err(error @ (Error::NotFound(_) | Error::Invalid(_))) => {
                let (state, problem) = (RunState::Failed, Some(error.to_string()));
                self.actions.end(org, id, state, problem, self.clock.now())?;
                Ok(Outcome::Done)
            }
            outcome => outcome,
        }
    }

    /// Applies the remaining parts.
    fn run_parts(&self, mut action: Action, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let (org, id) = (action.org, action.id);
        let filter = self.filter(&action)?;
        let sheet = self.sheet(&action)?;
        let mut pace = ChunkPace::new(Selection::CHUNK);
        while action.state.is_open() && action.chunks_done < action.chunks {
            if !interrupt.may_continue() {
                return Ok(Outcome::Again);
            }
            let chunk = action.chunks_done;
            let (limit, now) = (pace.next_part(Selection::CHUNK), self.clock.now());
            let applied = match &sheet {
                Some(sheet) => self.actions.export(&action, chunk, limit, sheet, now)?,
                None => self.actions.apply(&action, chunk, limit, &filter, now)?,
            };
            match applied {
                Applied::Part { tally, chunks_done } => {
                    let rows = tally.contacts().saturating_sub(action.tally.contacts());
                    let took = (self.clock.now() - now).unsigned_abs();
                    pace.record(usize::try_from(rows).unwrap_or(limit), took);
                    (action.tally, action.chunks_done) = (tally, chunks_done);
                }
                Applied::Stopped(state) => action.state = state,
                // A request and a worker may run the action concurrently; neither can rely on the
                // other.
                Applied::Superseded => action = self.get(org, id)?,
            }
        }
        if action.state.is_open() {
            self.actions.end(org, id, RunState::Done, None, self.clock.now())?;
        }
        Ok(Outcome::Done)
    }

    /// Reads what a request that sets a field is checked with; nothing for other requests.
    fn field_context(&self, org: OrgId, action: &RawAction<'_>) -> Result<FieldContext> {
        if !action.needs_context() {
            return Ok(FieldContext::default());
        }
        let region = self.organisations.get(org)?.and_then(|organisation| organisation.region);
        Ok(FieldContext { fields: self.fields.list(org)?, region })
    }

    /// Fixes the columns of an export when it is requested.
    fn fixed(&self, org: OrgId, kind: ActionKind) -> Result<ActionKind> {
        let ActionKind::Export(format) = kind else { return Ok(kind) };
        self.exports.fixed(org, &format).map(ActionKind::Export).map_err(|error| match error {
            Error::Invalid(errors) => within_action(errors).collect::<Vec<_>>().into(),
            error => error,
        })
    }

    /// Returns how an export writes its file.
    fn sheet(&self, action: &Action) -> Result<Option<Sheet>> {
        match &action.kind {
            ActionKind::Export(format) => self.exports.sheet(action.org, format).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns the filter that a delete checks again.
    fn filter(&self, action: &Action) -> Result<ContactFilter> {
        if action.kind != ActionKind::Delete {
            return Ok(ContactFilter::default());
        }
        let selection = self.selections.get(action.org, action.selection)?;
        self.selections.filter(action.org, &selection)
    }
}

/// Goes on to the end.
struct NeverInterrupt;

impl Interrupt for NeverInterrupt {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

fn within_action(errors: Vec<Invalid>) -> impl Iterator<Item = Invalid> {
    errors.into_iter().map(|part| part.within("action"))
}

fn no_selection() -> Error {
    Invalid::one("selection_id", "does not exist: select the contacts again").into()
}
