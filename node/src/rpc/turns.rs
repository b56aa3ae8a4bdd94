//! Whose turn it is: requests that read the state or make the runtime work take turns, and leave a core to the
//! rest of the node.
//!
//! Each connection has one request in the line at a time, and the line is first come, first served: who asks
//! for much waits for itself.

use futures::FutureExt;
use jsonrpsee::{
    ConnectionId, MethodCallback, MethodResponse, Methods,
    core::RegisterMethodError,
    types::{ErrorCode, ErrorObjectOwned},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap, future::Future, num::NonZeroUsize, sync::Arc,
    thread::available_parallelism,
};
use tokio::{runtime::Handle, sync::Semaphore};

/// Requests of one connection that wait, at most.
const WAITING_MAX: usize = 128;
/// JSON-RPC code of what can be asked again later.
const BUSY_CODE: i32 = 7_001;
/// How the names of methods begin that neither read the state nor make the runtime work, or whose work has
/// bounds of its own: those of the pool, and of subscriptions.
const LIGHT: [&str; 5] = [
    "author_submit",
    "chainHead_",
    "chainSpec_",
    "system_",
    "transaction_",
];
/// Those among them that make the runtime work nonetheless.
const NOT_LIGHT: [&str; 3] = [
    "system_accountNextIndex",
    "system_dryRun",
    "system_dryRunAt",
];

/// Turns of a few requests at once.
#[derive(Clone)]
pub struct Turns {
    line: Arc<Semaphore>,
    connections: Arc<Mutex<HashMap<ConnectionId, Connection>>>,
    /// Where the work is done: not on the threads that answer.
    workers: Handle,
}

/// What one connection asks.
struct Connection {
    waiting: usize,
    /// One of its requests is in the line.
    line: Arc<Semaphore>,
}

/// Why a request has no answer.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// Too many requests of this connection wait already.
    Busy,
    /// The work panicked, or the node stops.
    Broken,
}

impl Turns {
    /// Turns at work on the blocking threads of a runtime, one per core but one.
    pub fn new(workers: Handle) -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with(workers, cores.saturating_sub(1).max(1))
    }

    fn with(workers: Handle, at_once: usize) -> Self {
        Self {
            line: Arc::new(Semaphore::new(at_once)),
            connections: Arc::default(),
            workers,
        }
    }

    /// The same methods, of which all take turns that are not light.
    pub fn order(&self, methods: &Methods) -> Result<Methods, RegisterMethodError> {
        let mut ordered = Methods::new();
        for name in methods.method_names() {
            if let Some(callback) = methods.method(name).cloned() {
                let is_light = LIGHT.iter().any(|start| name.starts_with(start));
                let callback = if is_light && !NOT_LIGHT.contains(&name) {
                    callback
                } else {
                    self.in_turn(callback)
                };
                ordered.verify_and_insert(name, callback)?;
            }
        }
        Ok(ordered)
    }

    fn in_turn(&self, callback: MethodCallback) -> MethodCallback {
        let turns = self.clone();
        match callback {
            MethodCallback::Sync(work) => self.in_turn(MethodCallback::Async(Arc::new(
                move |id, params, _, max, asks| {
                    let work = work.clone();
                    async move { work(id, params, max, asks) }.boxed()
                },
            ))),
            MethodCallback::Async(work) => {
                MethodCallback::Async(Arc::new(move |id, params, connection, max, asks| {
                    let (turns, work) = (turns.clone(), work.clone());
                    async move {
                        let asked = id.clone();
                        let work = async move { work(id, params, connection, max, asks).await };
                        let answer = turns.take(connection, work).await;
                        answer.unwrap_or_else(|refusal| {
                            MethodResponse::error(asked, ErrorObjectOwned::from(refusal))
                        })
                    }
                    .boxed()
                }))
            }
            subscription => subscription,
        }
    }

    /// Works when it is the turn of the connection that asks, to the end, even if nobody waits for it any more.
    async fn take<T: Send + 'static>(
        &self,
        connection: ConnectionId,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Place::take(self, connection).ok_or(Refusal::Busy)?;
        let _own = place.line.acquire().await.map_err(|_| Refusal::Broken)?;
        let turn = self.line.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::Broken)?;
        let workers = self.workers.clone();
        let worked = self.workers.spawn_blocking(move || {
            let _turn = turn;
            workers.block_on(work)
        });
        worked.await.map_err(|_| Refusal::Broken)
    }
}

impl From<Refusal> for ErrorObjectOwned {
    fn from(refusal: Refusal) -> Self {
        let text =
            "too many requests of this connection wait already: ask again when some are answered";
        match refusal {
            Refusal::Busy => Self::owned(BUSY_CODE, text, None::<()>),
            Refusal::Broken => ErrorCode::InternalError.into(),
        }
    }
}

/// A request's place among those of its connection, which it gives up when it drops.
struct Place<'a> {
    turns: &'a Turns,
    id: ConnectionId,
    line: Arc<Semaphore>,
}

