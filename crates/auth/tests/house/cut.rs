//! A node whose feed is cut by something that stops forwarding and closes nothing.

use crate::{cache::warm, kit::*};
use housekey::{Store, testkit::TestHouse};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// A proxy before PostgreSQL. Once it is cut it carries nothing more of the feed, and nothing on new connections.
struct Proxy {
    url: String,
    is_cut: Arc<AtomicBool>,
}

impl Proxy {
    async fn before(database: &Database) -> Self {
        let mut url = url::Url::parse(&database.0).unwrap();
        let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = is_cut.clone();
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                let (cut, target) = (cut.clone(), target.clone());
                tokio::spawn(async move {
                    if cut.load(Ordering::SeqCst) {
                        return std::future::pending().await;
                    }
                    let (from_node, to_node) = node.into_split();
                    let (from_base, to_base) = TcpStream::connect(target).await.unwrap().into_split();
                    let is_feed = Arc::new(AtomicBool::new(false));
                    tokio::join!(
                        carry(from_node, to_base, cut.clone(), is_feed.clone()),
                        carry(from_base, to_node, cut, is_feed)
                    );
                });
            }
        });
        Self { url: url.into(), is_cut }
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, cut: Arc<AtomicBool>, is_feed: Arc<AtomicBool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..n];
        let says = |text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
        if says(b"pg_current_snapshot") || says(b"LISTEN") {
            is_feed.store(true, Ordering::SeqCst);
        }
        if cut.load(Ordering::SeqCst) && is_feed.load(Ordering::SeqCst) {
            return std::future::pending().await;
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

async fn sec_44_a_node_whose_feed_is_cut_asks_the_store_within_a_second() {
    if ENGINE.get() == Engine::Sqlite {
        // One process a file: there is no second node.
        return;
    }
    let database = database().await;
    let proxy = Proxy::before(&database).await;
    let here = TestHouse::over(database.open(), Default::default()).await.unwrap();
    let there = TestHouse::over(Store::connect(&proxy.url).unwrap(), Default::default()).await.unwrap();
    let mut ada = here.browser(1);
    sign_up(&here, &mut ada, ADA).await;
    let running = warm(&there).await;
    let mut thief = ada.copy();
    assert!(is_signed_in(&there, &mut thief).await);

    proxy.is_cut.store(true, Ordering::SeqCst);
    let out = here.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    assert!(is_signed_in(&there, &mut thief).await, "the feed was not cut: nobody else could have told");
    there.clock.advance(Duration::from_millis(1000));
    assert!(!is_signed_in(&there, &mut thief).await, "a node that hears nothing still trusted its memory");
    running.abort();
}

on_both!(sec_44_a_node_whose_feed_is_cut_asks_the_store_within_a_second);
