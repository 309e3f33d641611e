//! Analyses a file without a database.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use contacts_core::Error;
use contacts_core::import::{
    Analysis, HeaderRow, Inspection, Layout, LayoutChoice, Plan, Preview, RowReader, Rows,
    ScratchFile, Spreadsheets, Survey, TableProblem, preview,
};
use contacts_import::TableFiles;

/// A file that was analysed.
pub(super) struct InspectedFile(pub(super) Analysis);

impl InspectedFile {
    /// Finds the layout, counts the rows and suggests a mapping. The error is a sentence.
    pub(super) fn at(file: &Path, choice: &LayoutChoice) -> Result<Self, String> {
        let failure = |error: io::Error| unreadable(file, &error);
        let inspected = inspection(file, choice)?;
        let Inspection { layout, samples, sheets } =
            inspected.map_err(|problem| unusable(&problem))?.repaired(choice);
        let mut survey = Survey::new(&layout.header, &[]).repairing(choice);
        let mut rows = 0;
        for row in TableFiles.rows(Box::new(open(file)?), &layout) {
            survey.add(&row.map_err(failure)?);
            rows += 1;
        }
        let suggestions = layout.suggest(&samples, &[]);
        let domains = survey.take_domains();
        let (reading, findings) = survey.finish();
        Ok(Self(Analysis {
            layout,
            sheets,
            samples,
            rows,
            suggestions,
            reading,
            findings,
            domains,
        }))
    }

    /// Returns what an import by the suggestions and the default policy would do. The error is a
    /// sentence.
    pub(super) fn effect(&self, file: &Path) -> Result<Preview, String> {
        let plan = self.plan();
        plan.check().map_err(|error| cannot_start(&error))?;
        let reader = RowReader::new(&plan, &[], None).with_reading(&self.0.reading);
        let rows = || -> io::Result<Rows> {
            Ok(TableFiles.rows(Box::new(File::open(file)?), &self.0.layout))
        };
        let scratch = || tempfile::tempfile().map(|file| Box::new(file) as Box<dyn ScratchFile>);
        preview(&rows, &reader, plan.policy, &scratch).map_err(|error| unreadable(file, &error))
    }

    pub(super) fn plan(&self) -> Plan {
        let columns = self.0.suggestions.iter().map(|s| s.target.clone()).collect();
        Plan { columns, ..Plan::default() }
    }
}

fn inspection(
    file: &Path,
    choice: &LayoutChoice,
) -> Result<Result<Inspection, TableProblem>, String> {
    let failure = |error: io::Error| unreadable(file, &error);
    let found = fs::metadata(file).map_err(failure)?;
    if !found.is_file() {
        return Err(format!("{} is not a file: choose a file with a table", file.display()));
    }
    TableFiles.inspect(Box::new(open(file)?), choice).map_err(failure)
}

/// Finds the layout of a file; of one that has no header row, the layout without a header.
pub(super) fn layout(file: &Path, choice: &LayoutChoice) -> Result<Layout, String> {
    let mut inspected = inspection(file, choice)?;
    if inspected == Err(TableProblem::NoHeader) {
        let headless = LayoutChoice { header: Some(HeaderRow::Absent), ..choice.clone() };
        inspected = inspection(file, &headless)?;
    }
    inspected.map(|found| found.layout).map_err(|problem| unusable(&problem))
}

/// A sentence that says why an import cannot start.
pub(in crate::cli) fn cannot_start(error: &Error) -> String {
    match error {
        Error::Invalid(parts) => {
            let reasons: Vec<_> = parts.iter().map(|part| part.reason.as_str()).collect();
            format!(
                "the columns {}: rename a column in the header row, or map it with --map COLUMN=TARGET",
                reasons.join(", and ")
            )
        }
        other => other.to_string(),
    }
}

pub(super) fn open(file: &Path) -> Result<File, String> {
    File::open(file).map_err(|error| unreadable(file, &error))
}

/// A sentence that says why a file cannot be read.
pub(in crate::cli) fn unreadable(file: &Path, error: &io::Error) -> String {
    if let Some(problem) = error.get_ref().and_then(|inner| inner.downcast_ref::<TableProblem>()) {
        return problem.to_string();
    }
    let file = file.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("{file} does not exist: check the name of the file"),
        io::ErrorKind::PermissionDenied => {
            format!("this user may not read {file}: change the permissions of the file")
        }
        io::ErrorKind::IsADirectory => format!("{file} is a folder: choose a file with a table"),
        _ => format!("{file} cannot be read: check its disk"),
    }
}

/// Returns the names of the sheets of a workbook, also of one that cannot be imported.
pub(super) fn sheets(file: &Path, choice: &LayoutChoice) -> Vec<String> {
    let outline = open(file).ok().and_then(|file| TableFiles.outline(Box::new(file), choice).ok());
    outline.unwrap_or_default().sheets.into_iter().map(|sheet| sheet.name).collect()
}

/// A sentence that says why a file cannot be imported, with the argument that may help.
pub(in crate::cli) fn unusable(problem: &TableProblem) -> String {
    match problem {
        TableProblem::NoHeader => {
            format!("{problem} (--no-header), or give its line (--header-row)")
        }
        _ => problem.to_string(),
    }
}
