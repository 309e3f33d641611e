//! `contacts openapi`.

use super::out;
use crate::report::{Done, Failure};

/// Prints the API's description.
pub(super) fn print() -> Done {
    let document = serde_json::to_string_pretty(&contacts_http::openapi())
        .map_err(|_bug| Failure::new("the description cannot be written: please report this"))?;
    out::say(document)
}
