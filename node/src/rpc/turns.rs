//! Whose turn it is: requests that read the state or make the runtime work take turns, and leave a core to the
//! rest of the node.
//!
//! Each connection has one request in the line at a time, and the line is first come, first served: who asks
//! for much waits for itself. What a connection has asked and not been told counts until it has been sent, so
//! that who reads nothing fills no memory.

use jsonrpsee::{
    ConnectionId, MethodResponse, ResponsePayload,
    types::{ErrorCode, ErrorObjectOwned, Id},
};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::HashMap, future::Future, num::NonZeroUsize, sync::Arc,
    thread::available_parallelism, time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::Semaphore,
    time::timeout,
};

/// Requests of one connection that have no answer yet, at most.
const ASKED_MAX: usize = 128;
/// Bytes of parameters and answers that one connection may hold when it asks for more.
const HELD_MAX: usize = 16 << 20;
/// The same of all connections; who holds little may ask all the same.
const HELD_MAX_IN_ALL: usize = 1 << 30;
/// Bytes that are little.
const LITTLE: usize = 256 << 10;
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Turns at once, at most: they share the executor's instances with the import of blocks.
const AT_ONCE_MAX: usize = 16;
/// JSON-RPC code of what can be asked again later.
const BUSY_CODE: i32 = 7_001;

/// Turns of a few requests at once.
#[derive(Clone)]
pub struct Turns {
    line: Arc<Semaphore>,
    connections: Arc<Mutex<Connections>>,
    /// How long a request waits for its turn.
    wait_max: Duration,
    /// Where the work is done: neither on the threads that answer nor on those of the node.
    workers: Handle,
}

#[derive(Default)]
struct Connections {
    by_id: HashMap<ConnectionId, Connection>,
    held: usize,
}

impl Connections {
    fn hold(&mut self, id: ConnectionId, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
        if let Some(connection) = self.by_id.get_mut(&id) {
            connection.held = connection.held.saturating_add(bytes);
        }
    }
}

/// What one connection has asked and not been told.
struct Connection {
    asked: usize,
    /// Bytes of parameters, and of answers that were not sent.
    held: usize,
    /// One of its requests is in the line.
    line: Arc<Semaphore>,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This connection, or all of them, have asked for too much that has not been sent.
    Busy,
    /// The work failed, or the node stops.
    Broken,
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

/// The threads that work, which nobody waits for when it drops.
pub struct Workers(Option<Runtime>);

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Turns {
    /// As many turns at once as there are cores but one, and the threads for them.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start() -> std::io::Result<(Self, Workers)> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let at_once = cores.saturating_sub(1).clamp(1, AT_ONCE_MAX);
        let runtime = Builder::new_multi_thread()
            .thread_name("rpc-turns")
            .worker_threads(1)
            // The stock methods go to one more thread from theirs.
            .max_blocking_threads(at_once.saturating_mul(2))
            .enable_all()
            .build()?;
        let turns = Self::new(runtime.handle().clone(), at_once);
        Ok((turns, Workers(Some(runtime))))
    }

    pub(super) fn new(workers: Handle, at_once: usize) -> Self {
        Self {
            line: Arc::new(Semaphore::new(at_once)),
            connections: Arc::default(),
            wait_max: WAIT_MAX,
            workers,
        }
    }

    /// Counts a request with so many bytes of parameters until its place drops.
    pub fn count(&self, id: ConnectionId, bytes: usize) -> Result<Place, Refusal> {
        let mut connections = self.connections.lock();
        let is_full = connections.held >= HELD_MAX_IN_ALL;
        let known = connections.by_id.get(&id);
        let (asked, held) = known.map_or((0, 0), |known| (known.asked, known.held));
        let would_hold_much = held.saturating_add(bytes) > LITTLE;
        if asked >= ASKED_MAX || held >= HELD_MAX || (is_full && would_hold_much) {
            return Err(Refusal::Busy);
        }
        let connection = connections.by_id.entry(id).or_insert_with(|| Connection {
            asked,
            held,
            line: Arc::new(Semaphore::new(1)),
        });
        connection.asked = asked.saturating_add(1);
        let line = connection.line.clone();
        connections.hold(id, bytes);
        Ok(Place {
            turns: self.clone(),
            id,
            line,
            held: bytes,
        })
    }

