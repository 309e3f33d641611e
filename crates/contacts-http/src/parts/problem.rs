//! Errors as problem details (RFC 9457). This is the only place that assigns them a status and a
//! code.

use std::error::Error as StdError;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use contacts_core::key::Scope;
use contacts_core::{Error, Invalid};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Declares the codes together with their names, so that the API description lists all of them. A
/// name is a `tt`, because a derive macro does not accept a `literal` fragment.
macro_rules! codes {
    ($($code:ident $status:ident $name:tt $title:literal),+ $(,)?) => {
        /// The code of a problem, for programs. Codes do not change; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[schema(as = ProblemCode)]
        pub(crate) enum Code { $(#[serde(rename = $name)] $code),+ }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$code),+];

            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status),+ }
            }

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$code => $title),+ }
            }
        }
    };
}

codes! {
    Merged PERMANENT_REDIRECT "merged" "The contact was merged into another",
    InvalidJson BAD_REQUEST "invalid_json" "The body is not JSON",
    InvalidRequest BAD_REQUEST "invalid_request" "The request cannot be read",
    InvalidHeader BAD_REQUEST "invalid_header" "A header cannot be read",
    Unauthenticated UNAUTHORIZED "unauthenticated" "The credential is missing or not valid",
    LinkRefused UNAUTHORIZED "link_refused" "The sign-in link is not good any more",
    CrossSite FORBIDDEN "cross_site" "It comes from a page of another site",
    ScopeMissing FORBIDDEN "scope_missing" "The credential lacks a scope",
    Forbidden FORBIDDEN "forbidden" "It is not the caller's to do",
    NotFound NOT_FOUND "not_found" "There is no such thing",
    NoSuchRoute NOT_FOUND "no_such_route" "The API has no such path",
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed" "The path does not take this method",
    BodyTooSlow REQUEST_TIMEOUT "body_too_slow" "The body came too slowly",
    EmailTaken CONFLICT "email_taken" "Another contact has the address",
    ExternalIdTaken CONFLICT "external_id_taken" "Another contact has the external id",
    Taken CONFLICT "taken" "It exists already",
    Conflict CONFLICT "conflict" "Its state does not allow this",
    RequestInProgress CONFLICT "request_in_progress" "The same request is being carried out",
    AnswerLost CONFLICT "answer_lost" "The request was carried out, and its answer was lost",
    AnswerErased GONE "answer_erased" "The answer is no longer stored",
    FileErased GONE "file_erased" "The file was deleted",
    CursorExpired GONE "cursor_expired" "The feed does not reach back so far",
    CountChanged CONFLICT "count_changed" "The number of contacts has changed",
    Stale PRECONDITION_FAILED "stale" "It has changed since it was read",
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large" "The body is too large",
    UnsupportedType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body has another type",
    UnsupportedEncoding UNSUPPORTED_MEDIA_TYPE "unsupported_encoding" "The body is compressed",
    Invalid UNPROCESSABLE_ENTITY "invalid" "Something given is not valid",
    KeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused" "The key was used for another request",
    RateLimited TOO_MANY_REQUESTS "rate_limited" "Too many requests",
    ShareUsed TOO_MANY_REQUESTS "share_used" "The organisation uses its share",
    Internal INTERNAL_SERVER_ERROR "internal" "Something went wrong on our side",
    Busy SERVICE_UNAVAILABLE "busy" "Too much is going on",
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The database cannot be reached",
    StorageFull INSUFFICIENT_STORAGE "storage_full" "The database has no space left",
}

/// An error to return to the caller.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: String,
    errors: Vec<Invalid>,
    contact_id: Option<Uuid>,
    count: Option<u64>,
    current: Option<Value>,
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            contact_id: None,
            count: None,
            current: None,
            retry_after: None,
        }))
    }

    pub(crate) fn invalid(errors: Vec<Invalid>) -> Self {
        let errors: Vec<_> = errors.into_iter().map(shortened).collect();
        let mut problem = Self::new(Code::Invalid, Error::Invalid(errors.clone()).to_string());
        problem.0.errors = errors;
        problem
    }

    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "the request could not be carried out; the log says why")
    }

    pub(crate) fn busy() -> Self {
        Self::new(Code::Busy, Error::Busy.to_string()).retry_after(1)
    }

    pub(crate) fn unauthenticated(detail: &str) -> Self {
        Self::new(Code::Unauthenticated, detail)
    }

    /// The problem of a caller who has none of the scopes, of which one is needed.
    pub(crate) fn scope_missing(scopes: &[Scope]) -> Self {
        let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let names = names.join(" or ");
        Self::new(Code::ScopeMissing, format!("this needs a credential with the scope {names}"))
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    fn with_contact(mut self, id: Uuid) -> Self {
        self.0.contact_id = Some(id);
        self
    }

    fn with_count(mut self, now: u64) -> Self {
        self.0.count = Some(now);
        self
    }

    /// Adds the view of the current state of a resource of which the caller has an old copy.
    pub(crate) fn with_current(mut self, current: &impl Serialize) -> Self {
        self.0.current = serde_json::to_value(current).ok();
        self
    }
}

