//! The cookie that holds a session's token (R2): no script can read it, and pages of other sites
//! can send it only by a link.

use actix_web::http::header::{self, HeaderMap};
use contacts_core::key::Token;
use contacts_core::session::SESSION_LIFE;

use crate::site::PublicUrl;

/// Its name, as the API's description tells it.
pub(crate) const NAME: &str = "contacts_session";

/// Its name over HTTPS: a browser takes one of this name from us only, whole host and all.
const HOST_NAME: &str = "__Host-contacts_session";

/// The token in a request's cookie.
pub(crate) fn read(headers: &HeaderMap, public: &PublicUrl) -> Option<Token> {
    let wanted = name(public);
    let all = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| {
        (name.trim() == wanted).then(|| Token::parse(value.trim())).flatten()
    })
}

/// What makes a browser keep a token for as long as its session can last.
pub(crate) fn keep(token: &Token, public: &PublicUrl) -> String {
    write(&token.reveal(), SESSION_LIFE.whole_seconds(), public)
}

/// What makes a browser forget it.
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
