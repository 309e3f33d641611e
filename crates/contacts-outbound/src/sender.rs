//! Sending messages.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use contacts_core::webhook::{Message, Sent, WebhookSender, WebhookUrl};
use contacts_guard::{Guard, problem};
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};

use crate::message::{Written, write};

/// What the operator allows, and how long others may take.
#[derive(Clone, Copy, Debug)]
pub struct OutboundConfig {
    /// Whether addresses may begin with `http://`.
    pub allow_http: bool,
    /// Whether addresses inside the network may be asked, at any port: for development and
    /// tests, and where receivers stand beside the service.
    pub allow_private: bool,
    /// How long it may take to connect.
    pub connect: Duration,
    /// How long it may take in all.
    pub whole: Duration,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow_http: false,
            allow_private: false,
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(15),
        }
    }
}

impl OutboundConfig {
    fn guard(self) -> Guard {
        Guard { allow_http: self.allow_http, allow_private: self.allow_private }
    }
}

/// The most of an answer that is read, so that its connection can be used again.
const MOST_READ: u64 = 4 << 10;

/// Sends messages over HTTP.
///
/// It has a runtime of its own: the time for an answer is then one for all of it, the look-up of
/// the name and the last byte included.
pub struct HttpSender {
    config: OutboundConfig,
    running: OnceLock<Result<Running, String>>,
}

struct Running {
    client: Client,
    runtime: Option<Runtime>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be dropped where nobody may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl HttpSender {
    /// A sender; nothing is started before its first message.
    pub fn new(config: OutboundConfig) -> Self {
        Self { config, running: OnceLock::new() }
    }

    fn start(&self) -> Result<Running, String> {
        let told = |error: &dyn StdError| format!("nothing can be sent: {error}");
        let client = self.config.guard().client(|client| {
            let client = client.connect_timeout(self.config.connect).timeout(self.config.whole);
            client.pool_max_idle_per_host(1)
        });
        let client = client.map_err(|error| told(&error))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("outbound")
            .enable_all()
            .build()
            .map_err(|error| told(&error))?;
        Ok(Running { client, runtime: Some(runtime) })
    }
}

impl WebhookSender for HttpSender {
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String> {
        // A name is looked up when a message is sent; an address is not, and is seen here.
        let accepted = self.config.guard().accepts(url.is_plain(), url.port(), url.address());
        accepted.map_err(str::to_owned)
    }

    fn send<'a>(&self, message: &Message<'a>) -> Sent {
        if let Err(why) = self.accepts(message.url) {
            return Sent::Failed(format!("the address {why}"));
        }
        let written = match write(message) {
            Ok(written) => written,
            Err(error) => return Sent::Failed(format!("the message cannot be written: {error}")),
        };
        let running = match self.running.get_or_init(|| self.start()) {
            Ok(running) => running,
            Err(why) => return Sent::Failed(why.clone()),
        };
        let Some(runtime) = &running.runtime else {
            return Sent::Failed("nothing is sent any more".to_owned());
        };
        let post = post(&running.client, message.url.as_str(), written);
        runtime.block_on(async {
            match tokio::time::timeout(self.config.whole, post).await {
                Ok(sent) => sent,
                Err(_elapsed) => Sent::Failed("it did not answer in time".to_owned()),
            }
        })
    }
}

async fn post(client: &Client, url: &str, message: Written) -> Sent {
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", message.signature)
        .body(message.body);
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Sent::Failed(problem(&error)),
    };
    let status = response.status().as_u16();
    // What it says besides is of no meaning. A short answer is read to its end, so that the
    // connection can be used again; a long or slow one is left with its connection.
    if response.content_length().is_some_and(|length| length <= MOST_READ) {
        let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
    }
    Sent::Answered(status)
}
