//! What the page asks of browsers, so that nothing but itself runs in it (OWASP ASVS, chapter on
//! browser security headers).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Scripts, styles and connections of our own only, none inline, and no markup made of strings.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'";

/// What the page never uses.
const PERMISSIONS: &str = "accelerometer=(), bluetooth=(), camera=(), display-capture=(), \
     geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// A document may do what the page does, and be inside of no other.
const DOCUMENT: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// An asset is never looked at by itself: then it may do nothing. The document's headers would be
/// a third of what the first visit loads.
const ASSET: [(HeaderName, &str); 1] =
    [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")];

const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

/// For a year, which every answer begins anew.
const HTTPS_ONLY: &str = "max-age=31536000; includeSubDomains";

/// Adds the headers that a document or an asset of the page has.
pub(crate) fn protect(headers: &mut HeaderMap, is_document: bool, https: bool) {
    insert(headers, ALWAYS);
    if is_document {
        insert(headers, DOCUMENT);
    } else {
        insert(headers, ASSET);
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
}

fn insert<const N: usize>(headers: &mut HeaderMap, more: [(HeaderName, &'static str); N]) {
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
