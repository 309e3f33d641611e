//! `contacts import FILE --dry-run`: what it would do, and nothing done.

use std::time::Duration;

use contacts_core::import::{
    DryOutcome, DryRun, DryRunState, Import as Run, ImportService, Issue, SkipCode,
};

use super::follow::interrupted;
use super::summary;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// How many rows are looked through at once for those worth showing.
const BATCH: usize = 1_000;

/// Says what an import would do, and what there is to say of its first rows.
pub(super) fn rehearse(
    imports: &ImportService,
    ready: &Run,
    stop: &Stop,
) -> Done<(DryRun, Vec<Issue>)> {
    imports.begin_dry_run(ready.org, ready.id)?;
    loop {
        let run = imports.dry_run(ready.org, ready.id)?;
        match run.state {
            DryRunState::Running if stop.wait_for(Duration::from_millis(50)) => {
                return Err(interrupted());
            }
            DryRunState::Running => {}
            DryRunState::Done => {
                let issues = issues(imports, ready, &run)?;
                return Ok((run, issues));
            }
            DryRunState::Failed => {
                let problem = run.problem.unwrap_or_else(|| "the dry run failed".to_owned());
                return Err(Failure::new(problem));
            }
        }
    }
}

fn issues(imports: &ImportService, ready: &Run, run: &DryRun) -> Done<Vec<Issue>> {
    let unchanged = run.tally.skipped.get(&SkipCode::Unchanged).copied().unwrap_or_default();
    let wanted =
        (run.tally.skips() - unchanged + run.tally.warnings).min(summary::ISSUES as u64 + 1);
    let mut issues = Vec::new();
    let mut after = 0;
    while (issues.len() as u64) < wanted {
        let rows = imports.dry_rows(ready.org, ready.id, after, BATCH)?;
        let Some(last) = rows.last() else { break };
        after = last.row;
        for row in rows {
            let issue = |code: &str, reason| {
                let code = code.to_owned();
                Issue { row: row.row, line: row.line, code, reason }
            };
            match row.outcome {
                DryOutcome::Skipped { code: SkipCode::Unchanged, .. } => {}
                DryOutcome::Skipped { code, reason } => issues.push(issue(code.as_str(), reason)),
                _ => issues.extend(row.warnings.into_iter().map(|w| issue(Issue::WARNING, w))),
            }
        }
    }
    Ok(issues)
}
