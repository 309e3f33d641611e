//! Mappings of columns on the command line.

use contacts_core::import::Target;

use crate::cli::show::plain;
use crate::report::{Done, Failure};

/// One `--map COLUMN=TARGET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ColumnMapping {
    column: String,
    target: Option<Target>,
}

impl ColumnMapping {
    /// Parses a mapping. A column's name may contain `=`, a target does not.
    pub(in crate::cli) fn parse(text: &str) -> Done<Self> {
        let Some((column, target)) = text.rsplit_once('=') else {
            return Err(Failure::usage(format!(
                "--map {} has no target: write --map COLUMN=TARGET",
                plain(text)
            )));
        };
        let target = match target.trim() {
            "skip" => None,
            target => Some(Target::parse(target).ok_or_else(|| {
                Failure::usage(format!(
                    "{} is not a target: use {}, custom:KEY or skip",
                    plain(target),
                    Target::NAMES
                ))
            })?),
        };
        Ok(Self { column: column.trim().to_owned(), target })
    }
}

/// Applies mappings to suggested targets. A target that takes one column is removed from the column
/// for which it was suggested.
pub(in crate::cli) fn apply(
    mappings: &[ColumnMapping],
    header: &[String],
    suggested: &[Option<Target>],
) -> Done<Vec<Option<Target>>> {
    let mut columns = suggested.to_vec();
    let mut fixed = vec![false; columns.len()];
    for ColumnMapping { column, target } in mappings {
        let at = find(column, header)?;
        columns[at].clone_from(target);
        fixed[at] = true;
    }
    for ColumnMapping { target, .. } in mappings {
        for (column, fixed) in columns.iter_mut().zip(&fixed) {
            if !fixed && target.is_some() && column == target && *target != Some(Target::Tags) {
                *column = None;
            }
        }
    }
    Ok(columns)
}

/// Returns the index of a column by its name, or by `#` and its number.
pub(super) fn find(column: &str, header: &[String]) -> Done<usize> {
    if let Some(number) = column.strip_prefix('#').and_then(|number| number.parse::<usize>().ok())
        && (1..=header.len()).contains(&number)
    {
        return Ok(number - 1);
    }
    let exact = positions(header, |name| name == column);
    let same_name = positions(header, |name| name.to_lowercase() == column.to_lowercase());
    match if exact.is_empty() { same_name } else { exact }.as_slice() {
        [at] => Ok(*at),
        [] => Err(Failure::usage(format!(
            "the file has no column {}: it has {}",
            plain(column),
            names(header)
        ))),
        [first, ..] => Err(Failure::usage(format!(
            "the file has several columns {}: name one by its number, such as #{}",
            plain(column),
            first + 1
        ))),
    }
}

fn positions(header: &[String], is_it: impl Fn(&str) -> bool) -> Vec<usize> {
    header.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(at, _)| at).collect()
}

fn names(header: &[String]) -> String {
    const MAX_NAMES: usize = 30;
    let mut names: Vec<_> = header.iter().take(MAX_NAMES).map(|name| plain(name)).collect();
    if header.len() > MAX_NAMES {
        names.push("…".to_owned());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(
        mappings: &[&str],
        header: &[&str],
        suggested: &[Option<Target>],
    ) -> Result<Vec<Option<Target>>, String> {
        let mappings: Vec<_> =
            mappings.iter().map(|text| ColumnMapping::parse(text).unwrap()).collect();
        let header: Vec<_> = header.iter().map(|name| (*name).to_owned()).collect();
        apply(&mappings, &header, suggested).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_mapping_takes_the_target_from_the_suggested_column() {
        let suggested = [Some(Target::Email), None];
        let columns = mapped(&["private=email"], &["Work", "Private"], &suggested).unwrap();
        assert_eq!(columns, [None, Some(Target::Email)]);
    }

    #[test]
    fn tags_take_several_columns() {
        let columns = mapped(&["b=tags"], &["a", "b"], &[Some(Target::Tags), None]).unwrap();
        assert_eq!(columns, [Some(Target::Tags), Some(Target::Tags)]);
    }

    #[test]
    fn a_column_can_be_skipped_and_named_by_its_number() {
        let columns = mapped(&["#2=skip"], &["x", "x"], &[None, Some(Target::Name)]).unwrap();
        assert_eq!(columns, [None, None]);
    }

    #[test]
    fn an_unknown_or_ambiguous_column_is_refused_by_name() {
        let unknown = mapped(&["c=name"], &["a", "b"], &[None, None]).unwrap_err();
        assert_eq!(unknown, "the file has no column c: it has a, b");
        let several = mapped(&["a=name"], &["a", "a"], &[None, None]).unwrap_err();
        assert!(several.ends_with("such as #1"), "{several}");
    }

    #[test]
    fn an_unknown_target_is_refused_by_name() {
        assert!(
            ColumnMapping::parse("a=mail")
                .unwrap_err()
                .to_string()
                .starts_with("mail is not a target: ")
        );
        assert!(ColumnMapping::parse("a").unwrap_err().to_string().contains("COLUMN=TARGET"));
    }
}
