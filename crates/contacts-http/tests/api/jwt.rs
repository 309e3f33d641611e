//! Credentials of other services of the suite.

use contacts_http::{ApiConfig, JwtVerifier};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Service, request};

/// A key that was made for this test: `openssl genpkey -algorithm ed25519`.
const PRIVATE: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIH0qAwGzf4kV7c1Fdf8N6QYfy7bw/8pB77/h1GWoiRGd\n\
    -----END PRIVATE KEY-----\n";

/// 2026-01-01T10:00:00Z, when the world's clock starts.
const NOW: i64 = 1_767_261_600;

fn key() -> EncodingKey {
    EncodingKey::from_ed_pem(PRIVATE).unwrap()
}

fn service() -> Service {
    let jwk = Jwk::from_encoding_key(&key(), Algorithm::EdDSA).unwrap();
    let jwks = serde_json::to_string(&JwkSet { keys: vec![jwk] }).unwrap();
    let jwt = JwtVerifier::new("https://id.example", "contacts", &jwks).unwrap();
    Service::with(ApiConfig { jwt: Some(jwt), ..ApiConfig::default() })
}

fn claims(service: &Service) -> Value {
    json!({
        "iss": "https://id.example", "aud": "contacts", "exp": NOW + 300,
        "sub": "019b7904-d100-7000-8000-00000000aaaa",
        "org": service.world.org().0, "scope": "read capture",
    })
}

fn token(claims: &Value) -> String {
    encode(&Header::new(Algorithm::EdDSA), claims, &key()).unwrap()
}

#[actix_web::test]
async fn a_token_speaks_for_its_user_within_its_scopes() {
    let service = service();
    let token = token(&claims(&service));
    let me = service.send(request(&token, "GET", "/v1/me")).await.json();
    assert_eq!(me["actor"], json!({"kind": "user", "id": "019b7904-d100-7000-8000-00000000aaaa"}));
    assert_eq!(me["scopes"], json!(["read"]));
    let write = request(&token, "POST", "/v1/contacts").set_json(json!({}));
    assert_eq!(service.send(write).await.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn a_token_that_is_not_good_is_refused() {
    let service = service();
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("billing")),
        ("exp", json!(NOW - 31)),
        ("nbf", json!(NOW + 31)),
        ("sub", json!("ann")),
        ("org", json!("acme")),
        ("org", Value::Null),
        ("exp", Value::Null),
    ] {
        let mut claims = claims(&service);
        claims[claim] = value;
        let answer = service.send(request(&token(&claims), "GET", "/v1/me")).await;
        assert_eq!(answer.problem(), "401 unauthenticated", "{claims}");
    }
    let good = token(&claims(&service));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}{}", &signature[1..], &signature[..1]);
    let answer = service.send(request(&forged, "GET", "/v1/me")).await;
    assert_eq!(answer.problem(), "401 unauthenticated");
    // The public key as a shared secret: the oldest trick.
    let secret = EncodingKey::from_secret(b"contacts");
    let confused = encode(&Header::new(Algorithm::HS256), &claims(&service), &secret).unwrap();
    let answer = service.send(request(&confused, "GET", "/v1/me")).await;
    assert_eq!(answer.problem(), "401 unauthenticated");
}

#[test]
fn a_key_set_that_holds_a_secret_is_refused() {
    let shared = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}).to_string();
    for jwks in [shared.as_str(), "{\"keys\": []}", "nonsense"] {
        assert!(JwtVerifier::new("i", "a", jwks).is_err());
    }
}
