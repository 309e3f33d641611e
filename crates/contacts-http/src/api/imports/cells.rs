//! The cells of the file of an import, and their corrections (R58).

use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::import::{Cell, CellEdit, ImportId, ImportService, RowCells};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanImport, CanRead};
use crate::parts::params::{QueryParams, query};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_cells, _, _>(cells).add::<__path_correct, _, _>(correct)
}

/// Rows of a file with their cells.
#[derive(Serialize, ToSchema)]
#[schema(as = Cells)]
struct CellsView {
    /// The rows, in the order of the file.
    rows: Vec<RowCellsView>,
}

/// A row of a file with its cells.
#[derive(Serialize, ToSchema)]
#[schema(as = RowCells)]
struct RowCellsView {
    /// Number of the row, starting at 1 for the first row below the header.
    row: u64,
    /// The line of the file, starting at 1, on which the row begins.
    line: u64,
    /// The cells, in the order of the columns. Those beyond the last column are not imported. Empty
    /// if the row cannot be read.
    cells: Vec<CellView>,
}

/// A cell as the import reads it.
#[derive(Serialize, ToSchema)]
#[schema(as = Cell)]
struct CellView {
    /// The text: the correction, or else that of the file.
    text: String,
    /// The text of the file, if the cell is corrected; otherwise null.
    original: Option<String>,
}

impl From<RowCells> for RowCellsView {
    fn from(RowCells { row, line, cells }: RowCells) -> Self {
        let cells = cells.into_iter().map(|Cell { text, original }| CellView { text, original });
        Self { row, line, cells: cells.collect() }
    }
}

impl From<Vec<RowCells>> for CellsView {
    fn from(rows: Vec<RowCells>) -> Self {
        Self { rows: rows.into_iter().map(RowCellsView::from).collect() }
    }
}

query! {
    /// The rows whose cells are read.
    struct CellParams {
        /// Numbers of rows, starting at 1 for the first row below the header: comma-separated, at most
        /// 200.
        #[param(example = "3,17")]
        rows: String,
    }
}

impl CellParams {
    fn read(&self) -> Result<Vec<u64>, Problem> {
        let rows: Result<_, _> = self.rows.split(',').map(str::parse).collect();
        rows.map_err(|_not_a_number| {
            Problem::invalid(vec![Invalid::new("rows", "must be numbers, separated by commas")])
        })
    }
}

/// Changes of the cells of an import.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = CellEdits)]
struct CellsBody {
    /// The cells, at most 200.
    #[schema(max_items = 200)]
    cells: Vec<CellBody>,
}

/// A change of one cell.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = CellEdit)]
struct CellBody {
    /// Number of the row, starting at 1 for the first row below the header.
    row: u64,
    /// Number of the column, starting at 0.
    column: usize,
    /// The new text, of at most 4,000 characters; null restores the cell of the file.
    #[schema(max_length = 4000)]
    text: Option<String>,
}

impl From<CellBody> for CellEdit {
    fn from(CellBody { row, column, text }: CellBody) -> Self {
        Self { row, column, text }
    }
}

/// Get the cells of rows of a file
///
/// The cells are as the import reads them, with the corrections. The file is read up to the last of
/// the rows. Rows that the file does not have are left out.
#[utoipa::path(
    get, path = "/v1/imports/{id}/cells", tag = "imports", operation_id = "get_cells",
    params(("id" = Uuid, Path, description = "The import"), CellParams),
    responses(
        (status = 200, description = "The rows, in the order of the file", body = CellsView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the file was not analysed yet, or was deleted", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn cells(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    QueryParams(params): QueryParams<CellParams>,
) -> Answer {
    let rows = params.read()?;
    let body = blocking(&shared, move |api| {
        to_json(&CellsView::from(api.imports.cells(caller.org, id, &rows)?))
    });
    Ok(ok(body.await?))
}

/// Correct cells of an import
///
/// Corrections belong to the import and are at most 10,000 cells; the file stays as it came. A dry
/// run of the import is outdated from then on. Either all cells are corrected or none.
///
/// After the import is done, the cells of skipped rows can be corrected. They wait until they are
/// imported by `POST /v1/imports/{id}/retry`.
#[utoipa::path(
    patch, path = "/v1/imports/{id}/cells", tag = "imports", operation_id = "correct_cells",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = CellsBody,
    responses(
        (status = 200, description = "The rows of the cells, with the corrections", body = CellsView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is neither under review nor done, its file was deleted, or an undo was started", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn correct(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    Body(body): Body<CellsBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let edits: Vec<_> = body.cells.into_iter().map(CellEdit::from).collect();
        to_json(&CellsView::from(api.imports.correct(caller.org, id, &edits)?))
    });
    Ok(ok(body.await?))
}

const _: () = assert!(ImportService::MAX_CELLS_AT_ONCE == 200, "the descriptions state the limit");
