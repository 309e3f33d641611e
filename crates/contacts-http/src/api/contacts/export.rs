//! Export of contacts over HTTP (R25).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::contact::{ContactFilter, FilterText};
use contacts_core::export::{ExportFormat, FileFormat};
use contacts_core::segment::SegmentId;
use contacts_core::{Error, Invalid};
use uuid::Uuid;

use super::filter_query::{FilterQuery, take_filter};
use super::list::parse_filter;
use crate::parts::answer::Answer;
use crate::parts::blocking::blocking;
use crate::parts::caller::{Caller, CanExport};
use crate::parts::download::StartedDownload;
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::params::{FromParams, Params, query};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::recorded::reads_body;
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_export, _, _>(export)
}

enumeration! {
    /// The kind of an exported file.
    ///
    /// - `csv`: text.
    /// - `xlsx`: a workbook, in which numbers, days and truth values are such, and all else is text.
    pub(crate) FileFormatView = FileFormat as "ExportFileFormat" in FileFormat::ALL
}

query! {
    /// Format of an export file.
    struct ExportQuery {
        /// The columns, separated by commas, in order: `id`, `external_id`, `name`, `email`,
        /// `phone`, `tags`, `consent`, `source`, `created_at`, `updated_at` and the keys of custom
        /// fields. Default: all columns except archived fields.
        #[param(example = "name,email,tier")]
        columns: Option<String>,
        /// The id of a segment whose columns the file has, in their order, instead of `columns`.
        /// Columns that cannot be exported are left out: conversations and archived fields. A
        /// segment without columns gives the default. It does not filter: name it in `segment`, too.
        #[param(value_type = Option<Uuid>)]
        view: Option<String>,
        /// Whether the file starts with a byte order mark, which Excel needs to read characters
        /// that are not ASCII.
        #[param(default = false)]
        bom: Option<bool>,
        /// The kind of the file. Spreadsheet programs change no value of a workbook when they open
        /// it; of a CSV file they may.
        #[param(inline, default = "csv")]
        format: Option<FileFormatView>,
    }
}

/// Export contacts as a CSV file or a workbook
///
/// The file contains all contacts that match the filter, ordered by id. Importing the file with the
/// suggested mapping changes nothing. If an error occurs during the download, the connection closes
/// before the last chunk: a download that ends normally is complete.
#[utoipa::path(
    get, path = "/v1/contacts/export", tag = "contacts", operation_id = "export_contacts",
    params(FilterQuery, ExportQuery),
    responses(
        (status = 200, description = "The file, while it is made", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ), headers(
            ("content-disposition" = String, description = "Its name"),
        )),
        (status = 422, description = "`invalid`: the filter or a column cannot be used", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn export(CanExport(caller): CanExport, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let slot = shared.downloads.take(caller.org)?;
    let (query, is_read) = (req.query_string().to_owned(), reads_body(&req));
    let started = blocking(&shared, move |api| {
        let (filter, text, format, file_format) = read(&query, api, &caller)?;
        let today = api.clock.now().date();
        if !is_read {
            // A HEAD request is checked like an export, and exports nothing.
            return Ok((StartedDownload::new(Box::new(std::iter::empty()))?, today, file_format));
        }
        let export = api.exports.matching(caller.org, filter, &text, &format, caller.actor)?;
        let file = api.exports.convert(caller.org, Box::new(export), &format, file_format)?;
        Ok((StartedDownload::new(file)?, today, file_format))
    });
    let (started, today, file_format) = started.await?;
    Ok(started.export(shared, slot, &format!("contacts-{today}"), file_format))
}

/// Returns the filter, its text, the columns, and the kind of the file.
fn read(
    query: &str,
    api: &Api,
    caller: &Caller,
) -> Result<(ContactFilter, FilterText, ExportFormat, FileFormat), Problem> {
    let mut params = Params::read(query)?;
    let text = take_filter(&mut params);
    let filter = parse_filter(&mut params, &text, caller.org, api)?;
    let ExportQuery { columns, view, bom, format: file_format } =
        ExportQuery::from_params(&mut params);
    let names = columns.map(|names| names.split(',').map(str::to_owned).collect());
    let columns = match columns_of(api, caller, names, view.as_deref()) {
        Err(Error::Invalid(errors)) => {
            params.refuse_all(errors);
            None
        }
        columns => columns?,
    };
    let format = ExportFormat { columns, byte_order_mark: bom.unwrap_or(false) };
    // Report all errors of the request at once.
    if let Err(Error::Invalid(errors)) = api.exports.check(caller.org, &format) {
        params.refuse_all(errors);
    }
    params.finish()?;
    Ok((filter, text, format, file_format.map_or(FileFormat::Csv, |Enumerated(format)| format)))
}

/// Returns the names of the columns of an export: those that are given, those of the segment `view`,
/// or `None` for all.
///
/// # Errors
///
/// [`Error::Invalid`] naming `view`, when the segment is unknown or has no column that can be
/// exported, or when columns are given, too.
pub(crate) fn columns_of(
    api: &Api,
    caller: &Caller,
    names: Option<Vec<String>>,
    view: Option<&str>,
) -> Result<Option<Vec<String>>, Error> {
    let invalid = |reason: &str| Err(Error::Invalid(Invalid::one("view", reason)));
    let Some(view) = view else { return Ok(names) };
    if names.is_some() {
        return invalid("cannot stand beside columns");
    }
    let Ok(id) = Uuid::try_parse(view) else { return invalid("is not the id of a segment") };
    match api.segments.get(caller.org, caller.credential(), SegmentId(id)) {
        Err(Error::NotFound(_)) => invalid("is not the id of a segment"),
        segment => api.exports.columns_of(caller.org, &segment?),
    }
}
