//! Runs of every kind in memory.

use std::cmp::Reverse;

use contacts_core::run::{Run, RunFilter, RunId, RunRepository};
use contacts_core::{OrgId, Result};

use crate::World;
use crate::memory::dry_runs::StoredDryRun;
use crate::memory::undos::StoredUndo;
use crate::world::Rows;

impl Rows {
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        let imports = self.imports.values().flat_map(|stored| {
            let dry = stored.dry.as_ref().map(StoredDryRun::as_run);
            [Some(Run::from(&stored.import)), dry]
        });
        let syncs = self.sources.values().flat_map(|stored| stored.runs());
        imports
            .flatten()
            .chain(self.actions.values().map(|stored| Run::from(&stored.action)))
            .chain(self.undos.values().map(StoredUndo::as_run))
            .chain(self.erasures.values().map(|kept| Run::from(&kept.erasure)))
            .chain(syncs.map(Run::from))
    }
}

impl RunRepository for World {
    fn find(&self, org: OrgId, id: RunId) -> Result<Option<Run>> {
        self.read(org, |rows| Ok(rows.runs().find(|run| run.id == id)))
    }

    fn list(
        &self,
        org: OrgId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<Run>> {
        self.read(org, |rows| {
            let is_listed = |run: &Run| {
                filter.kinds.contains(&run.kind)
                    && (run.state.is_open() || !filter.only_open)
                    && before.is_none_or(|before| run.id < before)
            };
            let mut runs: Vec<_> = rows.runs().filter(is_listed).collect();
            runs.sort_by_key(|run| Reverse(run.id));
            runs.truncate(limit);
            Ok(runs)
        })
    }
}
