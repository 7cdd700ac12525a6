//! The protocol's calls: discovery, the address that the browser is sent to, code for token, the token's proof. All of
//! it by the guarded client: in time, in bounds, without redirects, to addresses that may be reached.

use super::attempt::Words;
use super::{Provider, SignInFault};
use crate::engine::subjects::Verified;
use crate::outbound::guard::Guard;
use crate::outbound::secret::Secret;
use crate::outbound::{describe, read};
use countersign_core::id::GroupId;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AsyncHttpClient, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The largest answer of a provider.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// The longest subject: OpenID Connect allows 255 characters.
const SUBJECT_BYTES_MAX: usize = 255;
/// The longest name of a sign-in in a list, in characters.
const LABEL_CHARS_MAX: usize = 100;
/// Signatures by a key that only the provider has. A shared secret proves nothing about who signed.
const ALGORITHMS: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

/// What a token says beside what everybody says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OtherClaims {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

type TokenFields = IdTokenFields<OtherClaims, EmptyExtraTokenFields, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Alg>;
/// What a code is redeemed for.
pub(super) type Tokens = StandardTokenResponse<TokenFields, CoreTokenType>;
type Party = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
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

/// The way back, as the browser brought it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct Callback {
    /// What we sent along.
    #[serde(default)]
    pub state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

impl Callback {
    /// The code, if the provider let them in and is the one that was asked (RFC 9207).
    pub(super) fn code(self, provider: &Provider) -> Result<AuthorizationCode, SignInFault> {
        if self.iss.is_some_and(|issuer| issuer != provider.issuer) {
            return Err(SignInFault::Invalid("another provider answered".into()));
        }
        match (self.error, self.code) {
            (None, Some(code)) => Ok(AuthorizationCode::new(code)),
            _ => Err(SignInFault::Denied),
        }
    }
}

/// The guarded way to providers.
pub(super) struct Line {
    client: reqwest::Client,
    guard: Arc<Guard>,
}

/// Why a call had no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(String);

impl Line {
    pub(super) fn new(client: reqwest::Client, guard: Arc<Guard>) -> Self {
        Self { client, guard }
    }

    fn to(&self, provider: &Provider) -> Call<'_> {
        Call { line: self, encrypted: provider.issuer.starts_with("https:") }
    }

    async fn call(&self, request: HttpRequest, encrypted: bool) -> Result<HttpResponse, NoAnswer> {
        let (parts, body) = request.into_parts();
        let url = self.guard.check(&parts.uri.to_string()).map_err(|refused| NoAnswer(refused.to_string()))?;
        if encrypted && url.scheme() != "https" {
            return Err(NoAnswer("an address without TLS".into()));
        }
        let sent = self.client.request(parts.method, url).headers(parts.headers).body(body).send().await;
        let response = sent.map_err(|fault| NoAnswer(describe(&fault).into()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let read = read(response, ANSWER_BYTES_MAX).await;
        if !read.whole {
            return Err(NoAnswer("the answer is too long or broke off".into()));
        }
        let mut answer = HttpResponse::new(read.bytes);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

/// The line to one provider: encrypted all the way where its issuer is.
struct Call<'l> {
    line: &'l Line,
    encrypted: bool,
}

impl<'c> AsyncHttpClient<'c> for Call<'_> {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.line.call(request, self.encrypted))
    }
}

/// What a provider says of itself, with its keys.
pub(super) struct Known(CoreProviderMetadata);

