//! Skipped rows and dropped cells of an import (R34).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::import::{ImportId, Issue, IssueCode, TableProblem};
use contacts_core::page::Page;
use contacts_core::trail::TrailEvent;
use serde::Serialize;
use utoipa::ToSchema;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanRead;
use crate::parts::download::StartedDownload;
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::recorded::{reads_body, record_download};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_download, _, _>(download)
}

/// A skipped row or a dropped cell.
#[derive(Serialize, ToSchema)]
#[schema(as = Issue)]
struct IssueView {
    /// Number of the row, starting at 1 for the first row below the header.
    row: u64,
    /// The line of the file, starting at 1, on which the row begins.
    line: u64,
    /// The reason why the row was skipped, or `warning` for a dropped cell.
    code: IssueCodeView,
    /// The reason, in words.
    reason: String,
}

impl From<Issue> for IssueView {
    fn from(Issue { row, line, code, reason }: Issue) -> Self {
        Self { row, line, code: code.into(), reason }
    }
}

enumeration! {
    /// The reason why a row was skipped, or `warning` for a dropped cell.
    pub(super) IssueCodeView = IssueCode as "IssueCode" in IssueCode::all()
}

page_view! {
    /// A page of skipped rows and dropped cells.
    struct IssuesView as Issues {
        /// The issues, in the order of the file.
        items: IssueView,
    }
}

/// List skipped rows and dropped cells
///
/// The issues of one row are always on the same page, which may then be longer than `limit`.
#[utoipa::path(
    get, path = "/v1/imports/{id}/issues", tag = "imports", operation_id = "list_import_issues",
    params(("id" = Uuid, Path, description = "The import"), PageParams),
    responses(
        (status = 200, description = "A page, in the order of the file", body = IssuesView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    paging: Paging<u64>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let (after, size) = (paging.after.unwrap_or(0), paging.size.get());
        let read = |limit| api.imports.issues(caller.org, id, after, limit);
        let page = match whole_rows(read(paging.rows())?, size) {
            Some(page) => page,
            // The first row alone has more issues than the page size: return all of its issues.
            None => whole_rows(read(MOST_OF_A_ROW)?, 0).unwrap_or_default(),
        };
        let page = paging.seal(Page { items: page.0, next: page.1 });
        to_json(&IssuesView::from(page.map(IssueView::from)))
    });
    Ok(ok(body.await?))
}

/// Upper bound of the number of issues of one row: one per column, and the skip.
const MOST_OF_A_ROW: usize = TableProblem::MAX_COLUMNS + 2;

/// Issues of a page, and the row after which the next page begins.
type IssuePage = (Vec<Issue>, Option<u64>);

/// Truncates a list of issues to about `size`, but never within a row, because the next page begins
/// after a row. Returns `None` when the first row alone has more issues. A size of zero keeps the
/// first row.
fn whole_rows(mut issues: Vec<Issue>, size: usize) -> Option<IssuePage> {
    if size > 0 && issues.len() <= size {
        return Some((issues, None));
    }
    let torn = issues.get(size)?.row;
    issues.retain(|issue| if size > 0 { issue.row < torn } else { issue.row == torn });
    let next = issues.last()?.row;
    Some((issues, Some(next)))
}

/// Download the skipped rows as CSV, with the reason in the first column
#[utoipa::path(
    get, path = "/v1/imports/{id}/skipped.csv", tag = "imports", operation_id = "download_skipped_rows",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The rows, ready to be corrected and imported again", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the file was not read yet, or was deleted", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn download(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    req: HttpRequest,
) -> Answer {
    let is_read = reads_body(&req);
    let slot = shared.downloads.take(caller.org)?;
    let started = blocking(&shared, move |api| {
        let rows = api.imports.skipped_rows(caller.org, id)?;
        record_download(api, &caller, &TrailEvent::skipped_rows_downloaded(id), is_read)?;
        StartedDownload::new(Box::new(rows))
    });
    Ok(started.await?.csv(shared, slot, &format!("skipped-{id}.csv")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issues(rows: &[u64]) -> Vec<Issue> {
        let code = IssueCode::Warning;
        let issue = |row: &u64| Issue { row: *row, line: *row, code, reason: String::new() };
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
