//! The public origin of the service.

use std::fmt;

use url::Url;

/// The public origin of the service: a scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// Parses an origin such as `https://contacts.example.org`. Returns `None` for anything else,
    /// including a URL with a path, a query or a user.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let origin = url.origin().ascii_serialization();
        // Refuse a longer URL, which would otherwise be truncated to its origin.
        (url.as_str() == format!("{origin}/")).then_some(Self { origin, https })
    }

    /// Returns the origin of a port on this machine, over HTTP.
    pub fn local(port: u16) -> Self {
        Self { origin: format!("http://127.0.0.1:{port}"), https: false }
    }

    /// Returns the origin in the form that browsers send.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns whether browsers reach the service over HTTPS.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

/// Writes the origin without a trailing slash, as browsers do in the header `Origin`.
impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_and_more_than_that_is_not() {
        let parsed = |text| PublicUrl::parse(text).map(|url| (url.to_string(), url.is_https()));
        let https = Some(("https://contacts.example.org".to_owned(), true));
        assert_eq!(parsed(" https://Contacts.example.org:443/ "), https);
        assert_eq!(parsed("http://[::1]:8080"), Some(("http://[::1]:8080".to_owned(), false)));
        for errors in
            ["contacts.example.org", "ftp://x", "https://x/page", "https://x?a", "https://u@x", ""]
        {
            assert_eq!(parsed(errors), None, "{errors}");
        }
    }
}
