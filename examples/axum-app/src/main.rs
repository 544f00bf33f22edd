//! A small app with Housekey inside: everybody signed in keeps notes that nobody else sees.
//!
//! `cargo run -p axum-app` keeps everything in `app.db` and makes its key in `app.key` beside it. For PostgreSQL set
//! `DATABASE_URL`, and `HOUSEKEY_KEY` to what `housekey keys new` prints. For the public set `PUBLIC_URL` (https),
//! `SMTP_URL` and `MAIL_FROM`.

mod notes;
mod routes;
#[cfg(test)]
mod tests;

use housekey::{Housekey, Key, Store};
use notes::Notes;
use std::{env, error::Error, net::SocketAddr};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let listener = TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".into())).await?;
    let here = format!("http://localhost:{}", listener.local_addr()?.port());

    let (store, notes, key) = match env::var("DATABASE_URL") {
        Ok(url) => {
            // One pool for the app's tables and for Housekey's.
            let pool = sqlx::PgPool::connect(&url).await?;
            (Store::postgres(pool.clone()), Notes::postgres(pool).await?, Key::env("HOUSEKEY_KEY"))
        }
        Err(_) => (Store::sqlite("app.db")?, Notes::sqlite("app.db")?, Key::file_or_new("app.key")),
    };
    let mut builder = Housekey::builder(store)
        .name("Notes")
        .public_url(&env::var("PUBLIC_URL").unwrap_or(here))
        .mount("/auth")
        .key(key)
        .migrate();
    if let (Ok(url), Ok(from)) = (env::var("SMTP_URL"), env::var("MAIL_FROM")) {
        builder = builder.smtp(&url, &from);
    }
    let auth = builder.build().await?;

    println!("Open  {}", auth.public_url());
    if let Some(link) = auth.dev_mail_link() {
        println!("Mail  {link}");
    }
    let app = routes::app(&auth, notes).into_make_service_with_connect_info::<SocketAddr>();
    let serve = axum::serve(listener, app).with_graceful_shutdown(stop());
    // Beside the requests: mail, sweeping, and hearing of other nodes.
    let (served, ()) = tokio::join!(serve.into_future(), auth.run(stop()));
    Ok(served?)
}

/// Ends at Ctrl-C, or when the system says so.
async fn stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
