//! Entries of the audit trail about downloads (R61).

use actix_web::HttpRequest;
use actix_web::http::Method;
use contacts_core::trail::TrailEvent;

use crate::parts::caller::Caller;
use crate::parts::problem::Problem;
use crate::parts::services::Api;

/// Returns whether the answer to a request has a body, and is recorded as a download. The answer to a
/// HEAD request has none.
pub(crate) fn reads_body(req: &HttpRequest) -> bool {
    req.method() != Method::HEAD
}

/// Records a download before it is sent, unless `reads_body` is false.
pub(crate) fn record_download(
    api: &Api,
    caller: &Caller,
    event: &TrailEvent,
    reads_body: bool,
) -> Result<(), Problem> {
    if reads_body {
        api.trail.record(caller.org, event, caller.actor)?;
    }
    Ok(())
}
