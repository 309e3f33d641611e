//! The port of issuers over the crate `openidconnect`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contacts_core::identity::{AuthorizationRequest, Claims, Issuer, IssuerError};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    ConfigurationError, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdToken, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use time::OffsetDateTime;

use crate::claims::{self, OtherClaims};
use crate::client::{IssuerClient, RequestError};
use crate::metadata::MetadataCache;

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Token = IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// A client that knows the metadata of its issuer.
type OidcClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Algorithms of accepted signatures. All have a public key: with a secret one, whoever has the
/// client's secret could sign in as anybody, and `none` is no signature.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Tolerated difference between the clocks of the issuer and of the service, in seconds.
const LEEWAY: i64 = 30;

/// An issuer of OpenID Connect.
pub(crate) struct OidcIssuer {
    pub(crate) url: IssuerUrl,
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Option<ClientSecret>,
    /// Scopes that are asked for beside `openid`, `email` and `profile`.
    pub(crate) scopes: Vec<String>,
    pub(crate) http: IssuerClient,
    pub(crate) metadata: MetadataCache,
}

impl Issuer for OidcIssuer {
    fn url(&self) -> &str {
        &self.url
    }

    fn authorization_url<'a>(
        &self,
        request: &AuthorizationRequest<'a>,
    ) -> Result<String, IssuerError> {
        let client = self.client(&*self.metadata()?, request.redirect_uri)?;
        let (state, nonce) = (request.state.to_owned(), request.nonce.to_owned());
        let verifier = PkceCodeVerifier::new(request.verifier.to_owned());
        let scopes = ["email", "profile"].into_iter().chain(self.scopes.iter().map(String::as_str));
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    fn redeem<'a>(
        &self,
        code: &str,
        request: &AuthorizationRequest<'a>,
        now: OffsetDateTime,
    ) -> Result<Claims, IssuerError> {
        let client = self.client(&*self.metadata()?, request.redirect_uri)?;
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| IssuerError::Unavailable(describe_configuration(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(request.verifier.to_owned()));
        let answer = exchange.request(&|request| self.http.send(request)).map_err(describe)?;
        let token = answer.id_token().ok_or_else(|| refused("the answer has no ID token"))?;
        let nonce = Nonce::new(request.nonce.to_owned());
        let verified = match self.verify(&client, token, &nonce, now) {
            // The issuer may sign with a new key, and the old one must not be accepted any longer
            // than it is published.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::CryptoError(_),
            )) => {
                let metadata = self.metadata.fetch(&self.url, &self.http);
                let metadata = metadata.map_err(IssuerError::Unavailable)?;
                let client = self.client(&metadata, request.redirect_uri)?;
                self.verify(&client, token, &nonce, now).cloned()
            }
            verified => verified.cloned(),
        };
        let verified = verified.map_err(|error| refused(&describe_claims(&error)))?;
        claims::read(&verified).ok_or_else(|| refused("the subject is empty or too long"))
    }
}

impl OidcIssuer {
    fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, IssuerError> {
        self.metadata.get(&self.url, &self.http).map_err(IssuerError::Unavailable)
    }

    fn client(
        &self,
        metadata: &CoreProviderMetadata,
        redirect_uri: &str,
    ) -> Result<OidcClient, IssuerError> {
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_invalid| refused("the address of the service is not a URL"))?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        // Basic authentication is the default.
        let has_basic = methods
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let auth_type = if has_basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        let client = OidcClient::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        );
        Ok(client.set_redirect_uri(redirect_uri).set_auth_type(auth_type))
    }

    /// Verifies the signature and the claims of an ID token.
    fn verify<'t>(
        &self,
        client: &OidcClient,
        token: &'t Token,
        nonce: &Nonce,
        now: OffsetDateTime,
    ) -> Result<&'t IdTokenClaims<OtherClaims, CoreGenderClaim>, ClaimsVerificationError> {
        let time = |seconds: i64| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
        let now = now.unix_timestamp();
        let latest = time(now + LEEWAY);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || time(now - LEEWAY))
            .set_issue_time_verifier_fn(move |issued| {
                if issued <= latest { Ok(()) } else { Err("issued in the future".to_owned()) }
            });
        let claims = token.claims(&verifier, nonce)?;
        match claims.authorized_party() {
            Some(party) if *party != self.client_id => Err(
                ClaimsVerificationError::InvalidAudience("the authorized party differs".to_owned()),
            ),
            _ => Ok(claims),
        }
    }
}

fn refused(reason: &str) -> IssuerError {
    IssuerError::Refused(reason.to_owned())
}

fn describe_configuration(error: &ConfigurationError) -> String {
    format!("the metadata of the issuer is not complete: {error}")
}

/// Names what is wrong with an ID token, without any of its values.
fn describe_claims(error: &ClaimsVerificationError) -> String {
    use ClaimsVerificationError as Wrong;
    let what = match error {
        Wrong::Expired(_) => "has expired, or was issued in the future",
        Wrong::InvalidAudience(_) => "is for another client",
        Wrong::InvalidIssuer(_) => "is of another issuer",
        Wrong::InvalidNonce(_) => "belongs to another attempt",
        Wrong::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            "is signed with a key that the issuer does not publish"
        }
        Wrong::SignatureVerification(_) => "has no valid signature of an accepted algorithm",
        _ => "is not valid",
    };
    format!("the ID token {what}")
}

/// Describes a failed exchange without the answer, which contains tokens.
fn describe(
    error: RequestTokenError<RequestError, StandardErrorResponse<CoreErrorResponseType>>,
) -> IssuerError {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            IssuerError::Refused(format!("the issuer refused the code: {}", answer.error()))
        }
        RequestTokenError::Request(error) => IssuerError::Unavailable(error.to_string()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            IssuerError::Unavailable("the issuer's answer to the code cannot be read".to_owned())
        }
    }
}
