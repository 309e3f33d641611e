//! Signing in at a real issuer over HTTP, which a test makes misbehave (R60).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod server;

use std::time::Duration;
use std::{fs, process};

use contacts_core::Clock;
use contacts_core::OrgId;
use contacts_core::identity::{Attempt, IssuerError, Refusal, ReturnPath, SignInService};
use contacts_core::invitation::InvitationService;
use contacts_core::key::Role;
use contacts_core::session::{SignedIn, User, UserPatch};
use contacts_core::{Actor, Services};
use contacts_oidc::Limits;
use contacts_testkit::World;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::server::{CLIENT, Key, SECRET, Signature, TestIssuer};

const REDIRECT: &str = "http://127.0.0.1:8080/v1/session/oidc/example/callback";

/// A service over the in-memory world, and its issuer.
struct Setup {
    world: World,
    issuer: TestIssuer,
    services: Services,
}

/// An answer of the issuer, on its way back.
struct Callback {
    attempt: Attempt,
    code: String,
    state: String,
}

impl Setup {
    fn new() -> Self {
        Self::with(json!({}))
    }

    /// Creates a service with further settings of the issuer.
    fn with(settings: Value) -> Self {
        Self::limited(settings, Limits::default())
    }

    fn limited(settings: Value, limits: Limits) -> Self {
        let world = World::new();
        let issuer = TestIssuer::start(world.clock().now().unix_timestamp());
        let mut entry = json!({
            "id": "example", "name": "Example Ltd", "issuer": issuer.url, "client_id": CLIENT,
            "client_secret": SECRET, "organisation": world.org().0,
        });
        entry.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let port = Url::parse(&issuer.url).unwrap().port().unwrap();
        let file = std::env::temp_dir().join(format!("issuers-{}-{port}", process::id()));
        fs::write(&file, json!({ "issuers": [entry] }).to_string()).unwrap();
        let mut ports = world.ports().core;
        ports.providers = contacts_oidc::providers(&file, &|_| None, limits).unwrap();
        fs::remove_file(&file).unwrap();
        Self { world, issuer, services: Services::over(&ports) }
    }

    fn sign_ins(&self) -> &SignInService {
        &self.services.sign_ins
    }

    fn org(&self) -> OrgId {
        self.world.org()
    }

    fn users(&self) -> Vec<User> {
        self.services.sessions.users(self.org(), None, 9).unwrap()
    }

    fn invite(&self, email: &str, role: Role) {
        let invitations: &InvitationService = &self.services.invitations;
        invitations.invite(self.org(), email, role, Actor::System, [5; 32]).unwrap();
    }

    /// Starts a sign-in, and follows the redirects to the issuer and back.
    fn start(&self) -> Result<Callback, IssuerError> {
        let provider = &self.sign_ins().providers()[0];
        let random = [[1; 32], [2; 32], [3; 32]];
        let started =
            self.sign_ins().start(provider, REDIRECT, ReturnPath::parse("/"), None, random)?;
        let back = self.issuer.browse(&started.url);
        let value = |wanted| {
            let found = back.query_pairs().find(|(name, _)| name == wanted);
            found.unwrap().1.into_owned()
        };
        assert!(back.as_str().starts_with(REDIRECT), "{back}");
        Ok(Callback { attempt: started.attempt, code: value("code"), state: value("state") })
    }

    fn finish(&self, back: &Callback) -> Result<Result<SignedIn, Refusal>, IssuerError> {
        let provider = &self.sign_ins().providers()[0];
        assert!(self.sign_ins().matches(&back.attempt, provider, &back.state));
        let claims = self.sign_ins().identify(provider, REDIRECT, &back.attempt, &back.code)?;
        Ok(self.sign_ins().sign_in(provider, claims, "Firefox", [9; 32]).unwrap())
    }

    fn sign_in(&self) -> Result<Result<SignedIn, Refusal>, IssuerError> {
        self.finish(&self.start()?)
    }

