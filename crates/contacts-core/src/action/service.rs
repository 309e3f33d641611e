//! Doing things to many (R24, R45).

use std::sync::Arc;
use std::time::Duration;

use super::{
    Action, ActionFile, ActionId, ActionKind, ActionRepository, ActionResult, ActionState, Applied,
    RawAction, Tally,
};
use crate::contact::ContactFilter;
use crate::export::{ExportService, Sheet};
use crate::file::{FileId, FileStore};
use crate::import::Turn;
use crate::job::Outcome;
use crate::selection::{RawChosen, Selection, SelectionId, SelectionService};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result};

/// An action to be done, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAction<'a> {
    /// To whom.
    pub whom: Whom,
    /// What.
    pub action: RawAction<'a>,
    /// How many people somebody confirmed; a delete is not done without.
    pub confirm_count: Option<u64>,
}

/// To whom something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// To those of a selection.
    Selection(SelectionId),
    /// To those of a selection that is made on the way.
    Chosen(RawChosen),
}

/// The use cases of bulk actions.
#[derive(Clone)]
pub struct ActionService {
    /// Where actions are kept.
    pub actions: Arc<dyn ActionRepository>,
    /// To whom they are done.
    pub selections: SelectionService,
    /// What writes the files of exports.
    pub exports: ExportService,
    /// Where these are kept.
    pub files: Arc<dyn FileStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl ActionService {
    /// The most people to whom something is done while the caller waits.
    pub const AT_ONCE: u64 = 1_000;
    /// After so long a worker takes over what a request began.
    pub const HANDOVER: Duration = Duration::from_secs(30);

    /// Does something to a selection: at once when it is small, and otherwise by a job.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::CountChanged`] when a delete would hit
    /// another number than was confirmed (R23).
    pub fn start(&self, org: OrgId, new: &NewAction<'_>, actor: Actor) -> Result<Action> {
        let kind = new.action.read();
        let kind = kind.map_err(|wrong| within_action(wrong).collect::<Vec<_>>())?;
        if kind == ActionKind::Delete && new.confirm_count.is_none() {
            let reason = "is required: so many people are to be deleted for ever";
            return Err(Invalid::one("confirm_count", reason).into());
        }
        let kind = self.fixed(org, kind)?;
        let selection = match &new.whom {
            Whom::Selection(id) => self.selections.selections.get(org, *id)?,
            Whom::Chosen(chosen) => Some(self.selections.create(org, chosen, actor)?),
        };
        let selection = selection.ok_or_else(no_selection)?;
        if let Some(confirmed) = new.confirm_count {
            self.check_count(org, &selection, confirmed)?;
        }
        let now = self.clock.now();
        let is_small = selection.people <= Self::AT_ONCE;
        let is_export = matches!(kind, ActionKind::Export(_));
        let action = Action {
            org,
            id: ActionId(self.ids.next()),
            kind,
            selection: selection.id,
            state: ActionState::Running,
            problem: None,
            people: selection.people,
            pieces: selection.pieces,
            pieces_done: 0,
            tally: Tally::default(),
            file: is_export.then(|| FileId(self.ids.next())),
            actor,
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        let due = if is_small { now + Self::HANDOVER } else { now };
        self.actions.insert(&action, due).map_err(|error| match error {
            Error::NotFound("campaign") => {
                Invalid::one("action.campaign_id", "is the id of no campaign").into()
            }
            Error::NotFound("selection") => no_selection(),
            error => error,
        })?;
        if is_small {
            // Should this fail, the job does it all the same, and says why if it cannot.
            let _ = self.run(org, action.id, &Unhurried);
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

    /// Actions, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.actions.list(org, before, limit)
    }

    /// Stops an action; what was done stays, and the result stays true.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is at an end.
    pub fn cancel(&self, org: OrgId, id: ActionId) -> Result<Action> {
        self.get(org, id)?;
        let now = self.clock.now();
        let cancelled = self.actions.end(org, id, ActionState::Cancelled, None, now)?;
        let action = self.get(org, id)?;
        if cancelled {
            return Ok(action);
        }
        let state = action.state.as_str();
        Err(Error::Conflict(format!("the action cannot be cancelled: it is {state}")))
    }

    /// What came of everybody so far, as a CSV file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn result(&self, org: OrgId, id: ActionId) -> Result<ActionResult> {
        self.get(org, id)?;
        let (actions, header) = (self.actions.clone(), Some(ActionResult::HEADER));
        Ok(ActionResult { actions, org, id, header, piece: 0 })
    }

    /// The file of an export.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such action, or it makes no file; [`Error::Conflict`]
    /// unless it is done; [`Error::FileErased`] when its file was deleted.
    pub fn file(&self, org: OrgId, id: ActionId) -> Result<ActionFile> {
        let action = self.get(org, id)?;
        let ActionKind::Export(format) = &action.kind else { return Err(Error::NotFound("file")) };
        if action.state != ActionState::Done {
            let state = action.state.as_str();
            return Err(Error::Conflict(format!("there is no whole file: the export is {state}")));
        }
        let file = action.file.ok_or(Error::FileErased)?;
        // Of nobody there is no piece.
        let header = (action.pieces == 0).then(|| {
            let mut header = Vec::new();
            self.exports.sheet(org, format)?.header(&mut header);
            Ok::<_, Error>(header)
        });
        let (header, bytes) = (header.transpose()?, Some(self.files.open(org, file)?));
        Ok(ActionFile { actions: self.actions.clone(), org, id, header, bytes })
    }

    /// The job of deleting the file of an export. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn erase_file(&self, org: OrgId, id: ActionId) -> Result<Outcome> {
        self.actions.erase_file(org, id).map(|()| Outcome::Done)
    }

    /// The job of doing an action. Safe to run twice, and by two at once.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn run(&self, org: OrgId, id: ActionId, turn: &dyn Turn) -> Result<Outcome> {
        let Some(action) = self.actions.get(org, id)? else { return Ok(Outcome::Done) };
        match self.take(action, turn) {
            Err(error @ (Error::NotFound(_) | Error::Invalid(_))) => {
                let (state, problem) = (ActionState::Failed, Some(error.to_string()));
                self.actions.end(org, id, state, problem, self.clock.now())?;
                Ok(Outcome::Done)
            }
            taken => taken,
        }
    }

