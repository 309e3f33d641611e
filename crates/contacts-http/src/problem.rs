//! Errors as problem details (RFC 9457): the one place that gives them a status and a code.

use std::error::Error as StdError;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use contacts_core::key::Scope;
use contacts_core::{Error, Invalid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contacts::ContactView;

/// Declares the codes, so that the documents cannot miss one.
macro_rules! codes {
    ($($code:ident $status:ident $name:literal $title:literal),+ $(,)?) => {
        /// What went wrong, as programs tell it apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($code),+ }

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
    Taken CONFLICT "taken" "It exists already",
    Conflict CONFLICT "conflict" "Its state does not allow this",
    RequestInProgress CONFLICT "request_in_progress" "The same request is being carried out",
    AnswerErased GONE "answer_erased" "The answer is not kept any more",
    FileErased GONE "file_erased" "The file is not kept any more",
    CursorExpired GONE "cursor_expired" "The feed does not reach back so far",
    CountChanged CONFLICT "count_changed" "It would be done to another number of contacts",
    Stale PRECONDITION_FAILED "stale" "It has changed since it was read",
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large" "The body is too large",
    UnsupportedType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body has another type",
    UnsupportedEncoding UNSUPPORTED_MEDIA_TYPE "unsupported_encoding" "The body is compressed",
    Invalid UNPROCESSABLE_ENTITY "invalid" "Something given is not valid",
    KeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused" "The key was used for another request",
    RateLimited TOO_MANY_REQUESTS "rate_limited" "Too many requests",
    Internal INTERNAL_SERVER_ERROR "internal" "Something went wrong on our side",
    Busy SERVICE_UNAVAILABLE "busy" "Too much is going on",
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The database cannot be reached",
}

/// An error on its way to the caller.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: String,
    errors: Vec<Invalid>,
    contact_id: Option<Uuid>,
    count: Option<u64>,
    current: Option<ContactView>,
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

    pub(crate) fn scope_missing(scope: Scope) -> Self {
        let scope = scope.as_str();
        Self::new(Code::ScopeMissing, format!("this needs a credential with the scope {scope}"))
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

    fn with_current(mut self, current: ContactView) -> Self {
        self.0.current = Some(current);
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound(_) => Self::new(Code::NotFound, detail),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::EmailTaken(id) => Self::new(Code::EmailTaken, detail).with_contact(id.0),
            Error::Merged(id) => Self::new(Code::Merged, detail).with_contact(id.0),
            Error::Taken(_) => Self::new(Code::Taken, detail),
            Error::Stale(contact) => {
                Self::new(Code::Stale, detail).with_current(ContactView::from(&*contact))
            }
            Error::CountChanged(now) => Self::new(Code::CountChanged, detail).with_count(now),
            Error::Conflict(_) => Self::new(Code::Conflict, detail),
            Error::Forbidden(_) => Self::new(Code::Forbidden, detail),
            Error::FileErased => Self::new(Code::FileErased, detail),
            Error::CursorExpired => Self::new(Code::CursorExpired, detail),
            Error::Busy => Self::busy(),
            Error::Unavailable(source) => {
                tracing::warn!(error = chain(&*source), "the store cannot be reached");
                Self::new(Code::Unavailable, detail).retry_after(1)
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
            // What is left of the body is not worth reading.
            (Code::BodyTooLarge | Code::BodyTooSlow, _) => {
                response.force_close();
            }
            _ => {}
        }
        let errors = errors.iter().map(|wrong| FieldProblemView {
            field: wrong.field.clone(),
            reason: wrong.reason.clone(),
        });
        let view = ProblemView {
            r#type: format!("urn:informly:contacts:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            code: code.as_str(),
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
    /// What kind of problem it is, for people.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What kind of problem it is, for programs. Codes do not change.
    #[schema(example = "invalid")]
    code: &'static str,
    /// What is wrong this time, for people.
    detail: String,
    /// Every part of the request that is wrong, when parts are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblemView>,
    /// `email_taken`: the contact that has the address. `merged`: the one that answers now.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
    /// `count_changed`: to how many contacts it would be done now.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// `stale`: the contact as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<ContactView>,
}

/// A part of the request that is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub(crate) struct FieldProblemView {
    /// The part, such as `email`, `custom.tier`, `add[2]` or a query parameter.
    field: String,
    /// What is wrong with it, to be read after its name.
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_told_of_in_the_guide() {
        let guide = include_str!("../../../docs/API.md");
        for code in Code::ALL {
            let row = format!("| {} | `{}` |", code.status().as_u16(), code.as_str());
            assert!(guide.contains(&row), "docs/API.md lacks the row: {row}");
        }
    }
}
