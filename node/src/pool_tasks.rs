//! Spawns the transaction pool's tasks so that a node which is told to stop does not call it a
//! failure.
//!
//! One of the pool's tasks blocks its thread for as long as the pool lives, sees no exit signal in
//! that time and ends with the pool, which looks as if an essential task had failed. Here every
//! task pauses once before it ends: a node that is stopping drops it there, and in any other node
//! it is a failure as before.

use futures::future::BoxFuture;
use sc_service::SpawnEssentialTaskHandle;
use sp_core::traits::SpawnEssentialNamed;

/// What the pool spawns its tasks with.
#[derive(Clone)]
pub struct PoolTasks(pub SpawnEssentialTaskHandle);

impl SpawnEssentialNamed for PoolTasks {
    fn spawn_essential_blocking(
        &self,
        name: &'static str,
        group: Option<&'static str>,
        task: BoxFuture<'static, ()>,
    ) {
        self.0.spawn_blocking(name, group, pause_after(task));
    }

    fn spawn_essential(
        &self,
        name: &'static str,
        group: Option<&'static str>,
        task: BoxFuture<'static, ()>,
    ) {
        self.0.spawn(name, group, pause_after(task));
    }
}

async fn pause_after(task: BoxFuture<'static, ()>) {
    task.await;
    tokio::task::yield_now().await;
}
