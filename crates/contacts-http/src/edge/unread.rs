//! Request bodies that are not read to their end.
//!
//! When the rest of a chunked body is dropped, actix reads it to its end in order to reuse the
//! connection, and a client may never end it. When the rest is kept until the response is sent,
//! actix closes the connection instead.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The unread rest of a request body, kept until the response is sent.
pub(crate) type Rest = Rc<RefCell<Payload>>;

/// Returns a shared handle to the request's body, or `None` when it has no body.
pub(crate) fn share(req: &mut ServiceRequest) -> Option<Rest> {
    let payload = req.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let payload = Rc::new(RefCell::new(payload));
    req.set_payload(Payload::Stream { payload: Box::pin(Share(payload.clone())) });
    Some(payload)
}

/// Keeps the rest of the request's body alive until the response is sent.
pub(crate) fn keep_share(response: ServiceResponse, rest: Option<Rest>) -> ServiceResponse {
    match rest {
        Some(rest) => response.map_body(|_, body| BoxBody::new(Holding { body, _rest: rest })),
        None => response,
    }
}

struct Share(Rest);

impl Stream for Share {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

struct Holding {
    body: BoxBody,
    _rest: Rest,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_pin_mut().poll_next(cx)
    }
}
