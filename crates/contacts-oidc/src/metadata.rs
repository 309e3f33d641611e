//! What an issuer publishes about itself, for a while.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::CoreProviderMetadata;
use openidconnect::{DiscoveryError, IssuerUrl};

use crate::client::{IssuerClient, RequestError};

/// How long metadata and keys are used without asking again.
const LIFE: Duration = Duration::from_secs(300);

/// The metadata and the keys of an issuer. Requests are not sent under the lock.
#[derive(Default)]
pub(crate) struct MetadataCache(Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>);

impl MetadataCache {
    /// Returns the cached metadata, or fetches it.
    pub(crate) fn get(
        &self,
        url: &IssuerUrl,
        client: &IssuerClient,
    ) -> Result<Arc<CoreProviderMetadata>, String> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match cached {
            Some((since, metadata)) if since.elapsed() < LIFE => Ok(metadata),
            _ => self.fetch(url, client),
        }
    }

    /// Fetches metadata and keys, which may have changed.
    pub(crate) fn fetch(
        &self,
        url: &IssuerUrl,
        client: &IssuerClient,
    ) -> Result<Arc<CoreProviderMetadata>, String> {
        let send = |request| client.send(request);
        let metadata = CoreProviderMetadata::discover(url, &send).map_err(describe)?;
        let metadata = Arc::new(metadata);
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *cached = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }
}

/// Describes a failure without the answer, which can contain anything.
fn describe(error: DiscoveryError<RequestError>) -> String {
    let what = match &error {
        DiscoveryError::Response(status, ..) => format!("it answered with the status {status}"),
        DiscoveryError::Validation(reason) => format!("it is another issuer: {reason}"),
        DiscoveryError::Request(reason) => reason.to_string(),
        other => other.source().map_or_else(|| other.to_string(), ToString::to_string),
    };
    format!("the metadata of the issuer cannot be used: {what}")
}
