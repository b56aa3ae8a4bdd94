//! fedchain-miner: searches seals for a node that has better things to do.
//!
//! ```text
//! node --getWork--> slot --> search threads --seal--> submitWork --> node
//! ```
//!
//! The node builds blocks and imports them; this program only hashes. It may run on other machines,
//! several at once: each starts at a random nonce, so that they do not search the same ones.

mod node;
mod search;

use clap::Parser;
use node::{Failure, Node};
use search::{Seal, Search, Work};
use std::time::Duration;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep},
};

/// How often to ask for newer work.
const POLL: Duration = Duration::from_millis(100);
/// How often to tell the hash rate.
const REPORT: Duration = Duration::from_secs(10);
/// First and longest pause between attempts to reach the node.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Searches seals for a fedchain node that runs with --mine.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The node's RPC address. Its mining methods are unsafe ones: a node answers them on its own
    /// machine, or to everybody with --rpc-methods unsafe, which needs a private network.
    #[arg(long, default_value = "ws://127.0.0.1:9944")]
    url: String,

    /// How many threads search; all cores when missing.
    #[arg(long, value_name = "COUNT")]
    threads: Option<u16>,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u16);
    let threads = args.threads.unwrap_or_else(cores).max(1);
    let (search, mut seals) = Search::start(threads);
    println!("mining for {} on {threads} thread(s)", args.url);

    let mut score = Score::new();
    let mut pause = RECONNECT.0;
    loop {
        let failure = match Node::connect(&args.url).await {
            Ok(node) => {
                println!("connected to {}", args.url);
                pause = RECONNECT.0;
                follow(&node, &search, &mut seals, &mut score).await
            }
            Err(failure) => failure,
        };
        search.stop();
        println!("{failure}: trying again in {} s", pause.as_secs_f32());
        sleep(pause).await;
        pause = (pause * 2).min(RECONNECT.1);
    }
}

/// Takes work from a node and hands seals in until the node fails.
async fn follow(
    node: &Node,
    search: &Search,
    seals: &mut UnboundedReceiver<(Work, Seal)>,
    score: &mut Score,
) -> Failure {
    loop {
        let waits_for = match node.work().await {
            Ok(work) => {
                search.set(work);
                None
            }
            Err(Failure::NoWork(reason)) => {
                search.stop();
                Some(reason)
            }
            Err(failure) => return failure,
        };
        score.report(search, waits_for);
        tokio::select! {
            () = sleep(POLL) => {}
            Some((work, seal)) = seals.recv() => {
                // Until the next work there is nothing to find.
                search.stop();
                match node.submit(&work, seal).await {
                    Ok(number) => {
                        score.blocks += 1;
                        println!("found a seal for block #{number}");
                    }
                    Err(Failure::Refused(reason)) => {
                        score.refused += 1;
                        println!("a seal for block #{} was refused: {reason}", work.number);
                    }
                    Err(failure) => return failure,
                }
            }
        }
    }
}

/// What was achieved so far.
struct Score {
    blocks: u64,
    refused: u64,
    hashes: u64,
    since: Instant,
}

impl Score {
    fn new() -> Self {
        Self {
            blocks: 0,
            refused: 0,
            hashes: 0,
            since: Instant::now(),
        }
    }

    /// Prints the hash rate since the last time, now and then, or why there is nothing to search.
    fn report(&mut self, search: &Search, waits_for: Option<String>) {
        let elapsed = self.since.elapsed();
        if elapsed < REPORT {
            return;
        }
        let hashes = search.hashes();
        let rate = (hashes - self.hashes) as f64 / elapsed.as_secs_f64();
        println!(
            "{:.2} MH/s, {} seals taken, {} refused",
            rate / 1e6,
            self.blocks,
            self.refused
        );
        if let Some(reason) = waits_for {
            println!("waiting: {reason}");
        }
        (self.hashes, self.since) = (hashes, Instant::now());
    }
}
