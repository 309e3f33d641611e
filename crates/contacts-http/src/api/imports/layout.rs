//! The layout of the file of an import, which can be chosen by hand (R56).

use actix_web::web::Data;
use contacts_core::import::{Format, HeaderRow, Import, ImportId, LayoutChoice, Outline, Quoting};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{ImportView, SheetView};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanImport, CanRead};
use crate::parts::enumerated::enumeration;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get).add::<__path_choose, _, _>(choose)
}

enumeration! {
    /// How cells are quoted that contain delimiters, line breaks or quotation marks.
    ///
    /// - `standard`: in quotation marks, those within doubled (RFC 4180).
    /// - `after_spaces`: like `standard`, with spaces between a delimiter and the quotation mark.
    /// - `backslash`: in quotation marks, those within after a backslash.
    /// - `whole_lines`: whole lines are quoted as if they were one cell.
    /// - `apostrophes`: in apostrophes, those within doubled. Never detected.
    /// - `never`: not at all; quotation marks are a part of the cell. Never detected.
    pub(super) QuotingView = Quoting as "Quoting" in Quoting::ALL
}

/// The choice of a layout. Parts that are absent or null are detected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = LayoutChoice)]
struct LayoutBody {
    /// Name of the sheet of a workbook.
    #[schema(example = "People")]
    sheet: Option<String>,
    /// Name of the encoding of text: a label of the WHATWG Encoding Standard, `ibm850` or `ibm852`.
    #[schema(example = "windows-1252")]
    encoding: Option<String>,
    /// The ASCII character that separates cells of text.
    #[schema(example = ";")]
    delimiter: Option<char>,
    /// How cells of text are quoted.
    quoting: Option<QuotingView>,
    /// The line of the text or the row of the sheet, starting at 1, on which the header begins; 0
    /// if the file has no header, so that its columns are named A, B, C.
    header_row: Option<u64>,
    /// Whether text that another program has garbled is repaired: `JÃ¼rgen` is read as `Jürgen`.
    #[serde(default)]
    #[schema(default = false)]
    repair_text: bool,
}

impl From<LayoutBody> for LayoutChoice {
    fn from(body: LayoutBody) -> Self {
        Self {
            sheet: body.sheet,
            encoding: body.encoding,
            delimiter: body.delimiter,
            quoting: body.quoting.map(|quoting| quoting.0),
            header: body.header_row.map(HeaderRow::from_line),
            repair_text: body.repair_text,
        }
    }
}

/// The parts of a layout that a user chose; null for those that are detected.
#[derive(Serialize, ToSchema)]
#[schema(as = ChosenLayout)]
struct ChosenView {
    /// Name of the sheet.
    sheet: Option<String>,
    /// Name of the encoding.
    encoding: Option<String>,
    /// The character that separates cells.
    delimiter: Option<char>,
    /// How cells are quoted.
    quoting: Option<QuotingView>,
    /// The row of the header; 0 for a file without a header.
    header_row: Option<u64>,
    /// Whether garbled text is repaired.
    repair_text: bool,
}

impl From<LayoutChoice> for ChosenView {
    fn from(choice: LayoutChoice) -> Self {
        let LayoutChoice { sheet, encoding, delimiter, quoting, header, repair_text } = choice;
        let (quoting, header_row) = (quoting.map(Into::into), header.map(HeaderRow::line));
        Self { sheet, encoding, delimiter, quoting, header_row, repair_text }
    }
}

/// The layout by which a file is read, and the first rows of the file.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportLayout)]
struct LayoutView {
    /// The parts that a user chose.
    chosen: ChosenView,
    /// Name of the encoding of text; null for a workbook.
    encoding: Option<String>,
    /// The character that separates cells of text; null for a workbook.
    delimiter: Option<char>,
    /// How cells of text are quoted; null for a workbook.
    quoting: Option<QuotingView>,
    /// Name of the sheet whose rows are listed; null for text.
    sheet: Option<String>,
    /// The sheets of a workbook, hidden ones last; empty for text.
    sheets: Vec<SheetView>,
    /// The row of the header; 0 for a file without a header. Null if no header was found.
    header_row: Option<u64>,
    /// The first rows with text, from which a header can be chosen. They have at most 50 cells of
    /// 100 characters. Empty if the file is not a table.
    rows: Vec<HeadRowView>,
}

/// One of the first rows of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = HeadRow)]
struct HeadRowView {
    /// The line of the text or the row of the sheet, starting at 1, on which the row begins.
    line: u64,
    /// The cells.
    cells: Vec<String>,
}

impl LayoutView {
    fn new(import: Import, outline: Outline) -> Self {
        let (text, sheet) = match outline.format {
            Some(Format::Text(text)) => (Some(text), None),
            Some(Format::Sheet(sheet)) => (None, Some(sheet)),
            None => (None, None),
        };
        let header = import.analysis.map(|analysis| match analysis.layout.has_header {
            true => analysis.layout.header_line,
            false => HeaderRow::Absent.line(),
        });
        let rows = outline.rows.into_iter().map(|(line, cells)| HeadRowView { line, cells });
        Self {
            chosen: import.layout.into(),
            delimiter: text.as_ref().map(|text| text.delimiter),
            quoting: text.as_ref().map(|text| text.quoting.into()),
            encoding: text.map(|text| text.encoding),
            sheet,
            sheets: outline.sheets.into_iter().map(SheetView::from).collect(),
            header_row: header,
            rows: rows.collect(),
        }
    }
}

/// Get the layout and the first rows of a file
///
/// Works for a file that cannot be imported, too: its first rows help to choose another layout.
#[utoipa::path(
    get, path = "/v1/imports/{id}/layout", tag = "imports", operation_id = "get_layout",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The layout, and the first rows", body = LayoutView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the file is being uploaded, or was deleted", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let (import, outline) = api.imports.outline(caller.org, id)?;
        to_json(&LayoutView::new(import, outline))
    });
    Ok(ok(body.await?))
}

/// Choose the layout of a file
///
/// It replaces the choice before. The file is analysed again in the background: follow the import
/// until it is `ready`. Policy and tags of its plan stay, and so do the columns that were mapped by
/// hand, as long as the table has the same number of columns.
#[utoipa::path(
    put, path = "/v1/imports/{id}/layout", tag = "imports", operation_id = "choose_layout",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = LayoutBody,
    responses(
        (status = 200, description = "The import; the file is being analysed, unless nothing has changed", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is neither ready nor unusable, or the file was deleted", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the file cannot be imported by this layout", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn choose(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    Body(body): Body<LayoutBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.choose_layout(caller.org, id, &body.into())?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
