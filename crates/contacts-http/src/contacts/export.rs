//! Exporting contacts (R25).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::contact::ContactFilter;
use contacts_core::export::ExportFormat;
use utoipa::IntoParams;

use super::list::{FilterQuery, read_filter};
use crate::Api;
use crate::answer::Answer;
use crate::auth::CanRead;
use crate::blocking::{blocking, permit};
use crate::download::Begun;
use crate::params::Params;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_export, _, _>(export)
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what export reads")]
struct ExportQuery {
    /// The columns, separated by commas, in order: `id`, `name`, `email`, `phone`, `tags`,
    /// `source`, `created_at`, `updated_at` and the keys of custom fields. When absent, all of
    /// them, but for archived fields.
    #[param(example = "name,email,tier")]
    columns: Option<String>,
    /// Whether the file begins with a byte order mark, without which Excel misreads what is not
    /// ASCII.
    #[param(default = false)]
    bom: Option<bool>,
}

/// Export contacts as CSV
///
/// Everybody that the filter means, in the order of their ids. An import of the file, mapped as
/// suggested, changes nothing. When something goes wrong midway, the connection breaks off
/// before the last chunk: a file that ended well is complete.
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
async fn export(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let place = permit(&shared.streams)?;
    let query = req.query_string().to_owned();
    let begun = blocking(&shared, move |api| {
        let (filter, format) = read(&query, api, caller.org)?;
        let export = api.exports.matching(caller.org, filter, &format)?;
        Ok((Begun::new(Box::new(export))?, api.clock.now().date()))
    });
    let (begun, today) = begun.await?;
    Ok(begun.csv(shared, place, &format!("contacts-{today}.csv")))
}

fn read(query: &str, api: &Api, org: OrgId) -> Result<(ContactFilter, ExportFormat), Problem> {
    let mut params = Params::read(query)?;
    let filter = read_filter(&mut params, org, api)?;
    let columns = params.one("columns");
    let columns = columns.map(|names| names.split(',').map(str::to_owned).collect());
    let bom = params.parsed("bom", |text| text.parse().map_err(|_error| "must be true or false"));
    let format = ExportFormat { columns, byte_order_mark: bom.unwrap_or(false) };
    // Everything that is wrong is told at once.
    if let Err(contacts_core::Error::Invalid(wrong)) = api.exports.check(org, &format) {
        params.refuse_all(wrong);
    }
    params.finish()?;
    Ok((filter, format))
}
