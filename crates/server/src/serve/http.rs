//! Connections: who may hold one, for how long, and how all of them end.

use std::{
    convert::Infallible,
    future::Future,
    io::ErrorKind,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// A request's head must be here by then (SEC-110).
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Request line and headers together (SEC-110).
const LARGEST_HEAD: usize = 16 * 1024;
/// How long a stop waits for what was begun.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// Takes the port, or says who may have it and what to do.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|why| match why.kind() {
        ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program. Stop that, or choose another with `--listen`.")
        }
        ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("{address} is not an address of this machine. Choose one with `--listen`.")
        }
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("this user may not listen on {address}. Take a port above 1023 and put a proxy in front.")
        }
        _ => anyhow::Error::new(why).context(format!("can't listen on {address}")),
    })
}

/// Serves until `stop` ends, then finishes what was begun.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let builder = Arc::new(builder());
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(why) => {
                    // Out of file handles, mostly: some come back when connections end.
                    tracing::warn!(error = %why, "a connection could not be accepted");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let connection = connection(Arc::clone(&builder), stream, peer, router.clone(), graceful.watcher());
        tokio::spawn(connection);
    }
    // From here on new connections are refused, so that a proxy goes elsewhere at once.
    drop(listener);
    if timeout(FINISH_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut");
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(LARGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(HEAD_WITHIN);
    builder
}

async fn connection(
    builder: Arc<auto::Builder<TokioExecutor>>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Answers are small and whole: waiting to fill a packet only adds latency.
    if let Err(why) = stream.set_nodelay(true) {
        tracing::debug!(error = %why, "no TCP_NODELAY");
    }
    let spoke = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&spoke);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        heard.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(infallible(router.oneshot(request.map(axum::body::Body::new)).await)) }
    });
    let serving = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let mut serving = pin!(watcher.watch(serving));
    tokio::select! {
        ended = &mut serving => return log_end(ended),
        () = sleep(HEAD_WITHIN) => {}
    }
    // The header timeout begins with HTTP's first byte; who never sends one (or
    // half of HTTP/2's greeting) would hold the connection for good.
    if spoke.load(Ordering::Relaxed) {
        log_end(serving.await);
    }
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}

fn log_end(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(why) = ended {
        tracing::debug!(error = %why, "a connection ended early");
    }
}
