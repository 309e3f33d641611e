//! Identity of a request: two requests under one key are the same when none of their parts differs.

use std::future::ready;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use contacts_core::answer::Fingerprint;
use futures_util::stream;

use super::KEY;
use super::seal::Keys;
use crate::parts::body::read_whole;
use crate::parts::caller::Caller;
use crate::parts::problem::{Code, Problem};
use crate::parts::shared::Shared;

/// Maximum length of a key in bytes.
const MAX_KEY_LENGTH: usize = 255;

/// Returns the idempotency key of a request.
pub(super) fn key(headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
    let mut keys = headers.get_all(KEY).map(|value| value.as_bytes().trim_ascii());
    match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => Ok(key.to_vec()),
        _ => {
            let detail = format!(
                "Idempotency-Key must be given once, 1 to {MAX_KEY_LENGTH} visible ASCII characters"
            );
            Err(Problem::new(Code::InvalidHeader, detail))
        }
    }
}

fn is_key(key: &[u8]) -> bool {
    (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic)
}

/// Returns the fingerprint of a request: of its method, path, query, content type and body, and of
/// the scopes of its caller, who must not see an answer again that the scopes no longer allow.
///
/// The body of a route that takes JSON is read whole and given back to the request. Of an uploaded
/// file only the length counts: otherwise a repeat would have to be read to its end before it could
/// be answered.
pub(super) async fn fingerprint(
    shared: &Data<Shared>,
    req: &mut ServiceRequest,
    caller: &Caller,
    keys: &Keys,
) -> Result<Fingerprint, Problem> {
    let is_streamed = req.match_pattern().is_some_and(|path| shared.streamed.contains(&path));
    let body = if is_streamed {
        header_of(req, header::CONTENT_LENGTH)
    } else {
        let payload = req.take_payload();
        let body = read_whole(&shared.api.config, req.headers(), payload).await?;
        let bytes = body.freeze();
        let again = stream::once(ready(Ok(bytes.clone())));
        req.set_payload(Payload::Stream { payload: Box::pin(again) });
        bytes.to_vec()
    };
    let path = req.uri().path_and_query().map_or("", |path| path.as_str());
    let kind = header_of(req, header::CONTENT_TYPE);
    let scopes: Vec<_> = caller.scopes.iter().map(|scope| scope.as_str()).collect();
    let scopes = scopes.join(",");
    let method = req.method().as_str().as_bytes();
    Ok(keys.fingerprint(&[method, path.as_bytes(), &kind, &body, scopes.as_bytes()]))
}

fn header_of(req: &ServiceRequest, name: header::HeaderName) -> Vec<u8> {
    req.headers().get(name).map(|value| value.as_bytes().to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_up_to_255_visible_ascii_characters() {
        assert!(is_key(b"8e03978e-40d5-43dd-bc93-6894a57f9324"));
        assert!(is_key(b"\"quoted\"") && is_key(&[b'~'; 255]));
        assert!(!is_key(b"") && !is_key(&[b'a'; 256]));
        assert!(!is_key(b"a b") && !is_key(b"\xC3\xA4") && !is_key(b"a\tb"));
    }
}
