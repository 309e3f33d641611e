//! Credentials of other services of the suite.

use contacts_http::{ApiConfig, JwtVerifier};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Service, request};

/// A key generated for this test: `openssl genpkey -algorithm ed25519`.
const PRIVATE: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIH0qAwGzf4kV7c1Fdf8N6QYfy7bw/8pB77/h1GWoiRGd\n\
    -----END PRIVATE KEY-----\n";

/// A key generated for this test: `openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048`.
const RSA_PRIVATE: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCiESon/ukiBfZ3\n\
    m0FvboLgknOZIQ/Ik1ULlXgcQkTZJ+14fXE9beqi4X3eIcgguYDgmVssJQqxuLzz\n\
    uvSw77sBAjZrmHS7Qz8+g1b57Jgh7LOumpTzM+uHXcVUo5as3qYTvdLoDGf9x+od\n\
    uM0Dtm/ZqY7dCL3Huai8rUy0tv5k7a/mtza9JineoT6bVgBQMccTiNSeZQaC7wcn\n\
    PJk9VE+f/K8/ElHl9Gr3f3bTdAAHLifqtfC7iGr3FDWnCjjBnmt8unStNsQT8dnA\n\
    cY6P1T+fo5po4kanHzfyYglPBllrb/5SmcUNRIUhQYnUOK52ffGLtKScsWW54RkF\n\
    4BJMMpDdAgMBAAECggEACz3Oje9SuMnvbR9x8VVEiGg60sx7cvRelKBIWwlxC3EH\n\
    ZJwAOVHA/I2l3z0PoSQiNNyzpBho/qfWRL+wjlSqmijO9oqgz4ZxbMLLyyfRQPUm\n\
    siibG/17dlcXmMXaGIvpus/SwRwZ2ygSl1TaCkpixWx18jio1Uw4UJINZ9w+QWjW\n\
    T2G/WagtuBC1CpG4MS5Kx9n5ztZkQlX9PyKhXPUryFLQr+PxoAeTeJxgXVhCWja0\n\
    2PZNXDhDk89ONQunu5w5sDdrejeJb21RkGd2SzylLsBVTlYlCMPJKZC4RYAAMV7f\n\
    M2CyjYWWJ67+6dJTBCbdaOosFfGeNDpX/5+4qEerYQKBgQDPgfGyR+bXw+tMj/NT\n\
    v+WCLTWvvuSKeTdORPxKZwAiDe6ITvAzST0wYpUgZLbqjw0F8DGfa9MIkuMBwp2v\n\
    B6Uiz8ORW0pk0sTKVIPPPDVWOtF2jfVnRQJPp/VzdG6dhUW5tkR8PdHgUPwcnsl5\n\
    kJDRvO0H8DZZprfj7EokKHK7EQKBgQDH8MI/WIGSwmTKBFJr+cI0d2Dp3XkCBwTx\n\
    0ilNoYDNwn2GP95OQaR+nAUKtqyoJ0RHiAnGsKOSbJb7dp3rlAA2bslFYqq8xw+N\n\
    MHVQuLkzqSiZf2gDZujsTo+CkoDP6sKzPMf73KVa7AuAN069mHPWHOAD6XVqrKoX\n\
    TTR9KWQBDQKBgQCceHXSY1l0Va22O83V1xuu/3w+G4mlySWlBWvghq6Y/zxg2HVT\n\
    luRm+c9Nb+RmFpxRX/9rIRkum+RFTYUtmGwzRctIbjg4sp3lm7kQqWvmq8+KwBzO\n\
    VEEb46C4AJHwgbBEC2a08MCzjx2sTyfJXPN21ClAFShGjeqYGXMGtOFeoQKBgDX3\n\
    /NbQcxlEM6R8CitvHUbAOn6l83XioykLC28S+wuPRgao0r7Y5SfvwUSlDnHNN5b/\n\
    V3Q0VdK+UPrLh9EBABWxTc7W1TNjoAUCYYhKdGNHc9gLFe5lJtYyVnZuSSrWOXvc\n\
    GjcX1eJ2+JvBUhXHQu02mhk0OSd0N+1WP6bRN1c5AoGAEhQ79D5lgH7qwCh1n34h\n\
    m/r0YV6DO+fwgcfsFIwKZPdwnre1+Ngrrot1zsNpldKUSV11jlPZW/7+NDLiEoZX\n\
    PY9dtIPxphSYIy53UVCPx2LrL/OVr+9Tl2zaFyr3dQqBa3VP6h6CmjIquDh7edpj\n\
    v2wyxsaBk1ylIT1hjKKf/Z8=\n\
    -----END PRIVATE KEY-----\n";

/// 2026-01-01T10:00:00Z, the initial time of the world's clock.
const NOW: i64 = 1_767_261_600;

fn key() -> EncodingKey {
    EncodingKey::from_ed_pem(PRIVATE).unwrap()
}

fn service() -> Service {
    service_with(Jwk::from_encoding_key(&key(), Algorithm::EdDSA).unwrap())
}

fn service_with(jwk: Jwk) -> Service {
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
async fn a_token_may_name_a_role_instead_of_scopes_or_beside_them() {
    let service = service();
    for (scope, role, scopes, shown) in [
        ("", json!("editor"), json!(["read", "write"]), json!("editor")),
        ("export capture", json!("viewer"), json!(["read", "export"]), json!("viewer")),
        ("read", json!("root"), json!(["read"]), Value::Null),
    ] {
        let mut claims = claims(&service);
        (claims["scope"], claims["role"]) = (json!(scope), role);
        let me = service.send(request(&token(&claims), "GET", "/v1/me")).await.json();
        assert_eq!((&me["scopes"], &me["role"]), (&scopes, &shown));
    }
    let mut claims = claims(&service);
    (claims["scope"], claims["role"]) = (json!(""), json!("root"));
    let nothing = service.send(request(&token(&claims), "GET", "/v1/me")).await;
    assert_eq!(nothing.problem(), "403 scope_missing");
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
    // A well-known attack: the token is signed with the public key as a shared secret.
    let secret = EncodingKey::from_secret(b"contacts");
    let confused = encode(&Header::new(Algorithm::HS256), &claims(&service), &secret).unwrap();
    let answer = service.send(request(&confused, "GET", "/v1/me")).await;
    assert_eq!(answer.problem(), "401 unauthenticated");
}

#[actix_web::test]
async fn a_key_verifies_only_the_algorithm_that_it_declares() {
    let key = EncodingKey::from_rsa_pem(RSA_PRIVATE).unwrap();
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let service = service_with(jwk);
    for (algorithm, status) in [(Algorithm::RS256, 200), (Algorithm::RS512, 401)] {
        let token = encode(&Header::new(algorithm), &claims(&service), &key).unwrap();
        let answer = service.send(request(&token, "GET", "/v1/me")).await;
        assert_eq!(answer.status.as_u16(), status, "{algorithm:?}");
    }
}

#[actix_web::test]
async fn a_token_with_an_extension_that_must_be_understood_is_refused() {
    let service = service();
    let crit = Some(vec!["b64".to_owned()]);
    let header = Header { crit, ..Header::new(Algorithm::EdDSA) };
    let token = encode(&header, &claims(&service), &key()).unwrap();
    let answer = service.send(request(&token, "GET", "/v1/me")).await;
    assert_eq!(answer.problem(), "401 unauthenticated");
}

#[test]
fn a_key_set_with_a_secret_is_refused() {
    let shared = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}).to_string();
    for jwks in [shared.as_str(), "{\"keys\": []}", "nonsense"] {
        assert!(JwtVerifier::new("i", "a", jwks).is_err());
    }
}
