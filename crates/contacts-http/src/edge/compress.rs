//! Compression of responses for clients that accept gzip: JSON and CSV, when long enough. Event
//! streams are not compressed, because each event must arrive at once.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Size in bytes of the smallest body that is compressed.
const LEAST: u64 = 1_024;

const KINDS: [&str; 3] = ["application/json", "application/problem+json", "text/csv"];

/// Returns whether the client accepts gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let counts = |coding: &str| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    };
    let all = headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(counts)
}

/// Compresses a response when that saves bytes.
pub(crate) fn compress(mut response: ServiceResponse, takes_gzip: bool) -> ServiceResponse {
    if !is_worth_it(&response) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !takes_gzip {
        return response;
    }
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(header::CONTENT_LENGTH);
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(gzip(&bytes).unwrap_or_default()),
        Err(body) => BoxBody::new(Gzip { body, encoder: Some(encoder()) }),
    })
}

fn is_worth_it(response: &ServiceResponse) -> bool {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let is_long = match response.response().body().size() {
        BodySize::None => false,
        BodySize::Sized(size) => size >= LEAST,
        BodySize::Stream => true,
    };
    // A strong entity tag identifies these exact bytes, so it must not be sent with compressed
    // ones.
    let is_free =
        [header::CONTENT_ENCODING, header::ETAG].iter().all(|name| !headers.contains_key(name));
    is_long && is_free && KINDS.contains(&kind.trim())
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::fast())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = encoder();
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A body stream that is compressed chunk by chunk.
struct Gzip {
    body: BoxBody,
    /// `None` once the stream has ended.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl MessageBody for Gzip {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            let Some(encoder) = &mut self.encoder else { return Poll::Ready(None) };
            if !encoder.get_ref().is_empty() {
                let chunk = std::mem::take(encoder.get_mut());
                return Poll::Ready(Some(Ok(chunk.into())));
            }
            match ready!(self.body.as_pin_mut().poll_next(cx)) {
                Some(chunk) => self.push(&chunk?)?,
                None => {
                    let trailer = self.encoder.take().map(GzEncoder::finish).transpose()?;
                    return Poll::Ready(trailer.map(|trailer| Ok(trailer.into())));
                }
            }
        }
    }
}

impl Gzip {
    fn push(&mut self, chunk: &[u8]) -> io::Result<()> {
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        encoder.write_all(chunk)?;
        // Flush, so that the client gets each chunk as soon as it is available.
        encoder.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_when_it_is_asked_for() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_gzip(&headers)
        };
        assert!(takes("gzip") && takes("br, GZIP;q=0.5") && takes("deflate,gzip"));
        assert!(!takes("gzip;q=0") && !takes("identity") && !takes("") && !takes("*"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
