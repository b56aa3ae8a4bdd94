//! Whose turn it is: requests that make the runtime work take turns, and leave a core to the rest of the
//! node.
//!
//! Each connection has one request in the line at a time, and the line is first come, first served: who asks
//! for much waits for itself.

use jsonrpsee::{ConnectionId, Extensions};
use parking_lot::Mutex;
use std::{collections::HashMap, num::NonZeroUsize, sync::Arc, thread::available_parallelism};
use tokio::sync::Semaphore;

/// Requests of one connection that wait, at most.
const WAITING_MAX: usize = 32;

/// Turns of a few requests at once.
#[derive(Clone)]
pub struct Turns {
    line: Arc<Semaphore>,
    connections: Arc<Mutex<HashMap<Option<ConnectionId>, Connection>>>,
}

/// What one connection asks.
struct Connection {
    waiting: usize,
    /// One of its requests is in the line.
    line: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self::new(cores.saturating_sub(1).max(1))
    }
}

impl Turns {
    fn new(at_once: usize) -> Self {
        Self {
            line: Arc::new(Semaphore::new(at_once)),
            connections: Arc::default(),
        }
    }

    /// Works when it is the turn of the connection that asks, on a thread that may block; none when too many
    /// of its requests wait already.
    pub async fn take<T: Send + 'static>(
        &self,
        asks: &Extensions,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = Place::take(self, asks.get().copied())?;
        let _own = place.line.acquire().await.ok()?;
        let turn = self.line.clone().acquire_owned().await.ok()?;
        let worked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        worked.await.ok()
    }
}

/// A request's place among those of its connection, which it gives up when it drops.
struct Place<'a> {
    turns: &'a Turns,
    id: Option<ConnectionId>,
    line: Arc<Semaphore>,
}

impl<'a> Place<'a> {
    fn take(turns: &'a Turns, id: Option<ConnectionId>) -> Option<Self> {
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
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    fn asks(id: usize) -> Extensions {
        let mut asks = Extensions::new();
        asks.insert(ConnectionId(id));
        asks
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn requests_take_turns() {
        const AT_ONCE: usize = 2;
        let turns = Turns::new(AT_ONCE);
        let (working, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let requests = (0..20).map(|id| {
            let (turns, working, most) = (turns.clone(), working.clone(), most.clone());
            tokio::spawn(async move {
                let work = move || {
                    let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(5));
                    working.fetch_sub(1, Ordering::SeqCst);
                };
                turns.take(&asks(id), work).await
            })
        });
        for request in requests.collect::<Vec<_>>() {
            assert_eq!(request.await.unwrap(), Some(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(turns.connections.lock().is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_asks_for_much_keeps_nobody_waiting() {
        let turns = Turns::new(1);
        let answered = Arc::new(AtomicUsize::new(0));
        let greedy = (0..2 * WAITING_MAX).map(|_| {
            let (turns, answered) = (turns.clone(), answered.clone());
            let work = move || {
                thread::sleep(Duration::from_millis(20));
                answered.fetch_add(1, Ordering::SeqCst)
            };
            tokio::spawn(async move { turns.take(&asks(1), work).await })
        });
        let greedy: Vec<_> = greedy.collect();
        while turns.connections.lock().is_empty() || answered.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = answered.load(Ordering::SeqCst);
        assert_eq!(turns.take(&asks(2), || 7).await, Some(7));
        // The request at work, and the one in the line.
        assert!(answered.load(Ordering::SeqCst) <= before + 2);
        let mut refused = 0;
        for request in greedy {
            refused += usize::from(request.await.unwrap().is_none());
        }
        assert_eq!(refused, WAITING_MAX);
    }

    #[tokio::test]
    async fn a_turn_ends_in_a_panic() {
        let turns = Turns::new(1);
        for _ in 0..20 {
            let panicked = turns.take(&asks(1), || panic!("on purpose")).await;
            assert_eq!(panicked, None::<()>);
        }
        assert_eq!(turns.take(&asks(1), || 7).await, Some(7));
    }
}
