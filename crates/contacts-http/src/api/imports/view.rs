//! Views of imports.

use std::collections::BTreeMap;

use contacts_core::import::{
    Analysis, ChoicesOrigin, DomainOffer, FileState, Format, Import, ImportState, Plan, Policy,
    Sheet, SkipCode, Suggestion, Tally, field_label,
};
use contacts_core::run::Run;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::format::FormatView;
use super::layout::QuotingView;
use super::rule::RuleView;
use super::warning::PlanWarningView;
use crate::api::runs::RunFactsView;
use crate::parts::enumerated::enumeration;

/// An import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ImportView {
    /// Id of the import.
    id: Uuid,
    /// Name of the file.
    file_name: String,
    /// Whether the file is still stored.
    file_state: FileStateView,
    /// Size of the file in bytes.
    bytes: u64,
    /// The state of the import.
    state: ImportStateView,
    /// The result of the file's analysis; null before it ends. While the file is analysed again, that
    /// of the time before.
    analysis: Option<AnalysisView>,
    /// The plan: the target of each column, the policy and the tags; null before the analysis ends.
    plan: Option<PlanView>,
    /// Warnings about the plan, to read before the start.
    warnings: Vec<PlanWarningView>,
    /// Outcomes committed so far: added + updated + skipped = rows read.
    summary: SummaryView,
    /// Number of skipped rows that were corrected since the import was done, and wait to be imported.
    corrected_rows: u64,
    /// Number of corrected rows that were last imported again; null if none were.
    retried_rows: Option<u64>,
    #[serde(flatten)]
    facts: RunFactsView,
}

impl ImportView {
    pub(super) fn new(import: Import, now: OffsetDateTime) -> Self {
        let facts = RunFactsView::new(&Run::from(&import), now);
        Self {
            warnings: PlanWarningView::all(&import),
            id: import.id.0,
            file_name: import.file_name,
            file_state: import.file_state.into(),
            bytes: import.bytes,
            state: import.state.into(),
            analysis: import.analysis.map(AnalysisView::from),
            plan: import.plan.map(PlanView::from),
            summary: import.tally.into(),
            corrected_rows: import.corrected_rows,
            retried_rows: import.retried_rows,
            facts,
        }
    }
}

enumeration! {
    /// Whether the file of an import is still stored.
    ///
    /// - `kept`: the file is stored.
    /// - `erased`: the file was deleted because a person in it was erased.
    /// - `expired`: the file was deleted 30 days after the import ended.
    FileStateView = FileState as "FileState" in FileState::ALL
}

enumeration! {
    /// The state of an import. `uploading`, `analysing`, `unusable` and `ready` are those of a file
    /// that was not started; `queued`, `running`, `done`, `failed` and `cancelled` those of a run;
    /// `undoing` and `undone` those of its undo. `unusable`, `done`, `failed`, `cancelled` and
    /// `undone` are final.
    ImportStateView = ImportState as "ImportState" in ImportState::all()
}

/// The result of a file's analysis.
#[derive(Serialize, ToSchema)]
#[schema(as = Analysis)]
struct AnalysisView {
    /// Name of the encoding of text, such as `utf-8` or `windows-1252`; null for a workbook.
    encoding: Option<String>,
    /// The character that separates cells of text; null for a workbook.
    delimiter: Option<char>,
    /// How cells of text are quoted; null for a workbook.
    quoting: Option<QuotingView>,
    /// Name of the sheet of a workbook that is imported; null for text.
    sheet: Option<String>,
    /// The sheets of a workbook, hidden ones last; empty for text.
    sheets: Vec<SheetView>,
    /// The line of the text or the row of the sheet, starting at 1, on which the header begins; null
    /// for a file without a header, whose columns are named A, B, C.
    header_line: Option<u64>,
    /// Number of rows below the header.
    rows: u64,
    /// The columns, in order.
    columns: Vec<ColumnView>,
    /// Domains of addresses that seem to be misspelt, column by column. They are replaced only if the
    /// plan says so.
    domains: Vec<DomainOfferView>,
}

/// A domain of addresses that seems to be misspelt.
#[derive(Serialize, ToSchema)]
#[schema(as = DomainOffer)]
struct DomainOfferView {
    /// Number of the column, starting at 0.
    column: usize,
    /// The domain in the file, in lower case.
    #[schema(example = "gmial.com")]
    domain: String,
    /// The domain that was probably meant.
    #[schema(example = "gmail.com")]
    suggestion: String,
    /// Number of addresses of the column with the domain.
    addresses: u64,
}

impl From<DomainOffer> for DomainOfferView {
    fn from(DomainOffer { column, domain, suggestion, addresses }: DomainOffer) -> Self {
        Self { column, domain, suggestion, addresses }
    }
}

/// A sheet of a workbook.
#[derive(Serialize, ToSchema)]
#[schema(as = Sheet)]
pub(super) struct SheetView {
    /// Name of the sheet.
    name: String,
    /// Whether the spreadsheet program hides the sheet.
    hidden: bool,
}

impl From<Sheet> for SheetView {
    fn from(Sheet { name, is_hidden: hidden }: Sheet) -> Self {
        Self { name, hidden }
    }
}

/// A column of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Column)]
struct ColumnView {
    /// Name of the column in the file. It may be empty, and may occur more than once.
    header: String,
    /// The label of a custom field that the column would become: its header, or `First seen` where
    /// it says since when a person is known, such as `created_at`.
    field_label: String,
    /// The suggested target; null when there is no suggestion.
    target: Option<String>,
    /// Confidence of the suggestion, from 0 to 1.
    confidence: f32,
    /// Cells of this column in the first rows.
    samples: Vec<String>,
}