    /// Returns the reason why the issuer's answer is refused.
    fn refused(&self) -> String {
        match self.sign_in() {
            Err(IssuerError::Refused(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }
}

/// Settings of an issuer that makes users of everybody with an address of a domain.
fn domain() -> Value {
    json!({"domains": ["example.org"], "default_role": "editor"})
}

#[test]
fn the_first_sign_in_makes_a_user_and_the_second_finds_the_same() {
    let setup = Setup::with(domain());
    let first = setup.sign_in().unwrap().unwrap();
    assert_eq!((&*first.user.name, first.user.role), ("Ann Lee", Role::Editor));
    assert_eq!(first.user.email.as_ref().unwrap().as_str(), "ann@example.org");
    let found = setup.services.sessions.find(&first.token).unwrap().unwrap();
    assert_eq!(found.1.id, first.user.id);
    // The person is the same although name and address have changed, and are not verified.
    setup.issuer.state().claims =
        json!({"name": "Ann Miller", "email": "am@example.com", "email_verified": false});
    let second = setup.sign_in().unwrap().unwrap();
    assert_eq!((second.user.id, &*second.user.name), (first.user.id, "Ann Lee"));
    let names = setup.sign_ins().names(setup.org(), &setup.users()).unwrap();
    assert_eq!(names, [(first.user.id, ["Example Ltd".to_owned()].into())].into());
}

#[test]
fn an_invitation_for_the_verified_address_makes_a_user() {
    let setup = Setup::new();
    assert_eq!(setup.sign_in().unwrap(), Err(Refusal::NotInvited));
    setup.invite("Ann@example.org", Role::Manager);
    let signed_in = setup.sign_in().unwrap().unwrap();
    assert_eq!(signed_in.user.role, Role::Manager);
    assert_eq!(setup.services.invitations.list(setup.org(), None, 9).unwrap(), []);
}

#[test]
fn an_address_that_is_not_verified_makes_no_user() {
    for claims in [json!({"email_verified": false}), json!({"email_verified": null})] {
        let setup = Setup::with(domain());
        setup.invite("ann@example.org", Role::Manager);
        setup.issuer.state().claims = claims;
        assert_eq!(setup.sign_in().unwrap(), Err(Refusal::NotInvited));
        assert_eq!(setup.users(), []);
    }
}

#[test]
fn a_user_who_has_the_address_is_not_taken_over() {
    let setup = Setup::with(domain());
    setup.sign_in().unwrap().unwrap();
    setup.issuer.state().claims = json!({"sub": "eve-1"});
    assert_eq!(setup.sign_in().unwrap(), Err(Refusal::AddressTaken));
}

#[test]
fn a_deactivated_user_is_refused() {
    let setup = Setup::with(domain());
    let ann = setup.sign_in().unwrap().unwrap().user;
    let off = UserPatch { role: None, active: Some(false) };
    setup.services.sessions.change_user(setup.org(), ann.id, off, Actor::System).unwrap();
    assert_eq!(setup.sign_in().unwrap(), Err(Refusal::Deactivated));
}

#[test]
fn a_claim_gives_the_role_at_each_sign_in_and_required_claims_are_checked() {
    let setup = Setup::with(json!({
        "roles": {"claim": "realm_access.roles", "values": {"lead": "manager", "all": "viewer"}},
        "required": {"hd": "example.org"},
    }));
    let roles = |roles: Value, hd: &str| {
        setup.issuer.state().claims = json!({"realm_access": {"roles": roles}, "hd": hd});
        setup.sign_in().unwrap().map(|signed_in| signed_in.user.role)
    };
    assert_eq!(roles(json!(["all", "lead"]), "example.org"), Ok(Role::Manager));
    assert_eq!(roles(json!(["all"]), "example.org"), Ok(Role::Viewer));
    assert_eq!(roles(json!(["other"]), "example.org"), Err(Refusal::AccessDenied));
    assert_eq!(roles(json!(["all"]), "example.com"), Err(Refusal::AccessDenied));
    assert_eq!(setup.users()[0].role, Role::Viewer, "a refusal changes nothing");
}

#[test]
fn a_claim_names_the_organisation() {
    let setup = Setup::with(json!({
        "organisation": null, "organisation_claim": "org",
        "domains": ["example.org"],
    }));
    let other = setup.world.another_org();
    let into = |org: Value| {
        setup.issuer.state().claims = json!({ "org": org });
        setup.sign_in().unwrap().map(|signed_in| signed_in.user.org)
    };
    assert_eq!(into(json!(other.0)), Ok(other));
    assert_eq!(into(json!(setup.org().0)), Ok(setup.org()));
    let unknown = json!("019b7904-d100-7000-8000-00000000ffff");
    for wrong in [unknown, json!("x"), json!([other.0, setup.org().0]), Value::Null] {
        assert_eq!(into(wrong), Err(Refusal::AccessDenied));
    }
}

#[test]
fn claims_of_another_attempt_client_issuer_or_time_are_refused() {
    let setup = Setup::with(domain());
    let now = setup.world.clock().now().unix_timestamp();
    let wrong = [
        (json!({"nonce": "another"}), "belongs to another attempt"),
        (json!({"nonce": null}), "belongs to another attempt"),
        (json!({"aud": "another"}), "is for another client"),
        (json!({"aud": [CLIENT, "another"]}), "is for another client"),
        (json!({"azp": "another"}), "is for another client"),
        (json!({"iss": "https://login.example.org"}), "is of another issuer"),
        (json!({"exp": now - 31}), "has expired"),
        (json!({"iat": now + 60}), "was issued in the future"),
    ];
    for (claims, reason) in wrong {
        setup.issuer.state().claims = claims.clone();
        let refused = setup.refused();
        assert!(refused.contains(reason), "{claims}: {refused}");
    }
    assert_eq!(setup.users(), []);
    setup.issuer.state().claims = json!({"azp": CLIENT, "exp": now - 1});
    assert!(setup.sign_in().unwrap().is_ok(), "a second is within the tolerance of the clocks");
}

#[test]
fn only_signatures_of_the_issuers_public_keys_are_accepted() {
    let setup = Setup::with(domain());
    let key = setup.issuer.key.clone();
    let wrong = [
        Signature::As(Key::new("other"), "key-1".to_owned()),
        Signature::Key(Key::new("unpublished")),
        Signature::Missing,
        Signature::Secret,
        Signature::PublicKey(key.clone()),
    ];
    for signature in wrong {
        setup.issuer.state().signature = signature;
        let refused = setup.refused();
        assert!(refused.starts_with("the ID token "), "{refused}");
    }
    assert_eq!(setup.users(), []);
    setup.issuer.state().signature = Signature::Key(key);
    assert!(setup.sign_in().unwrap().is_ok());
}

#[test]
fn a_new_key_is_fetched_and_the_old_one_is_refused() {
    let setup = Setup::with(domain());
    setup.sign_in().unwrap().unwrap();
    let (old, new) = (setup.issuer.key.clone(), Key::new("key-2"));
    setup.issuer.state().published = vec![new.clone()];
    setup.issuer.state().signature = Signature::Key(new);
    setup.sign_in().unwrap().unwrap();
    setup.issuer.state().signature = Signature::Key(old);
    assert!(setup.refused().contains("a key that the issuer does not publish"));
}

#[test]
fn a_key_that_is_replaced_under_its_id_is_fetched() {
    let setup = Setup::with(domain());
    setup.sign_in().unwrap().unwrap();
    let new = Key::new("key-1");
    setup.issuer.state().published = vec![new.clone()];
    setup.issuer.state().signature = Signature::Key(new);
    setup.sign_in().unwrap().unwrap();
}

#[test]
fn a_code_is_redeemed_once() {
    let setup = Setup::with(domain());
    let back = setup.start().unwrap();
    setup.finish(&back).unwrap().unwrap();
    let replayed = setup.finish(&back).unwrap_err();
    let refused = "the issuer refused the code: invalid_grant";
    assert_eq!(replayed, IssuerError::Refused(refused.to_owned()));
}

#[test]
fn an_answer_with_another_state_or_after_ten_minutes_belongs_to_no_attempt() {
    let setup = Setup::with(domain());
    let back = setup.start().unwrap();
    let provider = &setup.sign_ins().providers()[0];
    assert!(!setup.sign_ins().matches(&back.attempt, provider, "another"));
    setup.world.clock().advance(Duration::from_secs(600));
    assert!(!setup.sign_ins().matches(&back.attempt, provider, &back.state));
}

#[test]
fn an_issuer_that_changes_its_name_or_is_not_complete_signs_nobody_in() {
    let wrong = [
        (json!({"issuer": "https://login.example.org"}), "it is another issuer"),
        (json!({"jwks_uri": null}), "missing field `jwks_uri`"),
        (json!({"jwks_uri": "http://10.0.0.1/jwks"}), "must start with https://"),
    ];
    for (discovery, reason) in wrong {
        let setup = Setup::with(domain());
        setup.issuer.state().discovery = discovery.clone();
        let Err(IssuerError::Unavailable(error)) = setup.sign_in() else { panic!("{discovery}") };
        assert!(error.contains(reason), "{discovery}: {error}");
    }
    let setup = Setup::with(domain());
    setup.issuer.state().discovery = json!({"token_endpoint": "http://10.0.0.1/token"});
    let Err(IssuerError::Unavailable(error)) = setup.sign_in() else { panic!() };
    assert_eq!(error, "its address must start with https://");
}

#[test]
fn an_issuer_that_fails_or_is_silent_is_unavailable_and_nobody_waits_long() {
    let limits = Limits { total_timeout: Duration::from_millis(200), ..Limits::default() };
    let setup = Setup::limited(domain(), limits);
    let unavailable = |sign_in| match sign_in {
        Err(IssuerError::Unavailable(reason)) => reason,
        other => panic!("{other:?}"),
    };
    setup.issuer.state().status = Some(503);
    assert!(unavailable(setup.sign_in()).contains("the status 503"));
    setup.issuer.state().status = None;
    let back = setup.start().unwrap();
    setup.issuer.state().status = Some(502);
    let answer = unavailable(setup.finish(&back));
    assert_eq!(answer, "the issuer's answer to the code cannot be read");
    setup.issuer.state().status = None;
    setup.issuer.state().is_silent = true;
    assert_eq!(unavailable(setup.finish(&back)), "it did not respond in time");
}

#[test]
fn a_long_answer_is_not_read_to_its_end() {
    let limits = Limits { max_bytes: 10, ..Limits::default() };
    let setup = Setup::limited(domain(), limits);
    let Err(IssuerError::Unavailable(error)) = setup.sign_in() else { panic!() };
    assert!(error.ends_with("its answer is longer than 10 bytes"), "{error}");
}

#[test]
fn no_reason_contains_a_secret() {
    let setup = Setup::with(domain());
    setup.issuer.state().claims = json!({"nonce": "another"});
    let back = setup.start().unwrap();
    let reason = setup.finish(&back).unwrap_err().to_string();
    for secret in [&back.code, &back.state, &back.attempt.nonce, &back.attempt.verifier, SECRET] {
        assert!(!reason.contains(secret), "{reason}");
    }
    let at = OffsetDateTime::UNIX_EPOCH;
    assert!(!format!("{:?} {at}", back.attempt).contains(&back.state));
}
