//! The use cases of imports: upload, analyse, confirm, run (R30 to R36).

use std::collections::VecDeque;
use std::sync::Arc;

use time::Duration;

use super::correction::stored_layout;
use super::{
    Analysis, Applied, Chunk, Chunks, ColumnFormat, ColumnRule, DryRunRepository, FileState,
    Import, ImportId, ImportRepository, ImportState, Inspection, Issue, LayoutChoice, NewPlan,
    RowReader, SkippedRows, Spreadsheets, Survey, TableProblem, Tally, Target, Upload,
};
use crate::answer::without_claim;
use crate::field::FieldRepository;
use crate::file::{FileId, FileStore};
use crate::job::{ChunkPace, Interrupt, Outcome};
use crate::org::OrganisationRepository;
use crate::run::RunState;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result, text};

/// The use cases of imports.
#[derive(Clone)]
pub struct ImportService {
    pub(super) imports: Arc<dyn ImportRepository>,
    pub(super) dry_runs: Arc<dyn DryRunRepository>,
    pub(super) files: Arc<dyn FileStore>,
    pub(super) spreadsheets: Arc<dyn Spreadsheets>,
    pub(super) fields: Arc<dyn FieldRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
}

impl ImportService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            imports: ports.imports.clone(),
            dry_runs: ports.dry_runs.clone(),
            files: ports.files.clone(),
            spreadsheets: ports.spreadsheets.clone(),
            fields: ports.fields.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Creates an import, whose file is then pushed into the upload.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `file_name`.
    pub fn begin(&self, org: OrgId, file_name: &str, actor: Actor, limit: u64) -> Result<Upload> {
        let file_name = text::nfc(text::trim(file_name));
        if file_name.is_empty()
            || file_name.chars().count() > 255
            || file_name.chars().any(char::is_control)
        {
            let reason = "must have 1 to 255 characters without control characters";
            return Err(Invalid::one("file_name", reason).into());
        }
        let import = Import {
            org,
            id: ImportId(self.ids.next()),
            file: FileId(self.ids.next()),
            file_state: FileState::Kept,
            file_name,
            layout: LayoutChoice::default(),
            bytes: 0,
            actor,
            state: ImportState::Uploading,
            problem: None,
            analysis: None,
            plan: None,
            tally: Tally::default(),
            corrected_rows: 0,
            retried_rows: None,
            created_at: self.clock.now(),
            started_at: None,
            finished_at: None,
        };
        // The request is carried out at the end of the upload.
        without_claim(|| self.imports.insert(&import))?;
        Ok(Upload {
            stored_at: import.created_at,
            import,
            files: self.files.clone(),
            imports: self.imports.clone(),
            clock: self.clock.clone(),
            limit,
            chunks: 0,
            buffer: Vec::with_capacity(Upload::CHUNK),
        })
    }

    /// Finds an import.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: ImportId) -> Result<Import> {
        self.imports.get(org, id)?.ok_or(Error::NotFound("import"))
    }

    /// Lists imports, the newest first; only those older than `before`, when it is given.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.imports.list(org, before, limit)
    }

    /// Changes the plan of an import.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is not ready; [`Error::Invalid`] naming
    /// `columns`, `formats` or `rules` when they do not fit the file.
    pub fn replan(&self, org: OrgId, id: ImportId, new: NewPlan) -> Result<Import> {
        let import = self.get(org, id)?;
        let (Some(analysis), ImportState::Ready) = (&import.analysis, import.state) else {
            return Err(not_ready(&import));
        };
        if let Some(columns) = &new.columns {
            self.check_columns(org, columns, analysis.layout.header.len())?;
        }
        if let Some(formats) = &new.formats {
            ColumnFormat::check_all(formats, analysis.layout.header.len())?;
        }
        if let Some(rules) = &new.rules {
            ColumnRule::check_all(rules, analysis.layout.header.len())?;
        }
        let new = if new.uses_suggestions { new.over_suggestions(analysis) } else { new };
        let (changed, import) = (self.imports.replan(org, id, &new)?, self.get(org, id)?);
        if changed { Ok(import) } else { Err(not_ready(&import)) }
    }

    /// Starts applying the rows.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is not ready; [`Error::Invalid`] naming
    /// what the mapping lacks.
    pub fn start(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<Import> {
        let started = self.imports.start(org, id, actor, self.clock.now())?;
        let import = self.get(org, id)?;
        if started { Ok(import) } else { Err(not_ready(&import)) }
    }

    /// Cancels an import. Rows that were applied stay, and the summary counts them.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has ended.
    pub fn cancel(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<Import> {
        self.get(org, id)?;
        let now = self.clock.now();
        let cancelled = self.imports.end(org, id, RunState::Cancelled, None, actor, now)?;
        let import = self.get(org, id)?;
        if cancelled {
            return Ok(import);
        }
        let state = import.state.as_str();
        Err(Error::Conflict(format!("the import cannot be cancelled: it is {state}")))
    }

    /// Lists skipped rows and lost cells after a row.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn issues(&self, org: OrgId, id: ImportId, after: u64, limit: usize) -> Result<Vec<Issue>> {
        self.get(org, id)?;
        self.imports.issues(org, id, after, limit)
    }

    /// Writes the skipped rows as a CSV file, line by line.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the file was not analysed yet, or was
    /// deleted.
    pub fn skipped_rows(&self, org: OrgId, id: ImportId) -> Result<SkippedRows> {
        let import = self.get(org, id)?;
        let layout = stored_layout(&import)?;
        Ok(SkippedRows {
            header: Some(layout.header.clone()),
            rows: self.corrected_rows(&import, layout)?,
            read: 0,
            issues: VecDeque::new(),
            noted: 0,
            imports: self.imports.clone(),
            spreadsheets: self.spreadsheets.clone(),
            import,
        })
    }

    /// Runs the job that analyses a file. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn analyse(&self, org: OrgId, id: ImportId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let Some(import) = self.imports.get(org, id)? else { return Ok(Outcome::Done) };
        if import.state != ImportState::Analysing {
            return Ok(Outcome::Done);
        }
        let found = match self.inspect(&import, interrupt)? {
            Ok(None) => return Ok(Outcome::Again),
            Ok(Some(analysis)) => {
                let plan = self.suggested_plan(&import, &analysis)?;
                Ok((analysis, plan))
            }
            Err(problem) => Err(problem.to_string()),
        };
        self.imports.analysed(&import, &found, self.clock.now())?;
        Ok(Outcome::Done)
    }

    /// The chunks that were not applied yet; nothing when the import is not running.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn chunks(&self, org: OrgId, id: ImportId) -> Result<Option<(Import, Chunks)>> {
        let Some(import) = self.imports.get(org, id)? else { return Ok(None) };
        if !import.state.is_applying() {
            return Ok(None);
        }
        let chunks = match import.is_retrying() {
            true => self.corrected_chunks(&import)?,
            false => self.chunks_after(&import, import.tally.rows())?,
        };
        Ok(chunks.map(|chunks| (import, chunks)))
    }

    /// The chunks after `rows_read` rows; nothing without a plan.
    pub(super) fn chunks_after(&self, import: &Import, rows_read: u64) -> Result<Option<Chunks>> {
        let (Some(analysis), Some(reader)) = (&import.analysis, self.reader_of(import)?) else {
            return Ok(None);
        };
        let rows = self.corrected_rows(import, &analysis.layout)?;
        Chunks::after(rows_read, rows, reader, self.ids.clone()).map(Some)
    }

    /// Returns the reader of the rows of an import; nothing without a plan.
    pub(super) fn reader_of(&self, import: &Import) -> Result<Option<RowReader>> {
        let (org, (Some(analysis), Some(plan))) = (import.org, (&import.analysis, &import.plan))
        else {
            return Ok(None);
        };
        let region = self.organisations.get(org)?.and_then(|organisation| organisation.region);
        let reader = RowReader::new(plan, &self.fields.list(org)?, region);
        Ok(Some(reader.with_reading(&analysis.reading)))
    }

    /// Applies chunks until none is left, or the job must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn take(
        &self,
        import: &Import,
        chunks: impl Iterator<Item = Result<Chunk>>,
        interrupt: &dyn Interrupt,
    ) -> Result<Outcome> {
        let mut pace = ChunkPace::new(Chunks::ROWS);
        let mut updated = import.tally.updated;
        for chunk in chunks {
            let mut left = chunk?;
            while !left.rows.is_empty() {
                if !interrupt.may_continue() {
                    return Ok(Outcome::Again);
                }
                let part = left.take_first(pace.next_part(left.rows.len()));
                let started = self.clock.now();
                match self.imports.apply(import, &part, started)? {
                    Applied::Chunk(tally) => {
                        // Nobody else can edit a contact that is added.
                        let locks = std::mem::replace(&mut updated, tally.updated) < tally.updated;
                        let took = if locks { self.clock.now() - started } else { Duration::ZERO };
                        pace.record(part.rows.len(), took.unsigned_abs());
                    }
                    Applied::Stopped(_) => return Ok(Outcome::Done),
                    // Another worker has applied some of the rows: the others are read again.
                    Applied::Superseded if part.is_retry => return Ok(Outcome::Again),
                    Applied::Superseded => {
                        let stored = self.imports.get(import.org, import.id)?;
                        let stored = stored.filter(|import| import.state.is_applying());
                        return superseded(part.after, stored.map(|import| import.tally.rows()));
                    }
                }
            }
        }
        let (actor, now) = (import.actor, self.clock.now());
        self.imports.end(import.org, import.id, RunState::Done, None, actor, now)?;
        Ok(Outcome::Done)
    }

    /// Analyses the file. Returns nothing when the job must end.
    fn inspect(
        &self,
        import: &Import,
        interrupt: &dyn Interrupt,
    ) -> Result<Result<Option<Analysis>, TableProblem>> {
        let file = self.files.open(import.org, import.file)?;
        let inspected = self.spreadsheets.inspect(file, &import.layout);
        let Inspection { layout, samples, sheets } = match inspected.map_err(Error::store)? {
            Ok(inspection) => inspection.repaired(&import.layout),
            Err(problem) => return Ok(Err(problem)),
        };
        let fields = self.fields.list(import.org)?;
        let mut survey = Survey::new(&layout.header, &fields).repairing(&import.layout);
        survey.compare_domains(self.imports.frequent_domains(import.org)?);
        let mut rows = 0;
        for row in self.spreadsheets.rows(self.files.open(import.org, import.file)?, &layout) {
            match row.map_err(TableProblem::of) {
                Ok(row) => survey.add(&row),
                Err(problem) => return problem.map(Err).map_err(Error::store),
            }
            rows += 1;
            if rows % Chunks::ROWS as u64 == 0 && interrupt.must_end() {
                return Ok(Ok(None));
            }
        }
        let suggestions = layout.suggest(&samples, &fields);
        let domains = survey.take_domains();
        let (reading, findings) = survey.finish();
        Ok(Ok(Some(Analysis {
            layout,
            sheets,
            samples,
            rows,
            suggestions,
            reading,
            findings,
            domains,
        })))
    }

    fn check_columns(&self, org: OrgId, columns: &[Option<Target>], header: usize) -> Result<()> {
        if columns.len() != header {
            let reason = format!("must have {header} entries, one for each column of the file");
            return Err(Invalid::one("columns", reason).into());
        }
        let fields = self.fields.list(org)?;
        let is_known = |target: &Target| match target {
            Target::Field(key) => fields.iter().any(|field| field.key == *key && !field.archived),
            _ => true,
        };
        match columns.iter().flatten().find(|target| !is_known(target)) {
            Some(target) => {
                let reason = format!("name a custom field that does not exist: {target}");
                Err(Invalid::one("columns", reason).into())
            }
            None => Ok(()),
        }
    }
}

/// Returns the outcome of a job whose chunk another worker has applied. `counted` is the number of
/// rows that are counted, if the run is still open.
///
/// The other worker may have been frozen inside the transaction of that chunk and have lost its
/// lease: then it stops, and nobody else works on the run. So this job continues after the rows
/// that are counted.
pub(super) fn superseded(after: u64, counted: Option<u64>) -> Result<Outcome> {
    match counted {
        None => Ok(Outcome::Done),
        Some(rows) if rows != after => Ok(Outcome::Again),
        // Nobody has applied the chunk, and every retry would be superseded at the same chunk.
        Some(_) => Err(Error::store("the number of rows read is not that of the tally")),
    }
}

pub(super) fn not_ready(import: &Import) -> Error {
    Error::Conflict(match import.state {
        ImportState::Uploading | ImportState::Analysing => {
            "the import is still being read: wait until it is ready".to_owned()
        }
        state => {
            format!("the import is {}: upload the file again to import it again", state.as_str())
        }
    })
}
