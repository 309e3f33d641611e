//! The stored JSON of the parts of an import.

use std::collections::BTreeMap;

use contacts_core::import::{
    Analysis, CellRule, ChoicesOrigin, ClearWord, ColumnFormat, ColumnRule, DomainReplacements,
    Format, ImportId, Layout, Plan, Policy, SkipCode, Suggestion, Tally, Target, TextFormat,
};
use contacts_core::tag::TagName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::stored_reading::{Details, StoredDateOrder, StoredDecimalMark, StoredDetails};
use crate::database::{PgResult, unreadable};

#[derive(Serialize, Deserialize)]
pub(super) struct StoredAnalysis {
    /// Encoding and delimiter of text.
    encoding: Option<String>,
    delimiter: Option<char>,
    header_line: u64,
    /// Whether the file has no header row.
    #[serde(default)]
    is_headless: bool,
    header: Vec<String>,
    samples: Vec<Vec<String>>,
    rows: u64,
    suggestions: Vec<StoredSuggestion>,
    #[serde(default, flatten)]
    details: StoredDetails,
}

#[derive(Serialize, Deserialize)]
struct StoredSuggestion {
    target: Option<String>,
    confidence: f32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredPlan {
    columns: Vec<Option<String>>,
    policy: String,
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    domains: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    formats: Vec<StoredFormat>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<StoredRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choices_of: Option<StoredOrigin>,
}

#[derive(Serialize, Deserialize)]
struct StoredRule {
    column: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clear: Option<String>,
}

impl From<&ColumnRule> for StoredRule {
    fn from(ColumnRule { column, rule, clear }: &ColumnRule) -> Self {
        let rule = rule.map(|rule| rule.as_str().to_owned());
        Self { column: *column, rule, clear: clear.as_ref().map(|word| word.as_str().to_owned()) }
    }
}

impl StoredRule {
    fn read(self) -> PgResult<ColumnRule> {
        let unreadable_plan = || unreadable("imports.plan");
        let rule = self.rule.map(|name| CellRule::parse(&name).ok_or_else(unreadable_plan));
        let clear =
            self.clear.map(|word| ClearWord::parse(&word).map_err(|_reason| unreadable_plan()));
        let (rule, clear) = (rule.transpose()?, clear.transpose()?);
        Ok(ColumnRule { column: self.column, rule, clear })
    }
}

#[derive(Serialize, Deserialize)]
struct StoredOrigin {
    import: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
}

impl From<ChoicesOrigin> for StoredOrigin {
    fn from(ChoicesOrigin { import, started_at }: ChoicesOrigin) -> Self {
        Self { import: import.0, started_at }
    }
}

impl From<StoredOrigin> for ChoicesOrigin {
    fn from(StoredOrigin { import, started_at }: StoredOrigin) -> Self {
        Self { import: ImportId(import), started_at }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFormat {
    column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_order: Option<StoredDateOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimal_mark: Option<StoredDecimalMark>,
}

impl From<ColumnFormat> for StoredFormat {
    fn from(ColumnFormat { column, date_order, decimal_mark }: ColumnFormat) -> Self {
        let (date_order, decimal_mark) =
            (date_order.map(StoredDateOrder), decimal_mark.map(StoredDecimalMark));
        Self { column, date_order, decimal_mark }
    }
}

impl From<StoredFormat> for ColumnFormat {
    fn from(StoredFormat { column, date_order, decimal_mark }: StoredFormat) -> Self {
        let (date_order, decimal_mark) =
            (date_order.map(|order| order.0), decimal_mark.map(|mark| mark.0));
        Self { column, date_order, decimal_mark }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTally {
    added: u64,
    updated: u64,
    skipped: Vec<(String, u64)>,
    warnings: u64,
}

impl StoredAnalysis {
    pub(super) fn write(analysis: &Analysis) -> Value {
        let Analysis { layout, samples, rows, suggestions, .. } = analysis;
        // JSON text may contain the zero character, which Postgres does not accept.
        let clean = |cell: &String| cell.replace('\0', "\u{FFFD}");
        let text = match &layout.format {
            Format::Text(text) => Some(text),
            Format::Sheet(_) => None,
        };
        json!(Self {
            encoding: text.map(|text| text.encoding.clone()),
            delimiter: text.map(|text| text.delimiter),
            header_line: layout.header_line,
            is_headless: !layout.has_header,
            header: layout.header.iter().map(clean).collect(),
            samples: samples.iter().map(|row| row.iter().map(clean).collect()).collect(),
            rows: *rows,
            suggestions: suggestions
                .iter()
                .map(|s| StoredSuggestion {
                    target: write_target(&s.target),
                    confidence: s.confidence
                })
                .collect(),
            details: StoredDetails::of(analysis),
        })
    }

    pub(super) fn read(value: Value) -> PgResult<Analysis> {
        let stored: Self = serde_json::from_value(value).map_err(contacts_core::Error::store)?;
        let suggestions = stored
            .suggestions
            .into_iter()
            .map(|s| Ok(Suggestion { target: read_target(s.target)?, confidence: s.confidence }));
        let Details { quoting, sheet, sheets, reading, findings, domains } =
            stored.details.read()?;
        let format = match (sheet, stored.encoding, stored.delimiter) {
            (Some(sheet), ..) => Format::Sheet(sheet),
            (None, Some(encoding), Some(delimiter)) => {
                Format::Text(TextFormat { encoding, delimiter, quoting })
            }
            _ => return Err(unreadable("imports.analysis")),
        };
        Ok(Analysis {
            suggestions: suggestions.collect::<PgResult<_>>()?,
            reading,
            findings,
            domains,
            layout: Layout {
                format,
                header_line: stored.header_line,
                has_header: !stored.is_headless,
                header: stored.header,
            },
            sheets,
            samples: stored.samples,
            rows: stored.rows,
        })
    }
}

impl StoredPlan {
    pub(super) fn write(plan: &Plan) -> Value {
        json!(Self {
            columns: plan.columns.iter().map(write_target).collect(),
            policy: plan.policy.as_str().to_owned(),
            tags: plan.tags.iter().map(ToString::to_string).collect(),
            domains: plan
                .domains
                .iter()
                .map(|(domain, by)| (domain.to_owned(), by.to_owned()))
                .collect(),
            formats: plan.formats.iter().copied().map(StoredFormat::from).collect(),
            rules: plan.rules.iter().map(StoredRule::from).collect(),
            choices_of: plan.choices_of.map(StoredOrigin::from),
        })
    }

    pub(super) fn read(value: Value) -> PgResult<Plan> {
        let stored: Self = serde_json::from_value(value).map_err(contacts_core::Error::store)?;
        let tags: Option<_> = stored.tags.iter().map(|tag| TagName::parse(tag).ok()).collect();
        Ok(Plan {
            columns: stored.columns.into_iter().map(read_target).collect::<PgResult<_>>()?,
            policy: Policy::parse(&stored.policy).ok_or_else(|| unreadable("imports.plan"))?,
            tags: tags.ok_or_else(|| unreadable("imports.plan"))?,
            domains: DomainReplacements::parse(stored.domains)?,
            formats: stored.formats.into_iter().map(ColumnFormat::from).collect(),
            rules: stored.rules.into_iter().map(StoredRule::read).collect::<PgResult<_>>()?,
            choices_of: stored.choices_of.map(ChoicesOrigin::from),
        })
    }
}

impl StoredTally {
    pub(crate) fn write(tally: &Tally) -> Value {
        let skipped = tally.skipped.iter().map(|(code, rows)| (code.as_str().to_owned(), *rows));
        json!(Self {
            added: tally.added,
            updated: tally.updated,
            skipped: skipped.collect(),
            warnings: tally.warnings,
        })
    }

    pub(crate) fn read(value: Value) -> PgResult<Tally> {
        let stored: Self = serde_json::from_value(value).map_err(contacts_core::Error::store)?;
        let skipped =
            stored.skipped.into_iter().map(|(code, rows)| Some((SkipCode::parse(&code)?, rows)));
        Ok(Tally {
            added: stored.added,
            updated: stored.updated,
            skipped: skipped.collect::<Option<_>>().ok_or_else(|| unreadable("imports.tally"))?,
            warnings: stored.warnings,
        })
    }
}

fn write_target(target: &Option<Target>) -> Option<String> {
    target.as_ref().map(ToString::to_string)
}

fn read_target(target: Option<String>) -> PgResult<Option<Target>> {
    let read = |name: String| Target::parse(&name).ok_or_else(|| unreadable("imports.plan"));
    target.map(read).transpose()
}
