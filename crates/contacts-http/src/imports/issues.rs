//! Skipped rows and lost cells (R34).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::import::{ImportId, Issue, TableProblem};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::answer::{Answer, ok, to_json};
use crate::auth::CanRead;
use crate::blocking::{blocking, permit};
use crate::download::Begun;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_download, _, _>(download)
}

/// A row that was skipped, or a cell that was lost.
#[derive(Serialize, ToSchema)]
#[schema(as = Issue)]
struct IssueView {
    /// The row, counted from 1 below the header.
    row: u64,
    /// The line of the file, from 1, on which it begins.
    line: u64,
    /// The reason for skipping the row, as in the summary, or `warning` for a cell.
    code: String,
    /// What is wrong, for people.
    reason: String,
}

impl From<Issue> for IssueView {
    fn from(Issue { row, line, code, reason }: Issue) -> Self {
        Self { row, line, code, reason }
    }
}

/// A page of issues.
#[derive(Serialize, ToSchema)]
#[schema(as = Issues)]
struct IssuesView {
    /// The issues, in the order of the file.
    items: Vec<IssueView>,
    /// What `after` takes to get the next page; null on the last one.
    next: Option<u64>,
}

impl From<IssuePage> for IssuesView {
    fn from((issues, next): IssuePage) -> Self {
        Self { items: issues.into_iter().map(IssueView::from).collect(), next }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what list reads")]
struct IssuesQuery {
    /// `next` of the page before: a row.
    after: Option<u64>,
    /// How many rows; a row with several issues is never torn apart.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
}

/// List skipped rows and lost cells
#[utoipa::path(
    get, path = "/v1/imports/{id}/issues", tag = "imports", operation_id = "list_import_issues",
    params(("id" = Uuid, Path, description = "The import"), IssuesQuery),
    responses(
        (status = 200, description = "A page, in the order of the file", body = IssuesView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.number("after", 0, i64::MAX as u64).unwrap_or(0);
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let read = |limit| api.imports.issues(caller.org, id, after, limit);
        let page = match whole_rows(read(size.get() + 1)?, size.get()) {
            Some(page) => page,
            // One row has them all: it comes whole, however many there are.
            None => whole_rows(read(MOST_OF_A_ROW)?, 0).unwrap_or_default(),
        };
        to_json(&IssuesView::from(page))
    });
    Ok(ok(body.await?))
}

/// More issues than a row can have: one for each column, and its skip.
const MOST_OF_A_ROW: usize = TableProblem::MAX_COLUMNS + 2;

/// Some issues, and after which row the next ones begin.
type IssuePage = (Vec<Issue>, Option<u64>);

/// Cuts issues after about so many, but never within a row, for the next page begins after a
/// row. Nothing when the first row alone has more. A size of zero takes the first row.
fn whole_rows(mut issues: Vec<Issue>, size: usize) -> Option<IssuePage> {
    if size > 0 && issues.len() <= size {
        return Some((issues, None));
    }
    let torn = issues.get(size)?.row;
    issues.retain(|issue| if size > 0 { issue.row < torn } else { issue.row == torn });
    let next = issues.last()?.row;
    Some((issues, Some(next)))
}

/// Download the skipped rows as CSV, the reason in a first column
#[utoipa::path(
    get, path = "/v1/imports/{id}/skipped.csv", tag = "imports", operation_id = "download_skipped_rows",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The rows, ready to be corrected and imported again", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the file was not read yet, or is not kept any more", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn download(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let place = permit(&shared.streams)?;
    let begun = blocking(&shared, move |api| {
        Begun::new(Box::new(api.imports.skipped_rows(caller.org, id)?))
    });
    Ok(begun.await?.csv(shared, place, &format!("skipped-{id}.csv")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issues(rows: &[u64]) -> Vec<Issue> {
        let issue =
            |row: &u64| Issue { row: *row, line: *row, code: String::new(), reason: String::new() };
        rows.iter().map(issue).collect()
    }

    #[test]
    fn a_page_of_issues_ends_between_rows() {
        let cut = |rows: &[u64], size| {
            whole_rows(issues(rows), size).map(|(page, next)| (page.len(), next))
        };
        assert_eq!(cut(&[1, 2, 2], 3), Some((3, None)));
        assert_eq!(cut(&[1, 2, 2], 2), Some((1, Some(1))));
        assert_eq!(cut(&[1, 1, 2], 2), Some((2, Some(1))));
        assert_eq!(cut(&[1, 1, 1], 2), None);
        assert_eq!(cut(&[1, 1, 1, 2], 0), Some((3, Some(1))));
    }
}
