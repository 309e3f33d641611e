//! Corrections of cells on the command line (R58).

use std::collections::BTreeMap;

use contacts_core::import::{CellEdit, Import, ImportService};

use super::mapping::find;
use crate::cli::show::plain;
use crate::report::{Done, Failure};

/// One `--correct LINE:COLUMN=VALUE`.
pub(super) struct CellCorrection {
    line: u64,
    column: String,
    text: String,
}

impl CellCorrection {
    /// Parses a correction. The name of the column ends at the first `=`; one that contains `=` is
    /// given by its number.
    pub(super) fn parse(text: &str) -> Done<Self> {
        let parts = text.split_once(':').and_then(|(line, rest)| {
            let (column, value) = rest.split_once('=')?;
            Some((line.trim().parse().ok()?, column.trim().to_owned(), value.to_owned()))
        });
        let (line, column, text) = parts.ok_or_else(|| {
            Failure::usage(format!(
                "--correct {} cannot be read: write --correct LINE:COLUMN=VALUE, as in \
                 7:Email=ann@example.org",
                plain(text)
            ))
        })?;
        Ok(Self { line, column, text })
    }
}

/// Corrects the cells of an import that is ready.
pub(super) fn apply(
    imports: &ImportService,
    ready: &Import,
    corrections: &[CellCorrection],
    header: &[String],
) -> Done {
    if corrections.is_empty() {
        return Ok(());
    }
    let lines = corrections.iter().map(|correction| correction.line);
    let rows: BTreeMap<u64, u64> = imports.rows_of_lines(ready.org, ready.id, lines)?;
    let edit = |CellCorrection { line, column, text }: &CellCorrection| {
        let row = *rows.get(line).ok_or_else(|| {
            Failure::usage(format!("no row of the file begins on line {line}: see --correct"))
        })?;
        Ok(CellEdit { row, column: find(column, header)?, text: Some(text.clone()) })
    };
    let edits = corrections.iter().map(edit).collect::<Done<Vec<_>>>()?;
    for edits in edits.chunks(ImportService::MAX_CELLS_AT_ONCE) {
        imports.correct(ready.org, ready.id, edits)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_names_line_column_and_value() {
        let parsed = CellCorrection::parse("7: E-mail =a=b@x.org").unwrap();
        assert_eq!((parsed.line, &*parsed.column, &*parsed.text), (7, "E-mail", "a=b@x.org"));
        assert_eq!(CellCorrection::parse("7:#2=").unwrap().text, "");
        for wrong in ["7=x", "Email=x", "x:Email=y", "7:Email"] {
            let refused = CellCorrection::parse(wrong).map(|_| ()).unwrap_err();
            assert!(refused.to_string().contains("LINE:COLUMN=VALUE"), "{wrong}");
        }
    }
}