impl From<Analysis> for AnalysisView {
    fn from(analysis: Analysis) -> Self {
        let Analysis { layout, sheets, samples, rows, suggestions, domains, .. } = analysis;
        let (text, sheet) = match layout.format {
            Format::Text(text) => (Some(text), None),
            Format::Sheet(sheet) => (None, Some(sheet)),
        };
        let column = |(at, header): (usize, String)| {
            let suggestion: Option<&Suggestion> = suggestions.get(at);
            let cell = |row: &Vec<String>| row.get(at).cloned().unwrap_or_default();
            ColumnView {
                field_label: field_label(&header).to_owned(),
                header,
                target: suggestion.and_then(|s| s.target.as_ref()).map(ToString::to_string),
                confidence: suggestion.map_or(0.0, |s| s.confidence),
                samples: samples.iter().map(cell).collect(),
            }
        };
        Self {
            delimiter: text.as_ref().map(|text| text.delimiter),
            quoting: text.as_ref().map(|text| text.quoting.into()),
            encoding: text.map(|text| text.encoding),
            sheet,
            sheets: sheets.into_iter().map(SheetView::from).collect(),
            header_line: layout.has_header.then_some(layout.header_line),
            rows,
            columns: layout.header.into_iter().enumerate().map(column).collect(),
            domains: domains.into_iter().map(DomainOfferView::from).collect(),
        }
    }
}

/// The plan of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanView {
    /// The target of each column, in order: `id`, `external_id`, `name`, `first_name`,
    /// `middle_name`, `last_name`, `email`, `other_emails`, `phone`, `tags`, `subscribed`, `unsubscribed`,
    /// `custom:` followed by the key of a custom field, or null to skip the column.
    columns: Vec<Option<String>>,
    /// The policy for existing and new contacts.
    policy: PolicyView,
    /// Tags to add to every contact in the file.
    tags: Vec<String>,
    /// The domains of addresses that are replaced: the domain in the file, and the one that is read.
    domains: BTreeMap<String, String>,
    /// The formats that were chosen for columns whose values do not show them.
    formats: Vec<FormatView>,
    /// The rules that were chosen for columns, in place of the policy.
    rules: Vec<RuleView>,
    /// The earlier import with the same headers whose choices the plan began with; null if it began
    /// with the suggestions.
    choices_of: Option<ChoicesOriginView>,
}

/// The earlier import that choices come from.
#[derive(Serialize, ToSchema)]
#[schema(as = ChoicesOrigin)]
struct ChoicesOriginView {
    /// Id of the import.
    import_id: Uuid,
    /// When it was started.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
}

impl From<ChoicesOrigin> for ChoicesOriginView {
    fn from(ChoicesOrigin { import, started_at }: ChoicesOrigin) -> Self {
        Self { import_id: import.0, started_at }
    }
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let columns = plan.columns.iter();
        Self {
            columns: columns.map(|c| c.as_ref().map(ToString::to_string)).collect(),
            policy: plan.policy.into(),
            tags: plan.tags.iter().map(ToString::to_string).collect(),
            domains: plan
                .domains
                .iter()
                .map(|(domain, by)| (domain.to_owned(), by.to_owned()))
                .collect(),
            formats: plan.formats.into_iter().map(FormatView::from).collect(),
            rules: plan.rules.into_iter().map(RuleView::from).collect(),
            choices_of: plan.choices_of.map(ChoicesOriginView::from),
        }
    }
}

enumeration! {
    /// A policy for existing and new contacts.
    ///
    /// - `overwrite`: new contacts are added; cells that are not blank overwrite existing values.
    /// - `fill_blanks`: new contacts are added; cells fill only blank values of existing contacts.
    /// - `add_only`: new contacts are added; rows of existing contacts are skipped.
    /// - `update_only`: existing contacts are overwritten; rows of new contacts are skipped.
    /// - `opt_out`: existing contacts are unsubscribed. An address without a contact is stored as a
    ///   hash, and its row is skipped as `suppressed`; a contact that gets the address later is
    ///   unsubscribed. No contact is added.
    pub(crate) PolicyView = Policy as "Policy" in Policy::ALL
}

enumeration! {
    /// The reason why a row of a file or a record of a connected source was skipped. Only records
    /// have `no_name_or_email`, and only rows have `not_found` (no contact has the id) and
    /// `ambiguous` (id, external id and address belong to different contacts).
    pub(crate) SkipCodeView = SkipCode as "SkipCode" in SkipCode::ALL
}

/// The number of rows by outcome.
#[derive(Serialize, ToSchema)]
#[schema(as = Summary)]
pub(crate) struct SummaryView {
    /// Number of rows that added a contact.
    added: u64,
    /// Number of rows that changed a contact.
    updated: u64,
    /// Number of rows that were skipped.
    skipped: u64,
    /// Number of skipped rows by reason.
    skipped_by_reason: BTreeMap<SkipCodeView, u64>,
    /// Number of cells that were dropped although their row was imported.
    warnings: u64,
}

impl From<Tally> for SummaryView {
    fn from(tally: Tally) -> Self {
        Self {
            added: tally.added,
            updated: tally.updated,
            skipped: tally.skips(),
            warnings: tally.warnings,
            skipped_by_reason: tally.skipped.into_iter().map(|(c, n)| (c.into(), n)).collect(),
        }
    }
}
