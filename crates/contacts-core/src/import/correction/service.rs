//! The use cases of corrections.

use std::collections::{BTreeMap, BTreeSet};

use super::{CellEdit, RowCells};
use crate::import::service::not_ready;
use crate::import::{
    FileState, Import, ImportId, ImportService, ImportState, Layout, Rows, TableProblem,
};
use crate::run::RunState;
use crate::{Error, Invalid, OrgId, Result};

impl ImportService {
    /// Maximum number of rows whose cells are read at once, and of cells that are corrected at once.
    pub const MAX_CELLS_AT_ONCE: usize = 200;

    /// Returns rows of a file with their cells, in the order of the file. Rows that do not exist are
    /// left out. The file is read up to the last of the rows.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the file was not analysed yet, or was deleted;
    /// [`Error::Invalid`] naming `rows` when there are more than [`Self::MAX_CELLS_AT_ONCE`].
    pub fn cells(&self, org: OrgId, id: ImportId, rows: &[u64]) -> Result<Vec<RowCells>> {
        if rows.len() > Self::MAX_CELLS_AT_ONCE {
            let reason = format!("must be at most {} rows", Self::MAX_CELLS_AT_ONCE);
            return Err(Invalid::one("rows", reason).into());
        }
        let import = self.get(org, id)?;
        let layout = stored_layout(&import)?;
        let mut wanted = rows.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let Some(last) = wanted.last() else { return Ok(Vec::new()) };
        let corrections = self.imports.corrections(org, id)?;
        let file = self.spreadsheets.rows(self.files.open(org, import.file)?, layout);
        let mut found = Vec::with_capacity(wanted.len());
        for (number, row) in (1..=*last).zip(file) {
            let row = match row.map_err(TableProblem::of) {
                Ok(row) => row,
                Err(problem) => return Err(Error::store(problem.map_err(Error::store)?)),
            };
            if wanted.binary_search(&number).is_ok() {
                found.push(corrections.cells_of(number, row, layout.header.len()));
            }
        }
        Ok(found)
    }

    /// Corrects cells of an import that is under review, or of its skipped rows after it is done.
    /// Returns the rows with their cells. A dry run keeps its results, and is marked as outdated.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the import cannot be corrected; [`Error::Invalid`]
    /// naming the cell that the file does not have, or `cells` when there are too many.
    pub fn correct(&self, org: OrgId, id: ImportId, edits: &[CellEdit]) -> Result<Vec<RowCells>> {
        let import = self.get(org, id)?;
        let Some(analysis) = &import.analysis else { return Err(not_ready(&import)) };
        if edits.len() > Self::MAX_CELLS_AT_ONCE {
            let reason = format!("must be at most {} cells", Self::MAX_CELLS_AT_ONCE);
            return Err(Invalid::one("cells", reason).into());
        }
        let columns = analysis.layout.header.len();
        let checked = edits.iter().enumerate().map(|(at, e)| e.check(at, analysis.rows, columns));
        let wrong: Vec<_> = checked.filter_map(Result::err).collect();
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        if !self.imports.correct(org, id, edits)? {
            return Err(not_correctable(&self.get(org, id)?));
        }
        let rows: Vec<_> = edits.iter().map(|edit| edit.row).collect();
        self.cells(org, id, &rows)
    }

    /// Returns the numbers of the rows that begin on lines of the file, by these lines. Lines on which
    /// no row begins are left out.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the file was not analysed yet, or was deleted.
    pub fn rows_of_lines(
        &self,
        org: OrgId,
        id: ImportId,
        lines: impl IntoIterator<Item = u64>,
    ) -> Result<BTreeMap<u64, u64>> {
        let import = self.get(org, id)?;
        let layout = stored_layout(&import)?;
        let wanted: BTreeSet<u64> = lines.into_iter().collect();
        let Some(last) = wanted.last() else { return Ok(BTreeMap::new()) };
        let mut rows = BTreeMap::new();
        let file = self.spreadsheets.rows(self.files.open(org, import.file)?, layout);
        for (number, row) in (1..).zip(file) {
            let line = row.map_err(Error::store)?.line;
            if line > *last {
                break;
            }
            if wanted.contains(&line) {
                rows.insert(line, number);
            }
        }
        Ok(rows)
    }

    /// Opens the rows of the file of an import, with the corrections of their cells.
    pub(in crate::import) fn corrected_rows(
        &self,
        import: &Import,
        layout: &Layout,
    ) -> Result<Rows> {
        let Import { org, id, file, .. } = *import;
        let corrections = self.imports.corrections(org, id)?;
        let rows = self.spreadsheets.rows(self.files.open(org, file)?, layout);
        Ok(corrections.applied_to(rows))
    }
}

/// Returns the error for an import whose cells cannot be corrected.
pub(in crate::import) fn not_correctable(import: &Import) -> Error {
    match import.state {
        ImportState::Run(RunState::Done) if import.file_state == FileState::Kept => {
            Error::Conflict("an undo of the import was started: upload the file again".to_owned())
        }
        _ => not_ready(import),
    }
}

/// Returns the layout of a file that is stored and was analysed.
///
/// # Errors
///
/// [`Error::Conflict`] when the file was not analysed yet, or was deleted.
pub(in crate::import) fn stored_layout(import: &Import) -> Result<&Layout> {
    let deleted = match import.file_state {
        FileState::Kept => None,
        FileState::Erased => Some("for somebody in it was erased"),
        FileState::Expired => Some("30 days after the import's end"),
    };
    if let Some(why) = deleted {
        let comma = if import.file_state == FileState::Erased { "," } else { "" };
        let reason =
            format!("the file was deleted{comma} {why}: the reasons are in the list of issues");
        return Err(Error::Conflict(reason));
    }
    let analysis = import.analysis.as_ref().ok_or_else(|| not_ready(import))?;
    Ok(&analysis.layout)
}
