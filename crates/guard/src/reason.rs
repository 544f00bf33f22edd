//! Why nobody is signed in, in the words of Clerk's backends.

use housekey_core::token::claims::Rejected;
use std::fmt;

/// Why a request has no session. The names are stable; they stand in the header `x-clerk-auth-reason`, for logs and for
/// whoever debugs. None of them says anything about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Neither a token nor a sign that there might be one.
    NoCredentials,
    /// A handshake ended without a session.
    NoSession,
    /// There is a token, and no sign of a signed-in client.
    TokenWithoutClient,
    /// The client is signed in, and there is no token.
    ClientWithoutToken,
    /// The token is older than the client's last sign-in or sign-out.
    TokenBeforeClient,
    /// The token expired, and why it was not renewed.
    Expired(NotRenewed),
    /// The token is not valid yet.
    NotYet,
    /// The token was made in the future.
    FromTheFuture,
    /// The token is not believed.
    Rejected(Rejected),
    /// The server says that the session has ended.
    Ended,
    /// There is no development browser (test keys only).
    DevBrowserMissing,
    /// A development browser came in the query (test keys only).
    DevBrowserSync,
}

/// Why an expired token was not renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRenewed {
    /// It came as a bearer, whose sender renews it, or for something public that can do without.
    NotTried,
    /// The request is no GET.
    NotGet,
    /// There is no cookie to renew it with.
    NoCookie,
    /// The guard has no secret key, or no way to the server.
    NoServer,
    /// The server did not, or could not be asked.
    Refused,
    /// What the server gave is not believed.
    Invalid,
}

impl Reason {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoCredentials => "session-token-and-uat-missing",
            Self::NoSession => "session-token-missing",
            Self::TokenWithoutClient => "session-token-but-no-client-uat",
            Self::ClientWithoutToken => "client-uat-but-no-session-token",
            Self::TokenBeforeClient => "session-token-iat-before-client-uat",
            Self::Expired(NotRenewed::NotTried) => "session-token-expired",
            Self::Expired(NotRenewed::NotGet) => "session-token-expired-refresh-non-eligible-non-get",
            Self::Expired(NotRenewed::NoCookie) => "session-token-expired-refresh-non-eligible-no-refresh-cookie",
            Self::Expired(NotRenewed::NoServer) => "session-token-expired-refresh-missing-api-client",
            Self::Expired(NotRenewed::Refused) => "session-token-expired-refresh-unexpected-bapi-error",
            Self::Expired(NotRenewed::Invalid) => "session-token-expired-refresh-invalid-session-token",
            Self::NotYet => "session-token-nbf",
            Self::FromTheFuture => "session-token-iat-in-the-future",
            Self::Rejected(rejected) => name(rejected),
            Self::Ended => "session-ended",
            Self::DevBrowserMissing => "dev-browser-missing",
            Self::DevBrowserSync => "dev-browser-sync",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Rejected> for Reason {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Expired => Self::Expired(NotRenewed::NotTried),
            Rejected::NotYet => Self::NotYet,
            Rejected::FromTheFuture => Self::FromTheFuture,
            other => Self::Rejected(other),
        }
    }
}

fn name(rejected: Rejected) -> &'static str {
    match rejected {
        Rejected::Malformed => "token-invalid",
        Rejected::WrongKind => "token-type-mismatch",
        Rejected::UnknownKey => "jwk-kid-mismatch",
        Rejected::Signature => "token-invalid-signature",
        Rejected::Expired => "token-expired",
        Rejected::NotYet => "token-not-active-yet",
        Rejected::FromTheFuture => "token-iat-in-the-future",
        Rejected::Issuer => "token-invalid-issuer",
        Rejected::Party => "token-invalid-authorized-parties",
        Rejected::Pending => "session-pending",
    }
}
