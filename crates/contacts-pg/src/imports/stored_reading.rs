//! The stored JSON of how the cells of a file are read, and of what was found in them.

use contacts_core::import::{
    Analysis, ColumnReading, DateOrder, DecimalMark, Finding, FindingKind, Quoting, Reading,
};
use serde::{Deserialize, Serialize};

use crate::database::{PgResult, unreadable};

/// The parts of an analysis that analyses of earlier versions do not have.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredDetails {
    quoting: Option<String>,
    family_name_first: bool,
    readings: Vec<StoredReading>,
    findings: Vec<StoredFinding>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredReading {
    date_order: Option<StoredDateOrder>,
    decimal_mark: Option<StoredDecimalMark>,
    has_entities: bool,
    is_inverted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DateOrder", rename_all = "snake_case")]
enum StoredDateOrderDef {
    DayFirst,
    MonthFirst,
}

#[derive(Serialize, Deserialize)]
struct StoredDateOrder(#[serde(with = "StoredDateOrderDef")] DateOrder);

#[derive(Serialize, Deserialize)]
#[serde(remote = "DecimalMark", rename_all = "snake_case")]
enum StoredDecimalMarkDef {
    Comma,
    Point,
    Mixed,
}

#[derive(Serialize, Deserialize)]
struct StoredDecimalMark(#[serde(with = "StoredDecimalMarkDef")] DecimalMark);

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
        let Analysis { layout, reading, findings, .. } = analysis;
        Self {
            quoting: Some(layout.quoting.as_str().to_owned()),
            family_name_first: reading.family_name_first,
            readings: reading.columns.iter().map(StoredReading::from).collect(),
            findings: findings.iter().map(StoredFinding::from).collect(),
        }
    }

    pub(super) fn read(self) -> PgResult<(Quoting, Reading, Vec<Finding>)> {
        let quoting = match self.quoting {
            None => Quoting::Standard,
            Some(name) => Quoting::parse(&name).ok_or_else(|| unreadable("imports.analysis"))?,
        };
        let reading = Reading {
            family_name_first: self.family_name_first,
            columns: self.readings.into_iter().map(ColumnReading::from).collect(),
        };
        let findings = self.findings.into_iter().map(StoredFinding::read);
        Ok((quoting, reading, findings.collect::<PgResult<_>>()?))
    }
}

impl From<&ColumnReading> for StoredReading {
    fn from(reading: &ColumnReading) -> Self {
        Self {
            date_order: reading.date_order.map(StoredDateOrder),
            decimal_mark: reading.decimal_mark.map(StoredDecimalMark),
            has_entities: reading.has_entities,
            is_inverted: reading.is_inverted,
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
