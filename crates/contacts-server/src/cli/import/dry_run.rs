//! `contacts import FILE --dry-run`: shows what an import would do, and changes nothing.

use std::time::Duration;

use contacts_core::Actor;
use contacts_core::import::{
    DryOutcome, DryRowFilter, DryRun, Import as Run, ImportService, Issue, IssueCode, SkipCode,
};
use contacts_core::run::RunState;

use super::follow::interrupted;
use super::summary;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Rows that are read at once in search of issues.
const PAGE_ROWS: usize = 1_000;

/// Runs a dry run to its end, and returns it with the first issues.
pub(super) fn rehearse(
    imports: &ImportService,
    ready: &Run,
    stop: &Stop,
) -> Done<(DryRun, Vec<Issue>)> {
    imports.begin_dry_run(ready.org, ready.id, Actor::System)?;
    loop {
        let run = imports.dry_run(ready.org, ready.id)?;
        match run.state {
            state if state.is_open() => {
                if stop.wait_for(Duration::from_millis(50)) {
                    return Err(interrupted());
                }
            }
            RunState::Done => {
                let issues = issues(imports, ready, &run)?;
                return Ok((run, issues));
            }
            _ => {
                let problem = run.problem.unwrap_or_else(|| "the dry run was cancelled".to_owned());
                return Err(Failure::new(problem));
            }
        }
    }
}

fn issues(imports: &ImportService, ready: &Run, run: &DryRun) -> Done<Vec<Issue>> {
    let unchanged = run.tally.skipped.get(&SkipCode::Unchanged).copied().unwrap_or_default();
    let sections =
        (run.tally.skips() - unchanged + run.tally.warnings).min(summary::MAX_ISSUES as u64 + 1);
    let mut issues = Vec::new();
    let mut after = 0;
    while (issues.len() as u64) < sections {
        let rows =
            imports.dry_rows(ready.org, ready.id, &DryRowFilter::default(), after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.row;
        for row in rows {
            let issue = |code, reason| Issue { row: row.row, line: row.line, code, reason };
            match row.outcome {
                DryOutcome::Skipped { code: SkipCode::Unchanged, .. } => {}
                DryOutcome::Skipped { code, reason } => {
                    issues.push(issue(IssueCode::Skip(code), reason));
                }
                _ => issues.extend(row.warnings.into_iter().map(|w| issue(IssueCode::Warning, w))),
            }
        }
    }
    Ok(issues)
}
