//! TLS servers that stand for other systems.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request that a server received.
pub(crate) struct ReceivedRequest {
    pub(crate) at: Instant,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl ReceivedRequest {
    /// Returns a header, which must exist.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }

    /// The path and the query.
    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(existing, _)| existing.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A server with a certificate of an authority that was created for it.
pub(crate) struct Secured {
    /// The URL without a path.
    pub(crate) url: String,
    /// The authority's certificate.
    pub(crate) authority: String,
    /// The requests, each as soon as it was answered.
    pub(crate) arrived: mpsc::Receiver<ReceivedRequest>,
}

impl Secured {
    /// Starts a server that answers each request with a status, headers and a body.
    pub(crate) fn new(
        answer: impl Fn(&ReceivedRequest) -> (u16, String, String) + Send + 'static,
    ) -> Self {
        let (authority, config) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (send, arrived) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                // A client that does not trust the certificate closes the connection.
                let Some(request) = read(&mut stream) else { continue };
                let (status, headers, body) = answer(&request);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}\
                     content-length: {length}\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
                if send.send(request).is_err() {
                    return;
                }
            }
        });
        Self { url, authority, arrived }
    }
}

/// The certificate of a new authority, and the configuration of a server with a certificate of it.
fn certified() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = names.signed_by(&key, &issuer).unwrap().into();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    (authority.pem(), Arc::new(config))
}

fn read(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<ReceivedRequest> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (head, body) = (head.to_owned(), body.to_owned());
            let arrived = ReceivedRequest { at: Instant::now(), head, body };
            if arrived.find("content-length").unwrap_or("0").parse() == Ok(arrived.body.len()) {
                return Some(arrived);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
