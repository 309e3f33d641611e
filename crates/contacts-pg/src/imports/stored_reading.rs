//! The stored JSON of how the cells of a file are read, and of what was found in them.

use contacts_core::import::{
    Analysis, ColumnReading, DateOrder, DecimalMark, DomainOffer, Finding, FindingKind, Format,
    Quoting, Reading, Sheet,
};
use serde::{Deserialize, Serialize};

use crate::database::{PgResult, unreadable};

/// The parts of an analysis that analyses of earlier versions do not have.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredDetails {
    quoting: Option<String>,
    /// The sheet that is read, of those of a workbook.
    sheet: Option<String>,
    sheets: Vec<StoredSheet>,
    family_name_first: bool,
    readings: Vec<StoredReading>,
    findings: Vec<StoredFinding>,
    domains: Vec<StoredDomainOffer>,
}

/// What the stored details contain.
pub(super) struct Details {
    pub(super) quoting: Quoting,
    pub(super) sheet: Option<String>,
    pub(super) sheets: Vec<Sheet>,
    pub(super) reading: Reading,
    pub(super) findings: Vec<Finding>,
    pub(super) domains: Vec<DomainOffer>,
}

#[derive(Serialize, Deserialize)]
struct StoredSheet {
    name: String,
    hidden: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredReading {
    date_order: Option<StoredDateOrder>,
    decimal_mark: Option<StoredDecimalMark>,
    has_entities: bool,
    is_inverted: bool,
    repairs_text: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DateOrder", rename_all = "snake_case")]
enum StoredDateOrderDef {
    DayFirst,
    MonthFirst,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredDateOrder(#[serde(with = "StoredDateOrderDef")] pub(super) DateOrder);

#[derive(Serialize, Deserialize)]
#[serde(remote = "DecimalMark", rename_all = "snake_case")]
enum StoredDecimalMarkDef {
    Comma,
    Point,
    Mixed,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredDecimalMark(#[serde(with = "StoredDecimalMarkDef")] pub(super) DecimalMark);

#[derive(Serialize, Deserialize)]
#[serde(remote = "DomainOffer")]
struct StoredDomainOfferDef {
    column: usize,
    domain: String,
    suggestion: String,
    addresses: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredDomainOffer(#[serde(with = "StoredDomainOfferDef")] DomainOffer);

#[derive(Serialize, Deserialize)]
struct StoredFinding {
    kind: String,
    column: Option<usize>,
    rows: u64,
    line: u64,
    example: String,
}

impl StoredDetails {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let Analysis { layout, sheets, reading, findings, domains, .. } = analysis;
        let (quoting, sheet) = match &layout.format {
            Format::Text(text) => (Some(text.quoting.as_str().to_owned()), None),
            Format::Sheet(sheet) => (None, Some(sheet.clone())),
        };
        let sheets = sheets.iter().cloned();
        Self {
            quoting,
            sheet,
            sheets: sheets
                .map(|Sheet { name, is_hidden: hidden }| StoredSheet { name, hidden })
                .collect(),
            family_name_first: reading.family_name_first,
            readings: reading.columns.iter().map(StoredReading::from).collect(),
            findings: findings.iter().map(StoredFinding::from).collect(),
            domains: domains.iter().cloned().map(StoredDomainOffer).collect(),
        }
    }

    pub(super) fn read(self) -> PgResult<Details> {
        let quoting = match self.quoting {
            None => Quoting::Standard,
            Some(name) => Quoting::parse(&name).ok_or_else(|| unreadable("imports.analysis"))?,
        };
        let reading = Reading {
            family_name_first: self.family_name_first,
            columns: self.readings.into_iter().map(ColumnReading::from).collect(),
        };
        let sheets = self.sheets.into_iter();
        let sheets = sheets.map(|StoredSheet { name, hidden }| Sheet { name, is_hidden: hidden });
        let findings = self.findings.into_iter().map(StoredFinding::read);
        Ok(Details {
            quoting,
            sheet: self.sheet,
            sheets: sheets.collect(),
            reading,
            findings: findings.collect::<PgResult<_>>()?,
            domains: self.domains.into_iter().map(|offer| offer.0).collect(),
        })
    }
}

impl From<&ColumnReading> for StoredReading {
    fn from(reading: &ColumnReading) -> Self {
        Self {
            date_order: reading.date_order.map(StoredDateOrder),
            decimal_mark: reading.decimal_mark.map(StoredDecimalMark),
            has_entities: reading.has_entities,
            is_inverted: reading.is_inverted,
            repairs_text: reading.repairs_text,
        }
    }
}

impl From<StoredReading> for ColumnReading {
    fn from(stored: StoredReading) -> Self {
        Self {
            date_order: stored.date_order.map(|order| order.0),
            decimal_mark: stored.decimal_mark.map(|mark| mark.0),
            has_entities: stored.has_entities,
            is_inverted: stored.is_inverted,
            repairs_text: stored.repairs_text,
        }
    }
}

impl From<&Finding> for StoredFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: finding.kind.as_str().to_owned(),
            column: finding.column,
            rows: finding.rows,
            line: finding.line,
            // JSON text may contain the zero character, which Postgres does not accept.
            example: finding.example.replace('\0', "\u{FFFD}"),
        }
    }
}

impl StoredFinding {
    fn read(self) -> PgResult<Finding> {
        let Self { kind, column, rows, line, example } = self;
        let kind = FindingKind::parse(&kind).ok_or_else(|| unreadable("imports.analysis"))?;
        Ok(Finding { kind, column, rows, line, example })
    }
}
