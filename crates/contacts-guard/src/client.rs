//! The HTTP client, and the checks before its requests.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, redirect};

use crate::address::is_public;

/// Which requests the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Whether URLs may begin with `http://`.
    pub allow_http: bool,
    /// Whether requests may go to internal addresses, at any port: for development and tests.
    pub allow_private: bool,
}

impl Guard {
    /// Checks a URL before a request: its scheme, its port, and its host when that is an IP
    /// address. Call it before each request, because the client itself checks host names only.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL, as a fragment that follows "the address".
    pub fn accepts(
        &self,
        is_plain: bool,
        port: u16,
        host: Option<IpAddr>,
    ) -> Result<(), &'static str> {
        if is_plain && !self.allow_http {
            return Err("must start with https://");
        }
        if self.allow_private {
            return Ok(());
        }
        let is_allowed = matches!(port, 80 | 443 | 1024..);
        if !is_allowed {
            return Err("must have the port 80, 443, or one above 1023");
        }
        match host {
            Some(host) if !is_public(host) => Err("is inside the network, which is not allowed"),
            _ => Ok(()),
        }
    }

    /// Builds a client that refuses host names which resolve to internal addresses. `set` sets
    /// further options, such as timeouts.
    ///
    /// # Errors
    ///
    /// The client cannot be built.
    pub fn client(
        &self,
        set: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client, reqwest::Error> {
        // When a provider is installed already, it is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        set(Client::builder())
            .user_agent("Informly-Contacts/1")
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(GuardedResolver { allow_private: self.allow_private }))
            .build()
    }
}

/// Describes a failed request, as a fragment that follows "failed: ". It leaves the URL out,
/// because its path may contain a token.
pub fn describe_error(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut last = None;
    while let Some(error) = source {
        if let Some(internal) = error.downcast_ref::<InternalAddress>() {
            return internal.to_string();
        }
        last = Some(error.to_string());
        source = error.source();
    }
    let what = if error.is_timeout() {
        "it did not respond in time"
    } else if error.is_connect() {
        "it cannot be connected to"
    } else {
        "it did not respond"
    };
    match last {
        Some(last) if !error.is_timeout() => format!("{what}: {last}"),
        _ => what.to_owned(),
    }
}

/// Resolves host names, and refuses those with an internal address.
struct GuardedResolver {
    allow_private: bool,
}

/// A host name resolves to an internal address.
#[derive(Debug)]
struct InternalAddress;

impl fmt::Display for InternalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address is inside the network, which is not allowed")
    }
}

impl StdError for InternalAddress {}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One internal address is enough to refuse the name: which of its addresses is used
            // would be chance.
            if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
                return Err(InternalAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