impl Known {
    pub(super) async fn discover(line: &Line, provider: &Provider) -> Result<Self, SignInFault> {
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| SignInFault::Unreachable(error.to_string()))?;
        let call = line.to(provider);
        let found = CoreProviderMetadata::discover_async(issuer, &call).await.map_err(|error| SignInFault::Unreachable(discovery_words(&error)))?;
        Ok(Self(found))
    }

    fn party(&self, provider: &Provider, redirect: &str, secret: Option<&Secret>) -> Result<Party, SignInFault> {
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let party = Party::from_provider_metadata(self.0.clone(), ClientId::new(provider.client_id.clone()), secret);
        Ok(party.set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(|error| SignInFault::Unreachable(error.to_string()))?))
    }

    /// Where the browser is sent. Somebody who adds a sign-in shows there that it is theirs, signed in or not.
    pub(super) fn authorize_url(&self, provider: &Provider, redirect: &str, words: &Words, adds: bool) -> Result<String, SignInFault> {
        let party = self.party(provider, redirect, None)?;
        let (state, nonce) = (CsrfToken::new(words.state.clone()), Nonce::new(words.nonce.clone()));
        let verifier = PkceCodeVerifier::new(words.verifier.clone());
        let mut request = party.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce);
        for scope in &provider.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if adds {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, ..) = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier)).url();
        if provider.issuer.starts_with("https:") && url.scheme() != "https" {
            return Err(SignInFault::Unreachable("its sign-in page is not encrypted".into()));
        }
        Ok(url.into())
    }

    /// The code for the tokens.
    pub(super) async fn redeem(
        &self,
        line: &Line,
        provider: &Provider,
        redirect: &str,
        secret: Option<&Secret>,
        (code, words): (AuthorizationCode, &Words),
    ) -> Result<Tokens, SignInFault> {
        let party = self.party(provider, redirect, secret)?;
        let call = line.to(provider);
        let exchange = party.exchange_code(code).map_err(|_| SignInFault::Unreachable("it names no token endpoint".into()))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(words.verifier.clone()));
        exchange.request_async(&call).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => SignInFault::Invalid("the code was not taken".into()),
            RequestTokenError::Request(error) => SignInFault::Unreachable(error.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInFault::Invalid("no token came for the code".into()),
        })
    }

    /// What the token proves: signed by a key of this provider, for us, for this sign-in, not over.
    pub(super) fn verify(&self, provider: &Provider, tokens: &Tokens, words: &Words) -> Result<Verified, SignInFault> {
        let invalid = |error: &dyn std::error::Error| SignInFault::Invalid(error.to_string());
        let party = self.party(provider, "http://unused.invalid/", None)?;
        let token = tokens.id_token().ok_or_else(|| SignInFault::Invalid("there is no ID token".into()))?;
        let verifier = party.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&verifier, &Nonce::new(words.nonce.clone())).map_err(|error| invalid(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let (alg, key) = (token.signing_alg().map_err(|error| invalid(&error))?, token.signing_key(&verifier).map_err(|error| invalid(&error))?);
            let actual = AccessTokenHash::from_token(tokens.access_token(), alg, key).map_err(|error| invalid(&error))?;
            if actual != *expected {
                return Err(SignInFault::Invalid("the access token is another's".into()));
            }
        }
        let subject = claims.subject().as_str().to_owned();
        if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
            return Err(SignInFault::Invalid("the subject is empty or too long".into()));
        }
        let email = claims.email().map(|email| email.as_str().to_owned());
        let vouched = provider.trust_email && claims.email_verified() == Some(true);
        Ok(Verified {
            provider: provider.id.clone(),
            issuer: provider.issuer.clone(),
            label: label(email.as_deref().unwrap_or(&subject)),
            subject,
            email: email.filter(|_| vouched),
            groups: provider.groups_claim.as_ref().map(|claim| groups(claims.additional_claims().all.get(claim), &provider.groups)),
        })
    }
}

/// The groups that a claim names, by our names; what is not configured is nobody's business.
fn groups(claim: Option<&Value>, known: &BTreeMap<String, GroupId>) -> BTreeSet<GroupId> {
    let named: Vec<&str> = match claim {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    named.into_iter().filter_map(|name| known.get(name)).cloned().collect()
}

/// A sign-in in a list: plain and short.
fn label(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(LABEL_CHARS_MAX).collect()
}

fn discovery_words(error: &DiscoveryError<NoAnswer>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, ..) => format!("discovery answered {status}"),
        DiscoveryError::Validation(_) => "discovery names another issuer than the configured one".into(),
        _ => "discovery did not answer with a provider's description".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_are_taken_by_configuration_alone() {
        let known = BTreeMap::from([("fin".to_owned(), GroupId::from("finance"))]);
        let names = |claim: Value| groups(Some(&claim), &known).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(json!(["fin", "finance", "admins", 7, null])), ["finance"]);
        assert_eq!(names(json!("fin")), ["finance"]);
        for nothing in [json!(["finance"]), json!({ "fin": true }), json!(null), json!(["FIN"])] {
            assert!(names(nothing).is_empty());
        }
        assert!(groups(None, &known).is_empty());
    }
}