/// Maximum number of characters of a field's name or of a reason in a problem. Both may repeat what
/// the client sent.
const MAX_SHOWN_CHARS: usize = 500;

fn shortened(Invalid { field, reason }: Invalid) -> Invalid {
    let shorten = |text: String| match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    Invalid { field: shorten(field), reason: shorten(reason) }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound(_) => Self::new(Code::NotFound, detail),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::EmailTaken(id) => Self::new(Code::EmailTaken, detail).with_contact(id.0),
            Error::ExternalIdTaken(id) => {
                Self::new(Code::ExternalIdTaken, detail).with_contact(id.0)
            }
            Error::Merged(id) => Self::new(Code::Merged, detail).with_contact(id.0),
            Error::Taken(_) => Self::new(Code::Taken, detail),
            // The resource adds the view of its current state, which is unknown here.
            Error::Stale(_) => Self::new(Code::Stale, detail),
            Error::CountChanged(now) => Self::new(Code::CountChanged, detail).with_count(now),
            Error::Conflict(_) => Self::new(Code::Conflict, detail),
            Error::Forbidden(_) => Self::new(Code::Forbidden, detail),
            Error::ScopeMissing(scope) => Self::scope_missing(&[scope]),
            Error::FileErased => Self::new(Code::FileErased, detail),
            Error::CursorExpired => Self::new(Code::CursorExpired, detail),
            Error::ClaimLost => Self::new(Code::RequestInProgress, detail).retry_after(1),
            Error::Busy => Self::busy(),
            Error::Unavailable(source) => {
                tracing::warn!(error = chain(&*source), "the store cannot be reached");
                Self::new(Code::Unavailable, detail).retry_after(1)
            }
            Error::StorageFull(source) => {
                tracing::error!(error = chain(&*source), "the store is full");
                Self::new(Code::StorageFull, detail).retry_after(60)
            }
            Error::Store(source) => {
                tracing::error!(error = chain(&*source), "the store failed");
                Self::internal()
            }
        }
    }
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

impl StdError for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let Parts { code, detail, errors, contact_id, count, current, retry_after } = &*self.0;
        let mut response = HttpResponse::build(code.status());
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        match (code, contact_id) {
            (Code::Merged, Some(id)) => {
                response.insert_header((header::LOCATION, format!("/v1/contacts/{id}")));
            }
            (Code::Unauthenticated | Code::LinkRefused, _) => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            // Close the connection instead of reading the rest of the body.
            (Code::BodyTooLarge | Code::BodyTooSlow, _) => {
                response.force_close();
            }
            _ => {}
        }
        let errors = errors.iter().cloned().map(FieldProblemView::from);
        let view = ProblemView {
            r#type: format!("urn:informly:contacts:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            code: *code,
            detail: detail.clone(),
            errors: errors.collect(),
            contact_id: *contact_id,
            count: *count,
            current: current.clone(),
        };
        response.body(serde_json::to_vec(&view).unwrap_or_default())
    }
}

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemView {
    /// The code as a URI.
    #[schema(example = "urn:informly:contacts:problem:invalid")]
    r#type: String,
    /// Short description of the kind of problem.
    title: &'static str,
    /// The HTTP status of the response.
    status: u16,
    /// The code of the problem, for programs.
    code: Code,
    /// Description of this occurrence of the problem.
    detail: String,
    /// All invalid parts of the request, if any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblemView>,
    /// For `email_taken` and `external_id_taken`: id of the contact that has the address or the
    /// external id. For `merged`: id of the contact into which it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contact_id: Option<Uuid>,
    /// For `count_changed`: the number of contacts that match now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    count: Option<u64>,
    /// For `stale`: the current state of the contact, as in the schema Contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    current: Option<Value>,
}

/// An invalid part of the request.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub(crate) struct FieldProblemView {
    /// Name of the part, such as `email`, `custom.tier`, `add[2]` or a query parameter.
    field: String,
    /// The reason why it is invalid, worded to follow the name of the part.
    reason: String,
}

impl From<Invalid> for FieldProblemView {
    fn from(invalid: Invalid) -> Self {
        let Invalid { field, reason } = shortened(invalid);
        Self { field, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_code_is_in_the_guide() {
        let guide = include_str!("../../../../docs/API.md");
        for code in Code::ALL {
            let row = format!("| {} | `{}` |", code.status().as_u16(), code.as_str());
            assert!(guide.contains(&row), "docs/API.md lacks the row: {row}");
        }
    }
}
