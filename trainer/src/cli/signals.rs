//! Being asked to end, by Ctrl-C or by the system.

use std::{future::pending, process, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

use super::output;
use crate::Error;

/// How long a session may take to stop: training is not interrupted.
const STOP_MAX: Duration = Duration::from_secs(10);

/// How soon a second signal counts: some programs that start others pass one on twice.
const AGAIN_MIN: Duration = Duration::from_secs(1);

/// Resolves when the process is asked to end.
pub(super) fn interrupted() -> Result<impl Future<Output = ()> + use<>, Error> {
    let refused = |error| Error::Impossible(format!("cannot wait for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The same for what then needs time. Asked twice, or after a while, the process ends at once. Signals are
/// left alone until this is awaited first.
pub(super) async fn stop() {
    let Ok(asked) = interrupted() else {
        return pending().await;
    };
    let (told, stop) = oneshot::channel();
    // Of its own, for a session that trains looks at nothing else.
    tokio::spawn(async move {
        asked.await;
        output::hint("stopping: once more to stop at once");
        let _ = told.send(());
        sleep(AGAIN_MIN).await;
        if let Ok(again) = interrupted() {
            tokio::select! {
                () = again => {}
                () = sleep(STOP_MAX) => {}
            }
        }
        let stopped = Error::Stopped("whether a bond is at stake is not known".into());
        output::hint(&format!("error: {stopped}"));
        process::exit(stopped.exit_code().into());
    });
    if stop.await.is_err() {
        pending().await
    }
}
