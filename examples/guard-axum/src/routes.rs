//! What the service does, and for whom.

use axum::{
    Json, Router,
    routing::{get, post},
};
use housekey_guard::{Fresh, Guard, GuardBuilder, Session};
use serde::Serialize;

/// What needs no session. Everything else does, also what is added later.
pub fn open(guard: GuardBuilder) -> GuardBuilder {
    guard.public("/").public("/healthz")
}

/// The service behind its guard.
pub fn app(guard: &Guard) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/api/me", get(me).post(rename))
        .route("/api/close", post(close))
        .layer(guard.layer())
}

/// Who asks.
#[derive(Serialize)]
struct Me {
    user: String,
    session: String,
}

async fn home(session: Option<Session>) -> String {
    session.map_or_else(|| "Sign in first.\n".to_owned(), |session| format!("Hello, {}.\n", session.user_id()))
}

async fn me(session: Session) -> Json<Me> {
    Json(Me { user: session.user_id().to_owned(), session: session.session_id().to_owned() })
}

async fn rename(session: Session) -> String {
    format!("Renamed {}.\n", session.user_id())
}

/// What cannot be undone asks for somebody who has just proved who they are.
async fn close(Fresh(session): Fresh) -> String {
    format!("Closed the account of {}.\n", session.user_id())
}
