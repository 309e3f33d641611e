//! The end of an action.

use contacts_core::action::{Action, ActionId};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

impl World {
    /// Ends an action; `by` is who cancelled it.
    pub(super) fn end_action(
        &self,
        org: OrgId,
        id: ActionId,
        to: RunState,
        problem: Option<String>,
        by: Option<Actor>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut state = self.state_to_change()?;
        let rows = state.organisations.entry(org).or_default();
        let Some(stored) = rows.actions.get_mut(&id).filter(|stored| stored.action.state.is_open())
        else {
            return Ok(false);
        };
        stored.action.state = to;
        stored.action.problem = problem;
        stored.action.finished_at = Some(now);
        let is_done = to == RunState::Done;
        let file = if is_done { stored.action.file } else { stored.action.file.take() };
        if let Some(file) = file.filter(|_| !is_done) {
            rows.files.remove(&file);
        }
        let cancelled = TrailEvent::action_cancelled(&stored.action);
        if let Some((event, actor)) = cancelled.zip(by) {
            rows.record(event, actor, now);
        }
        state.jobs.remove(org, Job::RunAction(id));
        if file.is_some() && is_done {
            state.jobs.push(org, Job::EraseFile(id), now + Action::FILE_RETENTION, &self.ids());
        }
        Ok(true)
    }
}
