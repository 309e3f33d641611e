//! Rules and formats of columns on the command line (R57, R58).

use contacts_core::import::{
    CellRule, ClearWord, ColumnFormat, ColumnRule, DateOrder, DecimalMark,
};

use super::mapping::find;
use crate::cli::show::plain;
use crate::report::{Done, Failure};

/// The arguments `--rule`, `--clear` and `--format`.
pub(super) struct ColumnArgs {
    rules: Vec<(String, CellRule)>,
    words: Vec<(String, ClearWord)>,
    formats: Vec<(String, Format)>,
}

#[derive(Clone, Copy)]
enum Format {
    Date(DateOrder),
    Number(DecimalMark),
}

impl ColumnArgs {
    pub(super) fn parse(rules: &[String], words: &[String], formats: &[String]) -> Done<Self> {
        Ok(Self {
            rules: parse_all("--rule", rules, |name| {
                CellRule::parse(name).ok_or_else(|| "use overwrite, fill_blanks or add".to_owned())
            })?,
            words: parse_all("--clear", words, ClearWord::parse)?,
            formats: parse_all("--format", formats, |name| match name {
                "comma" => Ok(Format::Number(DecimalMark::Comma)),
                "point" => Ok(Format::Number(DecimalMark::Point)),
                name => DateOrder::ALL
                    .into_iter()
                    .find(|order| order.as_str() == name)
                    .map(Format::Date)
                    .ok_or_else(|| "use day_first, month_first, comma or point".to_owned()),
            })?,
        })
    }

    /// Returns the rules of the plan with those of the arguments; `None` without any.
    pub(super) fn rules(
        &self,
        planned: &[ColumnRule],
        header: &[String],
    ) -> Done<Option<Vec<ColumnRule>>> {
        if self.rules.is_empty() && self.words.is_empty() {
            return Ok(None);
        }
        let mut all = planned.to_vec();
        let of = |all: &mut Vec<ColumnRule>, column| -> usize {
            let known = all.iter().position(|rule| rule.column == column);
            known.unwrap_or_else(|| {
                all.push(ColumnRule { column, ..ColumnRule::default() });
                all.len() - 1
            })
        };
        for (column, rule) in &self.rules {
            let at = of(&mut all, find(column, header)?);
            all[at].rule = Some(*rule);
        }
        for (column, word) in &self.words {
            let at = of(&mut all, find(column, header)?);
            all[at].clear = Some(word.clone());
        }
        Ok(Some(all))
    }

    /// Returns the formats of the plan with those of the arguments; `None` without any.
    pub(super) fn formats(
        &self,
        planned: &[ColumnFormat],
        header: &[String],
    ) -> Done<Option<Vec<ColumnFormat>>> {
        if self.formats.is_empty() {
            return Ok(None);
        }
        let mut all = planned.to_vec();
        for (name, format) in &self.formats {
            let column = find(name, header)?;
            if !all.iter().any(|known| known.column == column) {
                all.push(ColumnFormat { column, ..ColumnFormat::default() });
            }
            for known in all.iter_mut().filter(|known| known.column == column) {
                match format {
                    Format::Date(order) => known.date_order = Some(*order),
                    Format::Number(mark) => known.decimal_mark = Some(*mark),
                }
            }
        }
        Ok(Some(all))
    }
}

/// Parses arguments of the form `COLUMN=VALUE`. The name of a column may contain `=`, a value does
/// not.
fn parse_all<T>(
    argument: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Done<Vec<(String, T)>> {
    let one = |text: &String| {
        let shown = plain(text);
        let Some((column, value)) = text.rsplit_once('=') else {
            return Err(Failure::usage(format!(
                "{argument} {shown} has no value: write {argument} COLUMN=VALUE"
            )));
        };
        let parsed = parse(value.trim());
        let parsed = parsed.map_err(|reason| {
            Failure::usage(format!("{argument} {shown} cannot be used: {reason}"))
        })?;
        Ok((column.trim().to_owned(), parsed))
    };
    texts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(rules: &[&str], words: &[&str], formats: &[&str]) -> Result<ColumnArgs, String> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        ColumnArgs::parse(&own(rules), &own(words), &own(formats)).map_err(|f| f.to_string())
    }

    #[test]
    fn rules_and_words_of_a_column_are_joined() {
        let header = ["Name", "Phone"].map(str::to_owned);
        let args = args(&["phone=fill_blanks", "#1=overwrite"], &["Phone=NULL"], &[]).unwrap();
        let rules = args.rules(&[], &header).unwrap().unwrap();
        let word = ClearWord::parse("null").unwrap();
        let phone = ColumnRule { column: 1, rule: Some(CellRule::FillBlanks), clear: Some(word) };
        let name = ColumnRule { column: 0, rule: Some(CellRule::Overwrite), clear: None };
        assert_eq!(rules, [phone, name]);
        assert_eq!(args.formats(&[], &header).unwrap(), None);
    }

    #[test]
    fn formats_are_added_to_those_of_the_plan() {
        let header = ["Since", "Sum"].map(str::to_owned);
        let planned = ColumnFormat { column: 1, date_order: None, decimal_mark: None };
        let args = args(&[], &[], &["Since=month_first", "Sum=comma"]).unwrap();
        let formats = args.formats(&[planned], &header).unwrap().unwrap();
        let read: Vec<_> =
            formats.iter().map(|f| (f.column, f.date_order, f.decimal_mark)).collect();
        let expected =
            [(1, None, Some(DecimalMark::Comma)), (0, Some(DateOrder::MonthFirst), None)];
        assert_eq!(read, expected);
    }

    #[test]
    fn an_argument_without_a_value_or_with_another_one_is_refused() {
        assert!(args(&["Phone"], &[], &[]).is_err_and(|e| e.contains("--rule COLUMN=VALUE")));
        assert!(args(&["Phone=replace"], &[], &[]).is_err_and(|e| e.contains("fill_blanks")));
        assert!(args(&[], &["Phone="], &[]).is_err());
        assert!(args(&[], &[], &["Sum=dot"]).is_err_and(|e| e.contains("comma or point")));
    }
}
