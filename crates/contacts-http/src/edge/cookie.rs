//! The cookies that contain a session's token (R2) and an attempt to sign in (R60). Scripts cannot
//! read them, and pages of other sites can cause them to be sent only by a link.

use actix_web::http::header::{self, HeaderMap};
use contacts_core::identity::ATTEMPT_LIFE;
use contacts_core::key::Token;
use contacts_core::session::SESSION_LIFE;

use crate::parts::public_url::PublicUrl;

/// The name of the cookie over HTTP, as stated in the API description.
pub(crate) const NAME: &str = "contacts_session";

/// The name of the cookie over HTTPS: browsers accept a cookie with this prefix only from this
/// exact host, for the whole host.
const HOST_NAME: &str = "__Host-contacts_session";

/// The name of the cookie of an attempt to sign in.
const ATTEMPT: &str = "contacts_sign_in";

/// The name of the cookie of an attempt to sign in over HTTPS.
const HOST_ATTEMPT: &str = "__Host-contacts_sign_in";

/// Returns the token in a request's cookie.
pub(crate) fn read(headers: &HeaderMap, public: &PublicUrl) -> Option<Token> {
    values(headers, name(public)).find_map(Token::parse)
}

/// Returns the sealed attempt to sign in of a request.
pub(crate) fn attempt<'a>(headers: &'a HeaderMap, public: &PublicUrl) -> Option<&'a str> {
    values(headers, attempt_name(public)).next()
}

/// Returns the values of the cookies with a name.
fn values<'a>(headers: &'a HeaderMap, cookie_name: &'static str) -> impl Iterator<Item = &'a str> {
    let all = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(name, _)| name.trim() == cookie_name).map(|(_, value)| value.trim())
}

/// Returns the `Set-Cookie` value that makes a browser keep a token for the maximum lifetime of its
/// session.
pub(crate) fn session_cookie(token: &Token, public: &PublicUrl) -> String {
    write(name(public), &token.reveal(), SESSION_LIFE.whole_seconds(), public)
}

/// Returns the `Set-Cookie` value that makes a browser delete the cookie.
pub(crate) fn clear(public: &PublicUrl) -> String {
    write(name(public), "", 0, public)
}

/// Returns the `Set-Cookie` value that makes a browser keep a sealed attempt to sign in.
pub(crate) fn attempt_cookie(sealed: &str, public: &PublicUrl) -> String {
    write(attempt_name(public), sealed, ATTEMPT_LIFE.whole_seconds(), public)
}

/// Returns the `Set-Cookie` value that makes a browser delete the attempt to sign in.
pub(crate) fn clear_attempt(public: &PublicUrl) -> String {
    write(attempt_name(public), "", 0, public)
}

fn write(name: &str, value: &str, seconds: i64, public: &PublicUrl) -> String {
    let secure = if public.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

fn name(public: &PublicUrl) -> &'static str {
    if public.is_https() { HOST_NAME } else { NAME }
}

fn attempt_name(public: &PublicUrl) -> &'static str {
    if public.is_https() { HOST_ATTEMPT } else { ATTEMPT }
}
