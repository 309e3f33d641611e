//! `contacts openapi`.

use super::out;
use crate::report::{Done, Failure};

/// Prints the OpenAPI description of the API.
pub(super) fn print() -> Done {
    let document = serde_json::to_string_pretty(&contacts_http::openapi()).map_err(|_bug| {
        Failure::new("the description cannot be written as JSON: please report this")
    })?;
    out::print_line(document)
}
