//! Working with imports: upload, look, confirm, run (R30 to R36).

use std::collections::VecDeque;
use std::sync::Arc;

use super::{
    Analysis, Applied, Chunk, Chunks, DryRunRepository, FileState, Import, ImportId,
    ImportRepository, ImportState, Issue, Plan, Policy, RowReader, SkippedRows, Spreadsheets,
    TableProblem, Tally, Target, Turn, UndoRepository, Upload, read_head, suggest,
};
use crate::field::FieldRepository;
use crate::file::{FileId, FileStore};
use crate::job::Outcome;
use crate::org::OrganisationRepository;
use crate::tag::TagName;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result, text};

/// What to change of a plan; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPlan {
    /// A target for every column, or nothing to skip it.
    pub columns: Option<Vec<Option<Target>>>,
    /// What may happen to contacts.
    pub policy: Option<Policy>,
    /// Tags for everybody in the file.
    pub tags: Option<Vec<TagName>>,
}

/// The use cases of imports.
#[derive(Clone)]
pub struct ImportService {
    /// Where imports are kept.
    pub imports: Arc<dyn ImportRepository>,
    /// Where their dry runs are kept.
    pub dry_runs: Arc<dyn DryRunRepository>,
    /// Where they are undone.
    pub undos: Arc<dyn UndoRepository>,
    /// Where their files are kept.
    pub files: Arc<dyn FileStore>,
    /// What reads them.
    pub spreadsheets: Arc<dyn Spreadsheets>,
    /// The organisation's custom fields.
    pub fields: Arc<dyn FieldRepository>,
    /// The organisations, for their regions.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl ImportService {
    /// Begins an import: its file is to be pushed into the upload.
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
            bytes: 0,
            actor,
            state: ImportState::Uploading,
            problem: None,
            analysis: None,
            plan: None,
            tally: Tally::default(),
            created_at: self.clock.now(),
            started_at: None,
            finished_at: None,
        };
        self.imports.insert(&import)?;
        Ok(Upload {
            import,
            files: self.files.clone(),
            imports: self.imports.clone(),
            clock: self.clock.clone(),
            limit,
            pieces: 0,
            buffer: Vec::with_capacity(Upload::PIECE),
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

    /// Imports, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.imports.list(org, before, limit)
    }

    /// Changes what is to be done with a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is not ready; [`Error::Invalid`] naming
    /// `columns` when they do not fit the file.
    pub fn replan(&self, org: OrgId, id: ImportId, new: NewPlan) -> Result<Import> {
        let import = self.get(org, id)?;
        let (Some(analysis), Some(mut plan), ImportState::Ready) =
            (&import.analysis, import.plan.clone(), import.state)
        else {
            return Err(not_ready(&import));
        };
        if let Some(columns) = new.columns {
            self.check_columns(org, &columns, analysis.layout.header.len())?;
            plan.columns = columns;
        }
        plan.policy = new.policy.unwrap_or(plan.policy);
        plan.tags = new.tags.unwrap_or(plan.tags);
        if self.imports.replan(org, id, &plan)? {
            self.get(org, id)
        } else {
            Err(not_ready(&import))
        }
    }

    /// Starts taking the rows.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is not ready; [`Error::Invalid`] naming
    /// what the mapping lacks.
    pub fn start(&self, org: OrgId, id: ImportId) -> Result<Import> {
        let import = self.get(org, id)?;
        let (Some(plan), ImportState::Ready) = (&import.plan, import.state) else {
            return Err(not_ready(&import));
        };
        plan.check()?;
        let started = self.imports.start(org, id, self.clock.now())?;
        if started { self.get(org, id) } else { Err(not_ready(&import)) }
    }

    /// Stops an import; what was taken stays, and the summary stays true.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is at an end.
    pub fn cancel(&self, org: OrgId, id: ImportId) -> Result<Import> {
        self.get(org, id)?;
        let now = self.clock.now();
        let cancelled = self.imports.end(org, id, ImportState::Cancelled, None, now)?;
        let import = self.get(org, id)?;
        if cancelled {
            return Ok(import);
        }
        let state = import.state.as_str();
        Err(Error::Conflict(format!("the import cannot be cancelled: it is {state}")))
    }

    /// Skipped rows and lost cells after a row.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn issues(&self, org: OrgId, id: ImportId, after: u64, limit: usize) -> Result<Vec<Issue>> {
        self.get(org, id)?;
        self.imports.issues(org, id, after, limit)
    }

    /// The skipped rows as a CSV file, line by line.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the file was not read yet, or is not kept
    /// any more.
    pub fn skipped_rows(&self, org: OrgId, id: ImportId) -> Result<SkippedRows> {
        let import = self.get(org, id)?;
        match import.file_state {
            FileState::Kept => {}
            FileState::Erased => {
                let why = "the file was deleted, for somebody in it was erased: \
                           the reasons are in the list of issues";
                return Err(Error::Conflict(why.to_owned()));
            }
            FileState::Expired => {
                let why = "the file was deleted 30 days after the import's end: \
                           the reasons are in the list of issues";
                return Err(Error::Conflict(why.to_owned()));
            }
        }
        let Some(layout) = import.analysis.as_ref().map(|analysis| &analysis.layout) else {
            return Err(not_ready(&import));
        };
        Ok(SkippedRows {
            header: Some(layout.header.clone()),
            rows: self.spreadsheets.rows(self.files.open(org, import.file)?, layout),
            read: 0,
            issues: VecDeque::new(),
            noted: 0,
            imports: self.imports.clone(),
            spreadsheets: self.spreadsheets.clone(),
            import,
        })
    }

    /// The job of looking at a file. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn analyse(&self, org: OrgId, id: ImportId, turn: &dyn Turn) -> Result<Outcome> {
        let Some(import) = self.imports.get(org, id)? else { return Ok(Outcome::Done) };
        if import.state != ImportState::Analysing {
            return Ok(Outcome::Done);
        }
        let found = match self.look(&import, turn)? {
            Ok(None) => return Ok(Outcome::Again),
            Ok(Some(analysis)) => {
                let columns = analysis.suggestions.iter().map(|s| s.target.clone()).collect();
                Ok((analysis, Plan { columns, policy: Policy::default(), tags: Vec::new() }))
            }
            Err(problem) => Err(problem.to_string()),
        };
        self.imports.analysed(org, id, &found, self.clock.now())?;
        Ok(Outcome::Done)
    }

    /// The chunks that are still to be taken; nothing when the import is not running.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn chunks(&self, org: OrgId, id: ImportId) -> Result<Option<(Import, Chunks)>> {
        let Some(import) = self.imports.get(org, id)? else { return Ok(None) };
        if import.state != ImportState::Running {
            return Ok(None);
        }
        let chunks = self.chunks_after(&import, import.tally.rows())?;
        Ok(chunks.map(|chunks| (import, chunks)))
    }

    /// The chunks of an import after so many rows; nothing without a plan.
    pub(super) fn chunks_after(&self, import: &Import, rows_read: u64) -> Result<Option<Chunks>> {
        let (org, (Some(analysis), Some(plan))) = (import.org, (&import.analysis, &import.plan))
        else {
            return Ok(None);
        };
        let region = self.organisations.get(org)?.and_then(|organisation| organisation.region);
        let reader = RowReader::new(plan, &self.fields.list(org)?, region);
        let rows = self.spreadsheets.rows(self.files.open(org, import.file)?, &analysis.layout);
        Chunks::after(rows_read, rows, reader, self.ids.clone()).map(Some)
    }

    /// Takes chunks until there are no more, or it must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn take(
        &self,
        import: &Import,
        chunks: impl Iterator<Item = Result<Chunk>>,
        turn: &dyn Turn,
    ) -> Result<Outcome> {
        for chunk in chunks {
            if !turn.may_go_on() {
                return Ok(Outcome::Again);
            }
            match self.imports.apply(import, &chunk?, self.clock.now())? {
                Applied::Taken(_) => {}
                Applied::Stopped(_) | Applied::Superseded => return Ok(Outcome::Done),
            }
        }
        self.imports.end(import.org, import.id, ImportState::Done, None, self.clock.now())?;
        Ok(Outcome::Done)
    }

    /// Looks at the file; nothing comes of it when the work must give way.
    fn look(
        &self,
        import: &Import,
        turn: &dyn Turn,
    ) -> Result<Result<Option<Analysis>, TableProblem>> {
        let mut file = self.files.open(import.org, import.file)?;
        let (head, whole) = read_head(&mut file).map_err(Error::store)?;
        let inspection = match self.spreadsheets.inspect(&head, whole) {
            Ok(inspection) => inspection,
            Err(problem) => return Ok(Err(problem)),
        };
        drop(head);
        let layout = inspection.layout;
        let mut rows = 0;
        for row in self.spreadsheets.rows(self.files.open(import.org, import.file)?, &layout) {
            row.map_err(Error::store)?;
            rows += 1;
            if rows % Chunks::ROWS as u64 == 0 && turn.must_end() {
                return Ok(Ok(None));
            }
        }
        let fields = self.fields.list(import.org)?;
        let suggestions = suggest(&layout.header, &inspection.samples, &fields);
        Ok(Ok(Some(Analysis { layout, samples: inspection.samples, rows, suggestions })))
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
                let reason = format!("name no custom field of this organisation: {target}");
                Err(Invalid::one("columns", reason).into())
            }
            None => Ok(()),
        }
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
