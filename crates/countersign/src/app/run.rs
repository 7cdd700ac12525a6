//! Running: the doors and the workers start together and end together. On SIGTERM or SIGINT no new work is
//! begun, answers on their way are finished, and what is claimed is reported; the rest waits in the store.

use super::{App, local};
use crate::api::{self, ApiSettings, ApiState};
use crate::sources::watch;
use crate::workers::{outbox, sweep, wakeups};
use axum::Router;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Outbox workers side by side: each has its own connections in flight.
const OUTBOX_WORKERS: usize = 2;
/// Longer than any HTTP attempt. A local program that runs on is left to its lease.
const WORKERS_FINISH: Duration = Duration::from_secs(20);
/// Streams and long polls never end by themselves.
const ANSWERS_FINISH: Duration = Duration::from_secs(3);

impl App {
    /// Runs doors and workers until told to stop, and until what was begun has ended.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let workers = self.start_workers(&stop);
        let router = self.router(&stop);
        let served = serve(listener, router, stop.clone()).await;
        stop.cancel();
        workers.close();
        if tokio::time::timeout(WORKERS_FINISH, workers.wait()).await.is_err() {
            tracing::warn!("some effects were still under way; they are tried again at the next start");
        }
        served
    }

    /// Works off what is due in the outbox before the workers start, so that what they do later is news.
    pub async fn work_off(&self) {
        while let Ok(count) = outbox::run_once(&self.performer).await
            && count > 0
        {}
    }

    fn start_workers(&self, stop: &CancellationToken) -> TaskTracker {
        let workers = TaskTracker::new();
        for _ in 0..OUTBOX_WORKERS {
            workers.spawn(outbox::run(self.performer.clone(), stop.clone()));
        }
        workers.spawn(wakeups::run(self.engine.clone(), stop.clone()));
        workers.spawn(sweep::run(self.engine.clone(), stop.clone()));
        workers.spawn(watch::run(self.sources.clone(), stop.clone()));
        workers
    }

    /// Every door.
    fn router(&self, stop: &CancellationToken) -> Router {
        let (per_caller, per_address) = (self.limits.requests_per_second.get(), self.limits.strangers_per_second.get());
        let body_bytes_max = self.limits.body_bytes.0;
        let settings = ApiSettings { body_bytes_max, rate_per_caller: per_caller, rate_per_address: per_address, ..ApiSettings::default() };
        let state = ApiState::new(self.engine.clone(), settings, stop.clone()).signing_in_at(self.providers.clone());
        let local = local::router(local::Local::new(state.clone(), self.local_secret.clone()));
        api::router(state, local)
    }
}

/// Serves until told to stop; then finishes the answers on their way.
async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let drained = stop.clone();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move { drained.cancelled().await });
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(ANSWERS_FINISH).await;
    };
    tokio::select! {
        served = async { serving.await } => served,
        () = late => Ok(()),
    }
}

/// Cancels on SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// When the system gives no signals.
pub fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = stop.clone();
    tokio::spawn(async move {
        for wait in 0..2 {
            tokio::select! { _ = terminated.recv() => {} _ = interrupted.recv() => {} }
            if wait == 1 {
                std::process::exit(130);
            }
            token.cancel();
        }
    });
    Ok(stop)
}
