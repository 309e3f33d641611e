//! A small issuer: discovery, keys, an authorization endpoint that redirects at once, and a token
//! endpoint. A test makes it misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

pub(crate) const CLIENT: &str = "contacts";
pub(crate) const SECRET: &str = "a secret of the client";

/// A key of the issuer.
#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    pkcs8: Vec<u8>,
    /// The uncompressed point: a byte 4, x and y.
    public: Vec<u8>,
}

impl Key {
    pub(crate) fn new(id: &str) -> Self {
        let pair = KeyPair::generate().unwrap();
        let public = pair.public_key_raw().to_vec();
        Self { id: id.to_owned(), pkcs8: pair.serialize_der(), public }
    }

    fn jwk(&self) -> Value {
        let part = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": part(&self.public[1..33]), "y": part(&self.public[33..]),
        })
    }
}

/// How ID tokens are signed.
#[derive(Clone)]
pub(crate) enum Signature {
    /// With this key.
    Key(Key),
    /// With this key, under the id of another.
    As(Key, String),
    /// Not at all, with the algorithm `none`.
    Missing,
    /// With HS256 and the client's secret.
    Secret,
    /// With HS256 and the public key.
    PublicKey(Key),
}

/// What the issuer knows and does.
pub(crate) struct State {
    pub(crate) published: Vec<Key>,
    pub(crate) signature: Signature,
    /// Claims that replace or extend those of an ID token; null removes one.
    pub(crate) claims: Value,
    /// Members that replace those of the discovery document.
    pub(crate) discovery: Value,
    /// The status of every answer, if it is not the right one.
    pub(crate) status: Option<u16>,
    /// Connections are accepted and not answered.
    pub(crate) is_silent: bool,
    /// The time of the issuer.
    pub(crate) now: i64,
    codes: HashMap<String, HashMap<String, String>>,
    redeemed: u32,
}

/// An issuer that runs until the test process ends.
pub(crate) struct TestIssuer {
    pub(crate) url: String,
    pub(crate) key: Key,
    state: Arc<Mutex<State>>,
}

impl TestIssuer {
    pub(crate) fn start(now: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::new("key-1");
        let state = Arc::new(Mutex::new(State {
            published: vec![key.clone()],
            signature: Signature::Key(key.clone()),
            claims: json!({}),
            discovery: json!({}),
            status: None,
            is_silent: false,
            now,
            codes: HashMap::new(),
            redeemed: 0,
        }));
        let (own_url, own_state) = (url.clone(), state.clone());
        thread::spawn(move || {
            let mut silent = Vec::new();
            for connection in listener.incoming() {
                let connection = connection.unwrap();
                if own_state.lock().unwrap().is_silent {
                    silent.push(connection);
                } else {
                    answer(connection, &own_url, &own_state);
                }
            }
        });
        Self { url, key, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Opens an address of the issuer as a browser, and returns where it redirects to.
    pub(crate) fn browse(&self, address: &str) -> Url {
        let path = address.strip_prefix(&self.url).unwrap();
        let host = self.url.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(host).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        connection.read_to_string(&mut text).unwrap();
        let location = text.lines().find_map(|line| line.strip_prefix("location: "));
        location.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
    }
}

fn answer(mut connection: TcpStream, url: &str, state: &Mutex<State>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return;
    }
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = first.split(' ').nth(1).unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let state = &mut *state.lock().unwrap();
    let (status, head, text) = match (state.status, path) {
        (Some(status), _) => (status, String::new(), "{}".to_owned()),
        (None, "/.well-known/openid-configuration") => found(&discovery(url, state)),
        (None, "/jwks") => {
            let keys: Vec<_> = state.published.iter().map(Key::jwk).collect();
            found(&json!({ "keys": keys }))
        }
        (None, "/authorize") => authorize(query, state),
        (None, "/token") => token(url, &body, &authorization, state),
        _ => (404, String::new(), "{}".to_owned()),
    };
    let length = text.len();
    write!(
        connection,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{head}\r\n{text}"
    )
    .unwrap();
}

fn found(value: &Value) -> (u16, String, String) {
    (200, String::new(), value.to_string())
}

fn discovery(url: &str, state: &State) -> Value {
    let mut document = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    });
    replace(&mut document, &state.discovery);
    document
}

fn replace(value: &mut Value, members: &Value) {
    for (name, member) in members.as_object().unwrap() {
        match member {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            member => value[name] = member.clone(),
        }
    }
}

fn pairs(text: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn authorize(query: &str, state: &mut State) -> (u16, String, String) {
    let asked = pairs(query.as_bytes());
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], CLIENT);
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "openid email profile");
    let code = format!("code-{}", state.codes.len());
    let back = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", &asked["state"])
        .finish();
    let location = format!("location: {}?{back}\r\n", asked["redirect_uri"]);
    state.codes.insert(code, asked);
    (302, location, String::new())
}

fn token(url: &str, body: &[u8], given: &str, state: &mut State) -> (u16, String, String) {
    let sent = pairs(body);
    let encode = |text| form_urlencoded::byte_serialize(str::as_bytes(text)).collect::<String>();
    let expected = STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET)));
    if given != format!("Basic {expected}") {
        return (401, String::new(), json!({"error": "invalid_client"}).to_string());
    }
    let refuse = (400, String::new(), json!({"error": "invalid_grant"}).to_string());
    // A code is good for one request.
    let Some(asked) = state.codes.get_mut(&sent["code"]).map(std::mem::take) else { return refuse };
    if asked.is_empty() {
        return refuse;
    }
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
    assert_eq!(asked["code_challenge"], challenge);
    assert_eq!(asked["redirect_uri"], sent["redirect_uri"]);
    state.redeemed += 1;
    let mut claims = json!({
        "iss": url, "sub": "ann-1", "aud": CLIENT, "nonce": asked["nonce"],
        "iat": state.now, "exp": state.now + 300,
        "name": "Ann Lee", "email": "ann@example.org", "email_verified": true,
    });
    replace(&mut claims, &state.claims);
    found(&json!({
        "access_token": "an access token", "token_type": "Bearer", "expires_in": 300,
        "id_token": signed(&claims, &state.signature),
    }))
}

fn signed(claims: &Value, signature: &Signature) -> String {
    let sign = |algorithm, id: Option<&String>, key: &EncodingKey| {
        let header = Header { kid: id.cloned(), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, key).unwrap()
    };
    let private = |key: &Key| EncodingKey::from_ec_der(&key.pkcs8);
    match signature {
        Signature::Key(key) => sign(Algorithm::ES256, Some(&key.id), &private(key)),
        Signature::As(key, id) => sign(Algorithm::ES256, Some(id), &private(key)),
        Signature::Secret => {
            sign(Algorithm::HS256, None, &EncodingKey::from_secret(SECRET.as_bytes()))
        }
        Signature::PublicKey(key) => {
            sign(Algorithm::HS256, Some(&key.id), &EncodingKey::from_secret(&key.public))
        }
        Signature::Missing => {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
        }
    }
}
