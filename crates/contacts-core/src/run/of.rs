//! The shared part of each kind of run.

use super::{Progress, Run, RunId, RunKind};
use crate::action::Action;
use crate::erasure::Erasure;
use crate::import::{DryRun, Import};
use crate::sync::SyncRun;
use crate::undo::Undo;

impl From<&Import> for Run {
    fn from(import: &Import) -> Self {
        let total = import.analysis.as_ref().map(|analysis| analysis.rows);
        let progress = match import.retried_rows.filter(|_| import.state.is_applying()) {
            Some(rows) => {
                let done = rows.saturating_sub(import.corrected_rows);
                Progress { done, total: Some(rows), done_before: 0 }
            }
            None => Progress { done: import.tally.rows(), total, done_before: 0 },
        };
        Self {
            id: RunId(import.id.0),
            kind: RunKind::Import,
            subject_id: import.id.0,
            state: import.state.run_state(),
            progress,
            problem: import.problem.clone(),
            actor: Some(import.actor),
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

impl From<&DryRun> for Run {
    fn from(run: &DryRun) -> Self {
        Self {
            id: RunId(run.id.0),
            kind: RunKind::DryRun,
            subject_id: run.import.0,
            state: run.state,
            progress: Progress { done: run.tally.rows(), total: run.total, done_before: 0 },
            problem: run.problem.clone(),
            actor: run.actor,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

impl From<&Undo> for Run {
    fn from(undo: &Undo) -> Self {
        Self {
            id: RunId(undo.id.0),
            kind: undo.subject.run_kind(),
            subject_id: undo.subject.id(),
            state: undo.state,
            progress: Progress {
                done: undo.chunks_done,
                total: Some(undo.chunks),
                done_before: undo.chunks_done_before,
            },
            problem: undo.problem.clone(),
            actor: Some(undo.actor),
            created_at: undo.created_at,
            started_at: undo.started_at,
            finished_at: undo.finished_at,
        }
    }
}

impl From<&Action> for Run {
    fn from(action: &Action) -> Self {
        Self {
            id: RunId(action.id.0),
            kind: RunKind::from(&action.kind),
            subject_id: action.id.0,
            state: action.state,
            progress: Progress {
                done: action.tally.contacts(),
                total: Some(action.contacts),
                done_before: 0,
            },
            problem: action.problem.clone(),
            actor: Some(action.actor),
            created_at: action.created_at,
            started_at: action.started_at,
            finished_at: action.finished_at,
        }
    }
}

impl From<&Erasure> for Run {
    fn from(erasure: &Erasure) -> Self {
        Self {
            id: RunId(erasure.id.0),
            kind: RunKind::Erasure,
            subject_id: erasure.contact.0,
            state: erasure.state,
            progress: Progress { done: erasure.files, total: None, done_before: 0 },
            problem: None,
            actor: Some(erasure.actor),
            created_at: erasure.created_at,
            started_at: erasure.started_at,
            finished_at: erasure.finished_at,
        }
    }
}

impl From<&SyncRun> for Run {
    fn from(run: &SyncRun) -> Self {
        Self {
            id: RunId(run.id.0),
            kind: RunKind::Sync,
            subject_id: run.source.0,
            state: run.state,
            progress: Progress { done: run.tally.rows(), total: None, done_before: 0 },
            problem: run.problem.clone(),
            actor: run.actor,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}
