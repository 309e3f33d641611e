//! Where messages go.

use std::fmt;

use url::Url;

/// An address that messages are sent to: `https`, or `http` where the operator allows it,
/// without a user, a password or a fragment, 2,000 characters at most.
///
/// What stands behind its host is looked at when a message is sent, and not here.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    const MAX: usize = 2_000;

    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > Self::MAX {
            return Err("is longer than 2000 characters");
        }
        let url = Url::parse(text.trim()).map_err(|_error| "is no URL")?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("must begin with https://");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("has no host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password");
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment");
        }
        Ok(Self(url))
    }

    /// The address, normalised.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is not encrypted on its way.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host, when it is written as an address of the internet protocol.
    pub fn address(&self) -> Option<std::net::IpAddr> {
        match self.0.host()? {
            url::Host::Ipv4(address) => Some(address.into()),
            url::Host::Ipv6(address) => Some(address.into()),
            url::Host::Domain(_) => None,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }
}

/// A path may hold somebody's token, so a log is told the host only.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}://{}/…)", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_what_is_none_is_refused() {
        let url = WebhookUrl::parse(" https://Example.org/hook?a=b ").unwrap();
        assert_eq!((url.as_str(), url.port()), ("https://example.org/hook?a=b", 443));
        assert!(!format!("{url:?}").contains("/hook"));
        for (text, why) in [
            ("example.org", "is no URL"),
            ("ftp://example.org", "must begin with https://"),
            ("https://u:p@example.org", "must not hold a user or a password"),
            ("https://example.org/#x", "must not hold a fragment"),
        ] {
            assert_eq!(WebhookUrl::parse(text).unwrap_err(), why, "{text}");
        }
        assert!(WebhookUrl::parse(&format!("https://example.org/{}", "x".repeat(2_000))).is_err());
    }

    #[test]
    fn an_address_in_any_notation_is_known_as_one() {
        for text in
            ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1"]
        {
            let address = WebhookUrl::parse(text).unwrap().address().unwrap();
            assert!(address.is_loopback(), "{text}");
        }
        assert!(WebhookUrl::parse("http://[::1]/").unwrap().address().unwrap().is_loopback());
    }
}