    fn is_holding_much(&self, id: ConnectionId) -> bool {
        let connections = self.connections.lock();
        let connection = connections.by_id.get(&id);
        connection.is_some_and(|connection| connection.held >= HELD_MAX)
    }
}

/// A request's place among those that have no answer yet, which it gives up when it drops.
pub struct Place {
    turns: Turns,
    id: ConnectionId,
    line: Arc<Semaphore>,
    held: usize,
}

impl Place {
    fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
        self.turns.connections.lock().hold(self.id, bytes);
    }

    /// Works when it is the turn of the connection that asks, to the end, even if nobody waits for it any more.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = async {
            let own = self.line.acquire().await.map_err(|_| Refusal::Broken)?;
            // The answers to those before it may have been large.
            if self.turns.is_holding_much(self.id) {
                return Err(Refusal::Busy);
            }
            let turn = self.turns.line.clone().acquire_owned().await;
            Ok::<_, Refusal>((own, turn.map_err(|_| Refusal::Broken)?))
        };
        let turn = timeout(self.turns.wait_max, turn).await;
        let (_own, turn) = turn.map_err(|_| Refusal::Busy)??;
        let workers = self.turns.workers.clone();
        let worked = self.turns.workers.spawn_blocking(move || {
            let _turn = turn;
            workers.block_on(work)
        });
        worked.await.map_err(|_| Refusal::Broken)
    }

    /// The same answer, with this place kept until it has been sent.
    pub fn until_sent(mut self, id: Id, answer: MethodResponse, max: usize) -> MethodResponse {
        #[derive(Deserialize)]
        struct Text<'a> {
            #[serde(borrow)]
            result: &'a RawValue,
        }
        let text = answer.as_result();
        let Ok(Text { result }) = serde_json::from_str(text) else {
            // An error, and short.
            return answer;
        };
        self.hold(text.len());
        let (payload, sent) = ResponsePayload::success(result).notify_on_completion();
        tokio::spawn(async move {
            // It fails where the connection is gone.
            let _ = sent.await;
            drop(self);
        });
        MethodResponse::response(id, payload, max)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connections = self.turns.connections.lock();
        connections.held = connections.held.saturating_sub(self.held);
        if let Some(connection) = connections.by_id.get_mut(&self.id) {
            connection.asked = connection.asked.saturating_sub(1);
            connection.held = connection.held.saturating_sub(self.held);
            if connection.asked == 0 {
                connections.by_id.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };
    use tokio::time::sleep;

    fn turns(at_once: usize) -> Turns {
        Turns::new(Handle::current(), at_once)
    }

    async fn take<T: Send + 'static>(
        turns: Turns,
        id: usize,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        turns.count(ConnectionId(id), 100)?.work(work).await
    }

    /// Work that ends when it is let through.
    async fn pass(gate: Arc<Semaphore>) {
        gate.acquire().await.unwrap().forget();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn requests_take_turns() {
        const AT_ONCE: usize = 2;
        let turns = turns(AT_ONCE);
        let (working, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let requests = (0..20).map(|id| {
            let (working, most) = (working.clone(), most.clone());
            let work = async move {
                let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(5));
                working.fetch_sub(1, Ordering::SeqCst);
            };
            tokio::spawn(take(turns.clone(), id, work))
        });
        for request in requests.collect::<Vec<_>>() {
            assert_eq!(request.await.unwrap(), Ok(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(turns.connections.lock().by_id.is_empty());
    }

    #[tokio::test]
    async fn who_asks_for_much_keeps_nobody_waiting() {
        let (turns, gate) = (turns(1), Arc::new(Semaphore::new(0)));
        let greedy: Vec<_> = (0..2 * ASKED_MAX)
            .map(|_| tokio::spawn(take(turns.clone(), 1, pass(gate.clone()))))
            .collect();
        let refused = || {
            greedy
                .iter()
                .filter(|request| request.is_finished())
                .count()
        };
        while refused() < ASKED_MAX {
            sleep(Duration::from_millis(1)).await;
        }
        let other = tokio::spawn(take(turns.clone(), 2, async { 7 }));
        while turns.connections.lock().by_id.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(refused(), ASKED_MAX);
        // One of the greedy ones ends, the next stays for ever.
        gate.add_permits(1);
        assert_eq!(other.await.unwrap(), Ok(7));
        gate.add_permits(ASKED_MAX);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let mut turns = turns(1);
        turns.wait_max = Duration::from_millis(20);
        let other = turns.line.acquire().await.unwrap();
        let refused = take(turns.clone(), 1, async { 7 }).await;
        assert_eq!(refused, Err(Refusal::Busy));
        assert!(turns.connections.lock().by_id.is_empty());
        drop(other);
        assert_eq!(take(turns.clone(), 1, async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_turn_ends_with_work_that_fails() {
        let turns = turns(1);
        for _ in 0..20 {
            let failed = take(turns.clone(), 1, async { panic!("on purpose") });
            assert_eq!(failed.await, Err::<(), _>(Refusal::Broken));
        }
        assert_eq!(take(turns, 1, async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_though_nobody_waits_for_it() {
        let (turns, gate) = (turns(1), Arc::new(Semaphore::new(0)));
        let left = take(turns.clone(), 1, pass(gate.clone()));
        assert!(timeout(Duration::from_millis(20), left).await.is_err());
        let next = tokio::spawn(take(turns, 2, async { 7 }));
        sleep(Duration::from_millis(20)).await;
        assert!(!next.is_finished());
        gate.add_permits(1);
        assert_eq!(next.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn who_holds_little_may_ask_however_much_others_hold() {
        let turns = turns(1);
        let others: Vec<_> = (1..=HELD_MAX_IN_ALL / HELD_MAX)
            .map(|id| turns.count(ConnectionId(id), HELD_MAX).unwrap())
            .collect();
        assert!(turns.count(ConnectionId(1), 0).is_err());
        let id = ConnectionId(0);
        assert!(turns.count(id, LITTLE + 1).is_err());
        let place = turns.count(id, LITTLE).unwrap();
        assert!(turns.count(id, 1).is_err());
        drop((place, others));
        assert!(turns.count(id, HELD_MAX).is_ok());
        let connections = turns.connections.lock();
        assert!(connections.by_id.is_empty() && connections.held == 0);
    }

    #[tokio::test]
    async fn who_reads_nothing_is_told_nothing_more() {
        let turns = turns(1);
        let id = ConnectionId(1);
        let answer = || {
            let text = ResponsePayload::success("x".repeat(HELD_MAX / 4));
            MethodResponse::response(Id::Number(7), text, usize::MAX)
        };
        let mut unsent = vec![];
        while let Ok(place) = turns.count(id, 100) {
            let sent = place.until_sent(Id::Number(7), answer(), usize::MAX);
            assert_eq!(sent.as_result(), answer().as_result());
            unsent.push(sent.into_parts().1.unwrap());
        }
        // With the parameters, four are too much.
        assert_eq!(unsent.len(), 4);
        assert!(turns.count(ConnectionId(2), 100).is_ok());
        unsent.pop().unwrap().notify(true);
        while turns.count(id, 100).is_err() {
            tokio::task::yield_now().await;
        }
        drop(unsent);
        while !turns.connections.lock().by_id.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.connections.lock().held, 0);
    }
}
