//! `contacts inspect`: shows what an import into an empty organisation would do.

mod inspected;
mod view;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use contacts_core::import::{LayoutChoice, Row, Spreadsheets};
use contacts_import::TableFiles;

use self::inspected::InspectedFile;
pub(super) use self::inspected::{cannot_start, unreadable, unusable};
use self::view::InspectView;
use super::layout::LayoutArgs;
use super::show::{self, Found};
use super::{import, out};
use crate::report::{Done, Failure};

/// Arguments of `contacts inspect`.
#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// The file to inspect
    file: PathBuf,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the header and the decoded records, one JSON array a line
    #[arg(long, conflicts_with = "json")]
    rows: bool,
}

/// Inspects a file.
pub(super) fn inspect(args: &Inspect) -> Done {
    let choice = args.layout.choice()?;
    if args.rows {
        return print_rows(&args.file, &choice);
    }
    let found = InspectedFile::at(&args.file, &choice);
    let effect = match &found {
        Ok(inspected) => inspected.effect(&args.file),
        Err(problem) => Err(problem.clone()),
    };
    let found = found.ok();
    if args.json {
        let sheets = inspected::sheets(&args.file, &choice);
        let view = InspectView::new(found.as_ref(), sheets, &effect);
        out::print_line(
            serde_json::to_string(&view).map_err(|error| Failure::output(&error.into()))?,
        )?;
        return effect.map(drop).map_err(|_printed| Failure::silent(1));
    }
    if let Some(inspected) = &found {
        print_found(&args.file, inspected)?;
    }
    let preview = effect.map_err(Failure::new)?;
    out::print_line("An import into an empty organisation would do this:")?;
    let issues = preview.issues.iter();
    import::summary::lines(&preview.tally, issues).iter().try_for_each(out::print_line)
}

fn print_found(file: &Path, inspected: &InspectedFile) -> Done {
    let found =
        Found { name: &file.to_string_lossy(), analysis: &inspected.0, plan: &inspected.plan() };
    found.lines().iter().chain(&found.warnings()).try_for_each(out::print_line)
}

/// Prints the rows. A file without a header is decoded, too: its rows are all there is.
fn print_rows(file: &Path, choice: &LayoutChoice) -> Done {
    let layout = inspected::layout(file, choice).map_err(Failure::new)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut print = |cells: &[String]| {
        serde_json::to_writer(&mut out, cells)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
            .map_err(|error| Failure::output(&error))
    };
    if layout.has_header {
        print(&layout.header)?;
    }
    let source = inspected::open(file).map_err(Failure::new)?;
    for row in TableFiles.rows(Box::new(source), &layout) {
        let Row { line, cells } =
            row.map_err(|error| Failure::new(inspected::unreadable(file, &error)))?;
        match cells {
            Ok(cells) => print(&cells)?,
            Err(reason) => out::print_warning(&format!(
                "line {line} is skipped: {}",
                show::plain(&reason.to_string())
            )),
        }
    }
    out.flush().map_err(|error| Failure::output(&error))
}

#[cfg(test)]
mod tests {
    use contacts_core::import::Preview;

    use super::*;

    fn effect_of(text: &str) -> Result<Preview, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("people.csv");
        std::fs::write(&file, text).unwrap();
        InspectedFile::at(&file, &LayoutChoice::default())?.effect(&file)
    }

    #[test]
    fn a_repeated_address_is_an_add_and_then_unchanged() {
        let effect = effect_of("name,email\nAnn,a@example.org\nAnn,a@example.org\n").unwrap();
        let tally = effect.tally;
        assert_eq!((tally.added, tally.updated, tally.skips()), (1, 0, 1));
    }

    #[test]
    fn rows_of_one_address_are_imported_in_order_and_every_row_is_counted() {
        let rows: String =
            (0..3_000).map(|at| format!("N{},a{}@example.org\n", at / 2_000, at % 1_000)).collect();
        let effect = effect_of(&format!("name,email\n{rows}Ann,nobody\n")).unwrap();
        let tally = effect.tally;
        assert_eq!((tally.added, tally.updated, tally.skips()), (1_000, 1_000, 1_001));
        assert!(effect.issues.is_sorted_by_key(|issue| issue.row));
    }

    #[test]
    fn a_plan_that_cannot_start_names_what_is_missing() {
        let problem = effect_of("name,town\nAnn,Berlin\n").unwrap_err();
        assert!(problem.contains("no column is mapped to email"), "{problem}");
        assert!(effect_of("").unwrap_err().starts_with("the file is empty: "));
    }
}
