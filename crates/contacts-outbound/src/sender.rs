//! Sends webhook messages over HTTP.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use contacts_core::webhook::{Message, SendOutcome, WebhookSender, WebhookUrl};
use contacts_guard::{Guard, describe_error};
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};

use crate::message::{SignedMessage, write};

/// Which requests the operator allows, and how long a receiver may take.
#[derive(Clone, Copy, Debug)]
pub struct OutboundConfig {
    /// Whether URLs may begin with `http://`.
    pub allow_http: bool,
    /// Whether messages may go to internal addresses, at any port: for development and tests, and
    /// where receivers are in the same network as the service.
    pub allow_private: bool,
    /// Time limit for connecting.
    pub connect_timeout: Duration,
    /// Time limit for the whole request, from the look-up of the name to the end of the answer.
    pub total_timeout: Duration,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow_http: false,
            allow_private: false,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
        }
    }
}

impl OutboundConfig {
    fn guard(self) -> Guard {
        Guard { allow_http: self.allow_http, allow_private: self.allow_private }
    }
}

/// Answers up to this number of bytes are read to their end, so that the connection is reused.
const MAX_ANSWER_BYTES: u64 = 4 << 10;

/// Sends messages over HTTP.
///
/// It has a runtime of its own, so that one time limit covers the whole request, including the
/// look-up of the name and the last byte.
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
        // It may be dropped on a thread that must not block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl HttpSender {
    /// Creates a sender. Its runtime is started by the first message.
    pub fn new(config: OutboundConfig) -> Self {
        Self { config, running: OnceLock::new() }
    }

    fn start(&self) -> Result<Running, String> {
        let failed = |error: &dyn StdError| format!("messages cannot be sent: {error}");
        let client = self.config.guard().client(|client| {
            client
                .connect_timeout(self.config.connect_timeout)
                .timeout(self.config.total_timeout)
                .pool_max_idle_per_host(1)
        });
        let client = client.map_err(|error| failed(&error))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("outbound")
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Running { client, runtime: Some(runtime) })
    }
}

impl WebhookSender for HttpSender {
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String> {
        // Host names are checked when a message is sent; IP addresses are checked here.
        let accepted = self.config.guard().accepts(url.is_plain(), url.port(), url.address());
        accepted.map_err(str::to_owned)
    }

    fn send<'a>(&self, message: &Message<'a>) -> SendOutcome {
        if let Err(reason) = self.accepts(message.url) {
            return SendOutcome::Failed(format!("the address {reason}"));
        }
        let signed = match write(message) {
            Ok(signed) => signed,
            Err(error) => {
                return SendOutcome::Failed(format!("the message cannot be written: {error}"));
            }
        };
        let running = match self.running.get_or_init(|| self.start()) {
            Ok(running) => running,
            Err(reason) => return SendOutcome::Failed(reason.clone()),
        };
        let Some(runtime) = &running.runtime else {
            return SendOutcome::Failed("the service is shutting down".to_owned());
        };
        let post = post(&running.client, message.url.as_str(), signed);
        runtime.block_on(async {
            match tokio::time::timeout(self.config.total_timeout, post).await {
                Ok(sent) => sent,
                Err(_elapsed) => SendOutcome::Failed("it did not respond in time".to_owned()),
            }
        })
    }
}

async fn post(client: &Client, url: &str, message: SignedMessage) -> SendOutcome {
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", message.signature)
        .body(message.body);
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return SendOutcome::Failed(describe_error(&error)),
    };
    let status = response.status().as_u16();
    // The body of the answer has no meaning. A short one is read to its end, so that the connection
    // is reused; for a long or slow one, the connection is dropped.
    if response.content_length().is_some_and(|length| length <= MAX_ANSWER_BYTES) {
        let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
    }
    SendOutcome::Answered(status)
}
