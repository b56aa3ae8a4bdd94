//! How a node stops: its tasks first, then the threads they run on, and no panic in between counts.
//!
//! Substrate's tasks of the network panic when they are cut off in the midst of their work: a clock or
//! another task's messages have ended. Left alone, that ends the process as a failure, with "This is a
//! bug", one time in twenty-five.

use crate::cli::Cli;
use futures::FutureExt;
use log::error;
use sc_cli::Runner;
use sc_service::{Configuration, TaskManager};
use std::{
    panic, process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long tasks may take to end.
const END_MAX: Duration = Duration::from_secs(60);
/// Pause between two looks at what still runs.
const LOOK: Duration = Duration::from_millis(5);

/// Set once tasks are told to end.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// Runs a node until it fails or the process is told to stop.
///
/// # Errors
/// If it does not start, or an essential task of it fails.
pub fn run_until_exit(
    runner: Runner<Cli>,
    start: impl FnOnce(Configuration) -> sc_cli::Result<TaskManager>,
) -> sc_cli::Result<()> {
    sc_cli::print_node_infos::<Cli>(runner.config());
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_STOPPING.load(Ordering::SeqCst) {
            report(info);
        }
    }));
    runner.async_run(|config| {
        let outer =
            TaskManager::new(config.tokio_handle.clone(), None).map_err(sc_service::Error::from)?;
        let node = async move {
            let is_failing = |_: &_| IS_STOPPING.store(true, Ordering::SeqCst);
            let mut tasks = Tasks(Some(start(config).inspect_err(is_failing)?));
            tasks.run().await
        };
        Ok((node.boxed_local(), outer))
    })
}

/// The tasks of a node. A drop tells them to end, and waits until they have.
struct Tasks(Option<TaskManager>);

impl Tasks {
    async fn run(&mut self) -> sc_cli::Result<()> {
        if let Some(tasks) = &mut self.0 {
            tasks.future().await?;
        }
        Ok(())
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let Some(tasks) = self.0.take() else { return };
        IS_STOPPING.store(true, Ordering::SeqCst);
        let registry = tasks.into_task_registry();
        let told = Instant::now();
        while !registry.running_tasks().is_empty() {
            if told.elapsed() >= END_MAX {
                let names = registry.running_tasks().into_keys().map(|task| task.name);
                let names: Vec<_> = names.collect();
                error!("some tasks do not end: {}", names.join(", "));
                process::exit(1);
            }
            thread::sleep(LOOK);
        }
    }
}
