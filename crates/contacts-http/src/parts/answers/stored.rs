//! Stored responses.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;

/// The headers that are stored. The others apply to one request only, or are added to every
/// response.
const STORED_HEADERS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::LINK];

/// A response as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    status: StatusCode,
    /// The stored headers, each with its index in [`STORED_HEADERS`].
    headers: Vec<(u8, HeaderValue)>,
    body: Bytes,
}

impl Stored {
    pub(super) fn new(head: &HttpResponse<()>, body: Bytes) -> Self {
        let value = |(index, name)| Some((index, head.headers().get(name)?.clone()));
        Self {
            status: head.status(),
            headers: (0..).zip(&STORED_HEADERS).filter_map(value).collect(),
            body,
        }
    }

    pub(super) fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for (index, value) in self.headers {
            if let Some(name) = STORED_HEADERS.get(usize::from(index)) {
                response.insert_header((name.clone(), value));
            }
        }
        if self.body.is_empty() { response.finish() } else { response.body(self.body) }
    }

    /// Encodes the status, the number of headers, each header with its index and its length, and
    /// the body.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 256);
        bytes.extend(self.status.as_u16().to_be_bytes());
        bytes.push(self.headers.len() as u8);
        for (index, value) in &self.headers {
            bytes.push(*index);
            bytes.extend((value.len() as u32).to_be_bytes());
            bytes.extend(value.as_bytes());
        }
        bytes.extend(&self.body);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (status, bytes) = bytes.split_first_chunk()?;
        let (&count, mut bytes) = bytes.split_first()?;
        let mut headers = Vec::new();
        for _ in 0..count {
            let (&index, rest) = bytes.split_first()?;
            let (length, rest) = rest.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            headers.push((index, HeaderValue::from_bytes(value).ok()?));
            bytes = rest;
        }
        Some(Self {
            status: StatusCode::from_u16(u16::from_be_bytes(*status)).ok()?,
            headers,
            body: Bytes::copy_from_slice(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let head = HttpResponse::Created()
            .insert_header((header::LOCATION, "/v1/tags/1"))
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::DATE, "today"))
            .finish()
            .drop_body();
        for body in ["{\"id\": 1}", ""] {
            let stored = Stored::new(&head, Bytes::from_static(body.as_bytes()));
            let read = Stored::from_bytes(&stored.to_bytes()).unwrap();
            assert_eq!(read, stored);
            let response = read.into_response();
            assert_eq!(response.status(), 201);
            assert_eq!(response.headers().get("location").unwrap(), "/v1/tags/1");
            assert!(!response.headers().contains_key("date"));
        }
        assert_eq!(Stored::from_bytes(&[0]), None);
        assert_eq!(Stored::from_bytes(&[0, 200, 1, 0, 0, 0, 0, 9, 1]), None);
    }
}
