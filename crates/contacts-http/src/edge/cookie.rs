//! The cookie that contains a session's token (R2). Scripts cannot read it, and pages of other
//! sites can cause it to be sent only by a link.

use actix_web::http::header::{self, HeaderMap};
use contacts_core::key::Token;
use contacts_core::session::SESSION_LIFE;

use crate::parts::public_url::PublicUrl;

/// The name of the cookie over HTTP, as stated in the API description.
pub(crate) const NAME: &str = "contacts_session";

/// The name of the cookie over HTTPS: browsers accept a cookie with this prefix only from this
/// exact host, for the whole host.
const HOST_NAME: &str = "__Host-contacts_session";

/// Returns the token in a request's cookie.
pub(crate) fn read(headers: &HeaderMap, public: &PublicUrl) -> Option<Token> {
    let cookie_name = name(public);
    let all = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| {
        (name.trim() == cookie_name).then(|| Token::parse(value.trim())).flatten()
    })
}

/// Returns the `Set-Cookie` value that makes a browser keep a token for the maximum lifetime of its
/// session.
pub(crate) fn session_cookie(token: &Token, public: &PublicUrl) -> String {
    write(&token.reveal(), SESSION_LIFE.whole_seconds(), public)
}

/// Returns the `Set-Cookie` value that makes a browser delete the cookie.
pub(crate) fn clear(public: &PublicUrl) -> String {
    write("", 0, public)
}

fn write(value: &str, seconds: i64, public: &PublicUrl) -> String {
    let name = name(public);
    let secure = if public.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

fn name(public: &PublicUrl) -> &'static str {
    if public.is_https() { HOST_NAME } else { NAME }
}
