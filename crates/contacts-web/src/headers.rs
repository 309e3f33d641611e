//! The security headers of the page: browsers run nothing in it that is not part of it (OWASP ASVS,
//! chapter on browser security headers).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Allows scripts, styles and connections of the page's own origin only, nothing inline, and no
/// markup from strings.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'";

/// Disables browser features that the page does not use.
const PERMISSIONS: &str = "accelerometer=(), bluetooth=(), camera=(), display-capture=(), \
     geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// Headers of the document, which no other page may embed.
const DOCUMENT: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Headers of an asset. An asset that is opened by itself may do nothing. The headers of the document
/// would be a third of the first load.
const ASSET: [(HeaderName, &str); 1] =
    [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")];

/// Headers of every response.
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

/// For one year after the latest response.
const HTTPS_ONLY: &str = "max-age=31536000; includeSubDomains";

/// Adds the security headers of a document or an asset.
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