    /// Does the pieces that are left.
    fn take(&self, mut action: Action, turn: &dyn Turn) -> Result<Outcome> {
        let (org, id) = (action.org, action.id);
        let still = self.still(&action)?;
        let sheet = self.sheet(&action)?;
        while action.state == ActionState::Running && action.pieces_done < action.pieces {
            if !turn.may_go_on() {
                return Ok(Outcome::Again);
            }
            let piece = action.pieces_done;
            let now = self.clock.now();
            let applied = match &sheet {
                Some(sheet) => self.actions.export(&action, piece, sheet, now)?,
                None => self.actions.apply(&action, piece, &still, now)?,
            };
            match applied {
                Applied::Taken(_) => action.pieces_done += 1,
                Applied::Stopped(state) => action.state = state,
                // A request and a worker may be at it both. Neither can rely on the other.
                Applied::Superseded => action = self.get(org, id)?,
            }
        }
        if action.state == ActionState::Running {
            self.actions.end(org, id, ActionState::Done, None, self.clock.now())?;
        }
        Ok(Outcome::Done)
    }

    /// An export is of the columns that there are when it is asked for.
    fn fixed(&self, org: OrgId, kind: ActionKind) -> Result<ActionKind> {
        let ActionKind::Export(format) = kind else { return Ok(kind) };
        self.exports.fixed(org, &format).map(ActionKind::Export).map_err(|error| match error {
            Error::Invalid(wrong) => within_action(wrong).collect::<Vec<_>>().into(),
            error => error,
        })
    }

    /// How an export writes its file.
    fn sheet(&self, action: &Action) -> Result<Option<Sheet>> {
        match &action.kind {
            ActionKind::Export(format) => self.exports.sheet(action.org, format).map(Some),
            _ => Ok(None),
        }
    }

    /// Whom a delete still means.
    fn still(&self, action: &Action) -> Result<ContactFilter> {
        if action.kind != ActionKind::Delete {
            return Ok(ContactFilter::default());
        }
        let selection = self.selections.get(action.org, action.selection)?;
        self.selections.filter(action.org, &selection)
    }

    fn check_count(&self, org: OrgId, selection: &Selection, confirmed: u64) -> Result<()> {
        let still = self.selections.filter(org, selection)?;
        let now = self.selections.selections.count(org, selection.id, &still)?;
        if now == confirmed { Ok(()) } else { Err(Error::CountChanged(now)) }
    }
}

/// Goes on to the end.
struct Unhurried;

impl Turn for Unhurried {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

fn within_action(wrong: Vec<Invalid>) -> impl Iterator<Item = Invalid> {
    wrong.into_iter().map(|part| part.within("action"))
}

fn no_selection() -> Error {
    Invalid::one("selection_id", "is the id of no selection: choose anew").into()
}
