//! A small service without users of its own: its API is for whoever is signed in at a Housekey server.
//!
//! `housekey clerk keys new` prints what to set: `CLERK_PUBLISHABLE_KEY` at least. With `CLERK_JWT_KEY` tokens are checked
//! without a network, with `CLERK_SECRET_KEY` and `CLERK_API_URL` expired cookies are renewed. `APP_ORIGIN` is where
//! browsers reach this service, `SIGN_IN_URL` where they are sent to sign in. Then `cargo run -p guard-axum`.

mod routes;
#[cfg(test)]
mod tests;

use housekey_guard::Guard;
use std::{env, error::Error};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let key = env::var("CLERK_PUBLISHABLE_KEY").map_err(|_| "set CLERK_PUBLISHABLE_KEY")?;
    let origin = env::var("APP_ORIGIN").unwrap_or_else(|_| "http://localhost:3000".into());
    let mut guard = routes::open(Guard::builder(key)).authorized_parties([&origin]).app_origin(&origin);
    if let Ok(pem) = env::var("CLERK_JWT_KEY") {
        // An environment file holds a PEM on one line.
        guard = guard.jwt_key(pem.replace("\\n", "\n"));
    }
    if let Ok(secret) = env::var("CLERK_SECRET_KEY") {
        guard = guard.secret_key(secret);
    }
    if let Ok(url) = env::var("CLERK_API_URL") {
        guard = guard.api_url(url);
    }
    if let Ok(url) = env::var("CLERK_PROXY_URL") {
        guard = guard.proxy_url(url);
    }
    if let Ok(url) = env::var("SIGN_IN_URL") {
        guard = guard.sign_in_url(url);
    }

    let listener = TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".into())).await?;
    println!("Listens on {}", listener.local_addr()?);
    Ok(axum::serve(listener, routes::app(&guard.build()?)).await?)
}
