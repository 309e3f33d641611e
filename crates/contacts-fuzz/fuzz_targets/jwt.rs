//! Tokens and key sets of any text are refused: nobody has signed them.

#![no_main]
#![expect(clippy::unwrap_used, reason = "a panic is a finding")]

use contacts_http::JwtVerifier;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A public key of RFC 8037. Its private half is published there, but not in any corpus.
const KEYS: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

static VERIFIER: LazyLock<JwtVerifier> =
    LazyLock::new(|| JwtVerifier::new("issuer", "audience", KEYS).unwrap());

fuzz_target!(|text: &str| {
    assert!(!contacts_http::fuzzing::accepts(&VERIFIER, text), "a forged token was accepted");
    contacts_http::fuzzing::claims(text);
    let _ = JwtVerifier::new("issuer", "audience", text);
});
