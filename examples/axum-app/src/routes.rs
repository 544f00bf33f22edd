//! The app's pages. The arguments of a handler say who may come in.

use crate::notes::{Fault, Notes};
use axum::{
    Form, Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response, Result},
    routing::get,
};
use housekey::{CsrfToken, Fresh, Housekey, Session, User};
use serde::Deserialize;
use serde_json::{Value, json};

/// The app's routes with Housekey's beside them and its layer around both.
pub fn app(auth: &Housekey, notes: Notes) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/notes", get(list).post(add))
        .route("/notes/delete", get(ask_delete).post(delete))
        .route("/api/me", get(me))
        .route("/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], include_str!("style.css")) }))
        .with_state(notes)
        .merge(auth.router())
        .layer(auth.layer())
}

/// For everybody.
async fn home(user: Option<User>) -> Response {
    let body = match user {
        Some(user) => format!(
            "<p>Hello, {}.</p><p><a class=\"button\" href=\"/notes\">Your notes</a></p>\
             <p><a href=\"/auth/account\">Account</a> · <a href=\"/auth/sign-out\">Sign out</a></p>",
            text(&name(&user))
        ),
        None => "<p>A place for what you would forget.</p>\
             <p><a class=\"button\" href=\"/auth/sign-in?return_to=/notes\">Sign in</a> \
             <a href=\"/auth/sign-up?return_to=/notes\">Make an account</a></p>"
            .into(),
    };
    page("Notes", &body)
}

/// For whoever is signed in; anybody else is led to sign in, and back.
async fn list(user: User, csrf: CsrfToken, State(notes): State<Notes>) -> Result<Response> {
    let own = notes.of(&user.id).await?;
    let items: String = own.iter().map(|note| format!("<li>{}</li>", text(note))).collect();
    let field = csrf.field();
    let body = format!(
        "<form method=\"post\" action=\"/notes\">{field}<label for=\"text\">A new note</label>\
         <textarea id=\"text\" name=\"text\" rows=\"3\" maxlength=\"2000\" required></textarea>\
         <button>Keep it</button></form><ul>{items}</ul>\
         <p><a href=\"/\">Home</a> · <a href=\"/notes/delete\">Delete all</a></p>"
    );
    Ok(page(&format!("Notes of {}", name(&user)), &body))
}

#[derive(Deserialize)]
struct NewNote {
    #[serde(default)]
    csrf: String,
    text: String,
}

async fn add(user: User, csrf: CsrfToken, State(notes): State<Notes>, Form(form): Form<NewNote>) -> Result<Redirect> {
    csrf.check(&form.csrf)?;
    let note: String = form.text.trim().chars().take(2000).collect();
    if !note.is_empty() {
        notes.add(&user.id, note).await?;
    }
    Ok(Redirect::to("/notes"))
}

/// For whoever has just shown that it is them; anybody else is asked to, and comes back.
async fn ask_delete(_: Fresh, csrf: CsrfToken) -> Response {
    let field = csrf.field();
    let form = format!("<form method=\"post\" action=\"/notes/delete\">{field}<button>Delete them</button></form>");
    page(
        "Delete all notes?",
        &format!("<p>They will be gone for good.</p>{form}<p><a href=\"/notes\">Keep them</a></p>"),
    )
}

#[derive(Deserialize)]
struct Sure {
    #[serde(default)]
    csrf: String,
}

async fn delete(
    Fresh(me): Fresh,
    csrf: CsrfToken,
    State(notes): State<Notes>,
    Form(form): Form<Sure>,
) -> Result<Redirect> {
    csrf.check(&form.csrf)?;
    notes.delete(me.user()).await?;
    Ok(Redirect::to("/notes"))
}

/// For programs: signed out it is 401 with JSON.
async fn me(Session(me): Session) -> Json<Value> {
    Json(json!({ "id": me.user(), "email": me.email, "fresh": me.fresh }))
}

fn name(user: &User) -> String {
    user.first_name.clone().or_else(|| user.email.clone()).unwrap_or_else(|| user.id.to_string())
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(include_str!("page.html"), title = text(title), body = body);
    let policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, html).into_response()
}

/// What somebody typed, as text in HTML.
fn text(typed: &str) -> String {
    let mut html = String::with_capacity(typed.len());
    for c in typed.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "the notes cannot be reached");
        (axum::http::StatusCode::SERVICE_UNAVAILABLE, page("Not now", "<p>Try again in a moment.</p>")).into_response()
    }
}
