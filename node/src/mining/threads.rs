//! The search threads.

use super::{
    metrics::Metrics,
    template::Template,
    work::{Refused, WorkCell},
};
use fedchain_pow::{Seal, search, target};
use futures::channel::mpsc::UnboundedSender;
use std::{sync::Arc, thread};

/// How many nonces are tried before a thread looks whether its work is stale: about 2 ms.
const BATCH: u64 = 8_192;

/// A template and the seal that completes it.
pub type Found = (Template, Seal);

/// Starts `count` threads that share the nonces of each template between them.
///
/// They wait while there is no work and end with the process.
pub fn start(
    count: u16,
    cell: &Arc<WorkCell>,
    found: &UnboundedSender<Found>,
    metrics: &Metrics,
) -> std::io::Result<()> {
    let share = u64::MAX / u64::from(count.max(1));
    for index in 0..count {
        let (cell, found, metrics) = (cell.clone(), found.clone(), metrics.clone());
        let first_nonce = share * u64::from(index);
        thread::Builder::new()
            .name(format!("miner-{index}"))
            .spawn(move || mine(&cell, first_nonce, &found, &metrics))?;
    }
    Ok(())
}

/// Mines template after template until nobody listens any more.
fn mine(cell: &WorkCell, first_nonce: u64, found: &UnboundedSender<Found>, metrics: &Metrics) {
    while !found.is_closed() {
        let work = cell.wait();
        let Some(target) = target(work.difficulty) else {
            cell.close();
            continue;
        };
        let mut nonce = first_nonce;
        while cell.is_current(work.job) {
            let end = nonce.saturating_add(BATCH);
            let seal = search(work.pre_hash.as_fixed_bytes(), target, nonce..end);
            let tried = seal.map_or(end, |seal| seal.nonce.saturating_add(1));
            metrics.hashes.inc_by(tried.saturating_sub(nonce));
            if let Some(seal) = seal {
                match cell.take(work.job, seal) {
                    Ok(template) => {
                        let _ = found.unbounded_send((template, seal));
                    }
                    Err(Refused::Stale) => metrics.stale.inc(),
                    Err(Refused::Duplicate | Refused::Wrong) => {}
                }
                break;
            }
            nonce = end;
        }
    }
}
