//! What anybody may know of the instance.

use crate::doors::clerk::{answer::Answer, knock::Knock};
use http::{HeaderValue, header};
use serde_json::json;

/// The public keys of session tokens.
pub(super) async fn jwks(knock: Knock) -> Answer {
    let signing = knock.house.signing().await.map_err(|e| knock.refuse(e))?;
    let mut response = knock.bare(signing.jwks());
    let kept = HeaderValue::from_static("public, max-age=60");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

/// Where tokens of this issuer are checked. Signing in to other apps with it is not offered yet: the contract wants the
/// addresses, which say so themselves, and no way of using them is listed.
pub(super) async fn openid(knock: Knock) -> Answer {
    let issuer = knock.house.clerk_issuer();
    Ok(knock.bare(&json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "revocation_endpoint": format!("{issuer}/oauth/token/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth/token_info"),
        "userinfo_endpoint": format!("{issuer}/oauth/userinfo"),
        "response_types_supported": [], "response_modes_supported": [], "grant_types_supported": [],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": [], "claims_supported": ["iss", "sub", "sid", "azp", "iat", "exp", "nbf", "jti"],
        "token_endpoint_auth_methods_supported": [], "code_challenge_methods_supported": [],
        "backchannel_logout_supported": false, "frontchannel_logout_supported": false,
    })))
}
