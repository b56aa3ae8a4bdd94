//! The search threads and the work that they share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

pub use fedchain_pow::Seal;
use fedchain_pow::{U256, search, target};
use parking_lot::{Condvar, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many nonces are tried before a thread looks whether its work is stale: about 2 ms.
const BATCH: u64 = 8_192;

/// What a seal is searched for.
#[derive(Clone, Copy)]
pub struct Work {
    /// The node's number for it.
    pub job: u64,
    /// Height of the block.
    pub number: u32,
    /// What is hashed with the nonce.
    pub pre_hash: [u8; 32],
    /// What the seal must meet.
    pub difficulty: U256,
}

/// Running search threads.
pub struct Search(Arc<Slot>);

#[derive(Default)]
struct Slot {
    work: Mutex<Option<Work>>,
    is_set: Condvar,
    /// Counts the changes of `work`; a cheap way to see that work is stale.
    version: AtomicU64,
    hashes: AtomicU64,
}

impl Search {
    /// Starts threads that wait for work; what they find comes out of the receiver.
    pub fn start(threads: u16) -> (Self, UnboundedReceiver<(Work, Seal)>) {
        let slot = Arc::<Slot>::default();
        let (found, seals) = unbounded_channel();
        let first_nonce: u64 = rand::random();
        let share = u64::MAX / u64::from(threads);
        for index in 0..threads {
            let (slot, found) = (slot.clone(), found.clone());
            let first_nonce = first_nonce.wrapping_add(share.wrapping_mul(index.into()));
            thread::spawn(move || slot.search(first_nonce, &found));
        }
        (Self(slot), seals)
    }

    /// Gives the threads this work, unless they have it already.
    pub fn set(&self, work: Work) {
        let mut current = self.0.work.lock();
        if current.is_none_or(|current| current.job != work.job) {
            *current = Some(work);
            self.0.version.fetch_add(1, Ordering::Relaxed);
            self.0.is_set.notify_all();
        }
    }

    /// Takes the work away.
    pub fn stop(&self) {
        *self.0.work.lock() = None;
        self.0.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Nonces tried so far.
    pub fn hashes(&self) -> u64 {
        self.0.hashes.load(Ordering::Relaxed)
    }
}

impl Slot {
    /// Searches work after work until nobody listens any more. After a find the thread waits for
    /// the next work.
    fn search(&self, first_nonce: u64, found: &UnboundedSender<(Work, Seal)>) {
        let mut done = 0;
        while !found.is_closed() {
            let (work, version) = self.wait(done);
            done = version;
            let Some(target) = target(work.difficulty) else {
                continue;
            };
            let mut nonce = first_nonce;
            while self.version.load(Ordering::Relaxed) == version {
                let end = nonce.saturating_add(BATCH);
                let seal = search(&work.pre_hash, target, nonce..end);
                let tried = seal.map_or(end, |seal| seal.nonce.saturating_add(1));
                let tried = tried.saturating_sub(nonce);
                self.hashes.fetch_add(tried, Ordering::Relaxed);
                if let Some(seal) = seal {
                    let _ = found.send((work, seal));
                    break;
                }
                nonce = if end == u64::MAX { 0 } else { end };
            }
        }
    }

    /// Waits for work of another version than `done`.
    fn wait(&self, done: u64) -> (Work, u64) {
        let mut work = self.work.lock();
        loop {
            let version = self.version.load(Ordering::Relaxed);
            match *work {
                Some(work) if version != done => return (work, version),
                _ => self.is_set.wait(&mut work),
            }
        }
    }
}
