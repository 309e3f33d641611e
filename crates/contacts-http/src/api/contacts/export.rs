//! Export of contacts over HTTP (R25).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::contact::{ContactFilter, FilterText};
use contacts_core::export::ExportFormat;

use super::filter_query::{FilterQuery, take_filter};
use super::list::parse_filter;
use crate::parts::answer::Answer;
use crate::parts::blocking::blocking;
use crate::parts::caller::CanExport;
use crate::parts::download::StartedDownload;
use crate::parts::params::{FromParams, Params, query};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_export, _, _>(export)
}

query! {
    /// Format of an export file.
    struct ExportQuery {
        /// The columns, separated by commas, in order: `id`, `external_id`, `name`, `email`,
        /// `phone`, `tags`, `consent`, `source`, `created_at`, `updated_at` and the keys of custom
        /// fields. Default: all columns except archived fields.
        #[param(example = "name,email,tier")]
        columns: Option<String>,
        /// Whether the file starts with a byte order mark, which Excel needs to read characters
        /// that are not ASCII.
        #[param(default = false)]
        bom: Option<bool>,
    }
}

/// Export contacts as CSV
///
/// The file contains all contacts that match the filter, ordered by id. Importing the file with the
/// suggested mapping changes nothing. If an error occurs during the download, the connection closes
/// before the last chunk: a download that ends normally is complete.
#[utoipa::path(
    get, path = "/v1/contacts/export", tag = "contacts", operation_id = "export_contacts",
    params(FilterQuery, ExportQuery),
    responses(
        (status = 200, description = "The file, while it is made", body = String, content_type = "text/csv", headers(
            ("content-disposition" = String, description = "Its name"),
        )),
        (status = 422, description = "`invalid`: the filter or a column cannot be used", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn export(CanExport(caller): CanExport, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let slot = shared.downloads.take(caller.org)?;
    let query = req.query_string().to_owned();
    let started = blocking(&shared, move |api| {
        let (filter, text, format) = read(&query, api, caller.org)?;
        let export = api.exports.matching(caller.org, filter, &text, &format, caller.actor)?;
        Ok((StartedDownload::new(Box::new(export))?, api.clock.now().date()))
    });
    let (started, today) = started.await?;
    Ok(started.csv(shared, slot, &format!("contacts-{today}.csv")))
}

/// Returns the filter, its text, and the format.
fn read(
    query: &str,
    api: &Api,
    org: OrgId,
) -> Result<(ContactFilter, FilterText, ExportFormat), Problem> {
    let mut params = Params::read(query)?;
    let text = take_filter(&mut params);
    let filter = parse_filter(&mut params, &text, org, api)?;
    let ExportQuery { columns, bom } = ExportQuery::from_params(&mut params);
    let columns = columns.map(|names| names.split(',').map(str::to_owned).collect());
    let format = ExportFormat { columns, byte_order_mark: bom.unwrap_or(false) };
    // Report all errors of the request at once.
    if let Err(contacts_core::Error::Invalid(errors)) = api.exports.check(org, &format) {
        params.refuse_all(errors);
    }
    params.finish()?;
    Ok((filter, text, format))
}
