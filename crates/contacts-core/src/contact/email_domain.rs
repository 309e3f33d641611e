//! The domain of an e-mail address, as a filter names it.

use super::EmailAddress;

/// The domain of e-mail addresses, such as `example.org`. Two are equal when addresses in them are:
/// the case and the notation of an internationalised domain do not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmailDomain(String);

/// An invalid domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("must be domains such as example.org, separated by commas")]
pub struct InvalidEmailDomain;

impl EmailDomain {
    /// Parses a domain, which may follow an `@`.
    ///
    /// # Errors
    ///
    /// [`InvalidEmailDomain`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmailDomain> {
        let text = text.trim();
        let domain = text.strip_prefix('@').unwrap_or(text);
        if domain.contains(['@', '<', ' ', ',']) {
            return Err(InvalidEmailDomain);
        }
        let address = EmailAddress::parse(&format!("x@{domain}"));
        let address = address.map_err(|_invalid| InvalidEmailDomain)?;
        Ok(Self(address.domain().to_owned()))
    }

    /// The domain as keys of addresses have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an address is in the domain itself, not in one below it.
    pub fn contains(&self, email: &EmailAddress) -> bool {
        email.domain() == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_compared_as_addresses_are() {
        let domain = EmailDomain::parse(" @Bücher.Example ").unwrap();
        assert_eq!(domain, EmailDomain::parse("xn--bcher-kva.example").unwrap());
        assert!(domain.contains(&EmailAddress::parse("ann@BÜCHER.example").unwrap()));
        assert!(!domain.contains(&EmailAddress::parse("ann@mail.bücher.example").unwrap()));
        for text in ["", "@", "a@b.org", "no domain", "a b.org", "x.org,y.org"] {
            assert_eq!(EmailDomain::parse(text), Err(InvalidEmailDomain), "{text}");
        }
    }
}
