//! Corrected rows that come back into the import that skipped them (R58).

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::correction::{not_correctable, stored_layout};
use super::suggest::header_key;
use super::{
    CellEdit, Chunks, Corrections, HeaderRow, Import, ImportId, ImportService, LayoutChoice, Row,
    SkippedRows, TableProblem,
};
use crate::file::FileContent;
use crate::text;
use crate::{Actor, Error, Invalid, OrgId, Result};

/// Opens the corrected file of skipped rows for reading from its beginning.
pub type OpenCorrected<'a> = dyn Fn() -> io::Result<Box<dyn FileContent>> + 'a;

/// Maximum number of issues that are read at once.
const BATCH: usize = 1_000;

impl ImportService {
    /// Imports the skipped rows that were corrected since the import was done.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the import is not done, its file was deleted, or
    /// no skipped row was corrected.
    pub fn retry(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<Import> {
        stored_layout(&self.get(org, id)?)?;
        self.retry_with(org, id, &[], actor)
    }

    /// Corrects the skipped rows of an import by the corrected file of these rows, and imports them:
    /// all of it or nothing. Its first column names the lines of the rows; rows that are missing in
    /// the file stay skipped.
    ///
    /// # Errors
    ///
    /// Those of [`Self::retry`]; [`Error::Invalid`] naming `file` when it is not such a file, or
    /// has no corrections.
    pub fn retry_from_file(
        &self,
        org: OrgId,
        id: ImportId,
        open: &OpenCorrected<'_>,
        actor: Actor,
    ) -> Result<Import> {
        let import = self.get(org, id)?;
        let edits = self.corrections_of(&import, self.read_corrected(&import, open)?)?;
        if edits.is_empty() {
            return Err(wrong_file(
                "has no corrections: change the cells of the skipped rows first",
            ));
        }
        self.retry_with(org, id, &edits, actor)
    }

    fn retry_with(
        &self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
        actor: Actor,
    ) -> Result<Import> {
        let retried = self.imports.retry(org, id, edits, actor, self.clock.now())?;
        let import = self.get(org, id)?;
        match retried {
            true => Ok(import),
            false if import.state.is_end() && import.corrected_rows == 0 && edits.is_empty() => {
                let reason = "no skipped row was corrected: correct the cells of one first";
                Err(Error::Conflict(reason.to_owned()))
            }
            false => Err(not_correctable(&import)),
        }
    }

    /// Returns the chunks of the corrected rows that wait; nothing without a plan.
    pub(super) fn corrected_chunks(&self, import: &Import) -> Result<Option<Chunks>> {
        let (Some(analysis), Some(reader)) = (&import.analysis, self.reader_of(import)?) else {
            return Ok(None);
        };
        let numbers = self.imports.corrected_rows(import.org, import.id)?;
        let rows = match numbers.is_empty() {
            // The file may have been deleted with its corrections.
            true => Box::new(std::iter::empty()),
            false => self.corrected_rows(import, &analysis.layout)?,
        };
        Ok(Some(Chunks::only(numbers, rows, reader, self.ids.clone())))
    }

    /// Reads the cells of a corrected file, by the lines of the imported file that it names.
    fn read_corrected(
        &self,
        import: &Import,
        open: &OpenCorrected<'_>,
    ) -> Result<BTreeMap<u64, Vec<String>>> {
        let header = &stored_layout(import)?.header;
        let choice = LayoutChoice { header: Some(HeaderRow::Line(1)), ..LayoutChoice::default() };
        let file = || open().map_err(Error::store);
        let inspected = self.spreadsheets.inspect(file()?, &choice).map_err(Error::store)?;
        let layout = inspected
            .map_err(|problem| wrong_file(&format!("cannot be imported: {problem}")))?
            .layout;
        let key = |name: &String| header_key(name);
        let is_ours = layout.header.first().is_some_and(|name| key(name) == SkippedRows::REASON)
            && layout.header[1..].iter().map(key).eq(header.iter().map(key));
        if !is_ours {
            return Err(wrong_file(
                "must have the columns of the skipped rows of this import, with the reasons in the first one",
            ));
        }
        let mut corrected = BTreeMap::new();
        for row in self.spreadsheets.rows(file()?, &layout) {
            let Row { line, cells } = match row.map_err(TableProblem::of) {
                Ok(row) => row,
                Err(problem) => {
                    let problem = problem.map_err(Error::store)?;
                    return Err(wrong_file(&format!("cannot be imported: {problem}")));
                }
            };
            let mut cells = cells.map_err(|reason| {
                wrong_file(&format!("cannot be read on line {line}: {reason}"))
            })?;
            let reason = if cells.is_empty() { String::new() } else { cells.remove(0) };
            let named = SkippedRows::line_of(text::trim(&reason)).ok_or_else(|| {
                wrong_file(&format!("has no line number in the first column on line {line}"))
            })?;
            if corrected.insert(named, cells).is_some() {
                return Err(wrong_file(&format!("has line {named} twice")));
            }
        }
        Ok(corrected)
    }

    /// Returns the cells of skipped rows that differ in a corrected file.
    fn corrections_of(
        &self,
        import: &Import,
        corrected: BTreeMap<u64, Vec<String>>,
    ) -> Result<Vec<CellEdit>> {
        let layout = stored_layout(import)?;
        let mut wanted: HashMap<u64, Vec<String>> = HashMap::new();
        let rows_of_lines = self.skipped_lines(import)?;
        for (line, cells) in corrected {
            let row = rows_of_lines.get(&line).ok_or_else(|| {
                wrong_file(&format!("names line {line}, which this import has not skipped"))
            })?;
            wanted.insert(*row, cells);
        }
        let mut edits = Vec::new();
        for (number, row) in (1..).zip(self.corrected_rows(import, layout)?) {
            if wanted.is_empty() {
                break;
            }
            let row = row.map_err(Error::store)?;
            let (Some(cells), Ok(old)) = (wanted.remove(&number), row.cells) else { continue };
            let line = row.line;
            for column in 0..layout.header.len() {
                let of = |cells: &[String]| cells.get(column).cloned().unwrap_or_default();
                let (old, new) = (of(&old), of(&cells));
                if text::trim(&old) == text::trim(&new) {
                    continue;
                }
                if new.chars().count() > Corrections::MAX_TEXT || new.contains('\0') {
                    let max = Corrections::MAX_TEXT;
                    return Err(wrong_file(&format!(
                        "has a cell of more than {max} characters in the row of line {line}"
                    )));
                }
                edits.push(CellEdit { row: number, column, text: Some(new) });
            }
        }
        Ok(edits)
    }

    /// Returns the rows that the import has skipped, by their lines.
    fn skipped_lines(&self, import: &Import) -> Result<HashMap<u64, u64>> {
        let (mut rows, mut after) = (HashMap::new(), 0);
        loop {
            let issues = self.imports.issues(import.org, import.id, after, BATCH)?;
            let Some(last) = issues.last() else { return Ok(rows) };
            after = last.row;
            rows.extend(issues.iter().filter(|i| i.is_skip()).map(|i| (i.line, i.row)));
        }
    }
}

fn wrong_file(reason: &str) -> Error {
    Invalid::one("file", reason).into()
}
