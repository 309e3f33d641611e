//! The client, and what it refuses.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, redirect};

use crate::address::is_public;

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Whether addresses may begin with `http://`.
    pub allow_http: bool,
    /// Whether addresses inside the network may be asked, at any port: for development and
    /// tests.
    pub allow_private: bool,
}

impl Guard {
    /// Whether an address may be asked, as far as it tells: whether it is unencrypted, its port,
    /// and its host when that is written as a number. Looked at before each request, since a
    /// client resolves names only.
    ///
    /// # Errors
    ///
    /// What is wrong with it, to be read after "the address".
    pub fn accepts(
        &self,
        is_plain: bool,
        port: u16,
        host: Option<IpAddr>,
    ) -> Result<(), &'static str> {
        if is_plain && !self.allow_http {
            return Err("must begin with https://");
        }
        if self.allow_private {
            return Ok(());
        }
        let is_fine = matches!(port, 80 | 443 | 1024..);
        if !is_fine {
            return Err("must have the port 80, 443, or one above 1023");
        }
        match host {
            Some(host) if !is_public(host) => Err("leads to an address inside the network"),
            _ => Ok(()),
        }
    }

    /// A client that connects to no name that leads inside, after what else it is to be was set.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn client(
        &self,
        set: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client, reqwest::Error> {
        // Somebody else may have installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        set(Client::builder())
            .user_agent("Informly-Contacts/1")
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(Looked { allow_private: self.allow_private }))
            .build()
    }
}

/// What went wrong, without the address: its path may hold somebody's token.
pub fn problem(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut last = None;
    while let Some(error) = source {
        if let Some(inside) = error.downcast_ref::<Inside>() {
            return inside.to_string();
        }
        last = Some(error.to_string());
        source = error.source();
    }
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "it cannot be connected to"
    } else {
        "it did not answer"
    };
    match last {
        Some(last) if !error.is_timeout() => format!("{what}: {last}"),
        _ => what.to_owned(),
    }
}

/// Looks names up, and at every address behind them.
struct Looked {
    allow_private: bool,
}

/// A name leads inside.
#[derive(Debug)]
struct Inside;

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its name leads to an address inside the network")
    }
}

impl StdError for Inside {}

impl Resolve for Looked {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One that leads inside is enough to refuse them all: which of them is taken would
            // be chance.
            if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
                return Err(Inside.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
