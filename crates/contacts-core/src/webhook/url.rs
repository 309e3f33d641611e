//! URLs of webhooks.

use std::fmt;

use url::Url;

/// A URL that messages are posted to: `https`, or `http` where the operator allows it, without a
/// user, a password or a fragment, 2,000 characters at most.
///
/// The host is resolved and checked when a message is sent, not here.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    const MAX: usize = 2_000;

    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// The reason, which reads after `url`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > Self::MAX {
            return Err("is longer than 2000 characters");
        }
        let url = Url::parse(text.trim()).map_err(|_error| "is no URL")?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("must start with https://");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("has no host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or a password");
        }
        if url.fragment().is_some() {
            return Err("must not contain a # part");
        }
        Ok(Self(url))
    }

    /// The normalised URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether messages are sent unencrypted.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host, when it is an IP address.
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

/// Prints the host only: the path may contain a token.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}://{}/…)", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_normalised_and_an_invalid_one_is_refused() {
        let url = WebhookUrl::parse(" https://Example.org/hook?a=b ").unwrap();
        assert_eq!((url.as_str(), url.port()), ("https://example.org/hook?a=b", 443));
        assert!(!format!("{url:?}").contains("/hook"));
        for (text, reason) in [
            ("example.org", "is no URL"),
            ("ftp://example.org", "must start with https://"),
            ("https://u:p@example.org", "must not contain a user name or a password"),
            ("https://example.org/#x", "must not contain a # part"),
        ] {
            assert_eq!(WebhookUrl::parse(text).unwrap_err(), reason, "{text}");
        }
        assert!(WebhookUrl::parse(&format!("https://example.org/{}", "x".repeat(2_000))).is_err());
    }

    #[test]
    fn an_ip_address_is_recognised_in_any_notation() {
        for text in
            ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1"]
        {
            let address = WebhookUrl::parse(text).unwrap().address().unwrap();
            assert!(address.is_loopback(), "{text}");
        }
        assert!(WebhookUrl::parse("http://[::1]/").unwrap().address().unwrap().is_loopback());
    }
}