impl<'a> Place<'a> {
    fn take(turns: &'a Turns, id: ConnectionId) -> Option<Self> {
        let mut connections = turns.connections.lock();
        let connection = connections.entry(id).or_insert_with(|| Connection {
            waiting: 0,
            line: Arc::new(Semaphore::new(1)),
        });
        if connection.waiting >= WAITING_MAX {
            return None;
        }
        connection.waiting = connection.waiting.saturating_add(1);
        let line = connection.line.clone();
        Some(Self { turns, id, line })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut connections = self.turns.connections.lock();
        if let Some(connection) = connections.get_mut(&self.id) {
            connection.waiting = connection.waiting.saturating_sub(1);
            if connection.waiting == 0 {
                connections.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonrpsee::RpcModule;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    fn turns(at_once: usize) -> Turns {
        Turns::with(Handle::current(), at_once)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn requests_take_turns() {
        const AT_ONCE: usize = 2;
        let turns = turns(AT_ONCE);
        let (working, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let requests = (0..20).map(|id| {
            let (turns, working, most) = (turns.clone(), working.clone(), most.clone());
            tokio::spawn(async move {
                let work = async move {
                    let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(5));
                    working.fetch_sub(1, Ordering::SeqCst);
                };
                turns.take(ConnectionId(id), work).await
            })
        });
        for request in requests.collect::<Vec<_>>() {
            assert_eq!(request.await.unwrap(), Ok(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(turns.connections.lock().is_empty());
    }

    /// Work that ends when it is let through.
    async fn pass(gate: Arc<Semaphore>) {
        gate.acquire().await.unwrap().forget();
    }

    #[tokio::test]
    async fn who_asks_for_much_keeps_nobody_waiting() {
        let (turns, gate) = (turns(1), Arc::new(Semaphore::new(0)));
        let ask = |turns: Turns, gate| async move { turns.take(ConnectionId(1), pass(gate)).await };
        let greedy: Vec<_> = (0..2 * WAITING_MAX)
            .map(|_| tokio::spawn(ask(turns.clone(), gate.clone())))
            .collect();
        let refused = || {
            greedy
                .iter()
                .filter(|request| request.is_finished())
                .count()
        };
        while refused() < WAITING_MAX {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (other, line) = (turns.clone(), turns.clone());
        let other = tokio::spawn(async move { other.take(ConnectionId(2), async { 7 }).await });
        while line.connections.lock().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(refused(), WAITING_MAX);
        // One of the greedy ones ends, the next stays for ever.
        gate.add_permits(1);
        assert_eq!(other.await.unwrap(), Ok(7));
        gate.add_permits(WAITING_MAX);
    }

    #[tokio::test]
    async fn a_turn_ends_in_a_panic() {
        let turns = turns(1);
        for _ in 0..20 {
            let panicked = turns.take(ConnectionId(1), async { panic!("on purpose") });
            assert_eq!(panicked.await, Err::<(), _>(Refusal::Broken));
        }
        assert_eq!(turns.take(ConnectionId(1), async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_though_nobody_waits_for_it() {
        let (turns, gate) = (turns(1), Arc::new(Semaphore::new(0)));
        let left = turns.take(ConnectionId(1), pass(gate.clone()));
        let left = tokio::time::timeout(Duration::from_millis(20), left);
        assert!(left.await.is_err());
        let next = tokio::spawn(async move { turns.take(ConnectionId(2), async { 7 }).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!next.is_finished());
        gate.add_permits(1);
        assert_eq!(next.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn only_light_methods_wait_for_nobody() {
        let mut module = RpcModule::new(());
        for name in [
            "system_health",
            "system_accountNextIndex",
            "state_getStorageSize",
        ] {
            module.register_method(name, |_, _, _| 7).unwrap();
        }
        for name in ["chainHead_v1_call", "state_call"] {
            module
                .register_async_method(name, |_, _, _| async { 7 })
                .unwrap();
        }
        let (turns, gate) = (turns(1), Arc::new(Semaphore::new(0)));
        let (methods, held) = (turns.order(&module).unwrap(), gate.clone());
        let first = tokio::spawn(async move { turns.take(ConnectionId(1), pass(held)).await });
        tokio::task::yield_now().await;
        let call = async |name: &str| {
            let call = methods.call::<_, u32>(name, [(); 0]);
            let answer = tokio::time::timeout(Duration::from_millis(20), call).await;
            answer.map(Result::unwrap)
        };
        for name in ["system_health", "chainHead_v1_call"] {
            assert_eq!(call(name).await, Ok(7), "{name}");
        }
        let working = [
            "system_accountNextIndex",
            "state_getStorageSize",
            "state_call",
        ];
        for name in working {
            assert!(call(name).await.is_err(), "{name}");
        }
        gate.add_permits(1);
        assert_eq!(first.await.unwrap(), Ok(()));
        for name in working {
            assert_eq!(
                methods.call::<_, u32>(name, [(); 0]).await.unwrap(),
                7,
                "{name}"
            );
        }
    }
}
