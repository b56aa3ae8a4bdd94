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
use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep},
};

/// How often to ask for newer work.
const POLL: Duration = Duration::from_millis(100);
/// How often to tell the hash rate.
const REPORT: Duration = Duration::from_secs(10);
/// First and longest pause between attempts to get work from the node.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

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
async fn main() -> ExitCode {
    let told = match Args::try_parse() {
        Ok(args) => run(&args).await,
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        Err(help) => help.print().and_then(|()| io::stdout().flush()),
    };
    match told {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let line = format!("error: cannot write to standard output: {error}");
            let _ = writeln!(io::stderr(), "{line}");
            ExitCode::FAILURE
        }
        // A reader that went away has what it wanted.
        _ => ExitCode::SUCCESS,
    }
}

/// Prints a line.
fn say(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}

/// A number of things in words.
fn count(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    }
}

/// Mines until nobody reads any more what it says.
async fn run(args: &Args) -> io::Result<()> {
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u16);
    let threads = args.threads.unwrap_or_else(cores).max(1);
    let (search, mut seals) = Search::start(threads);
    let on = count(threads.into(), "thread");
    say(format_args!("mining for {} on {on}", args.url))?;

    let mut score = Score::new();
    let mut pause = Pause(RETRY.0);
    loop {
        let failure = match Node::connect(&args.url).await {
            Ok(node) => {
                say(format_args!("connected to {}", args.url))?;
                follow(&node, &search, &mut seals, &mut score, &mut pause).await?
            }
            Err(failure) => failure,
        };
        search.stop();
        let wait = pause.next();
        say(format_args!(
            "{failure}: trying again in {} s",
            wait.as_secs_f32()
        ))?;
        sleep(wait).await;
    }
}

/// The next pause between attempts: twice as long after each that got nothing.
struct Pause(Duration);

impl Pause {
    fn next(&mut self) -> Duration {
        let next = (self.0 * 2).min(RETRY.1);
        std::mem::replace(&mut self.0, next)
    }

    fn reset(&mut self) {
        self.0 = RETRY.0;
    }
}

/// Takes work from a node and hands seals in until the node fails.
async fn follow(
    node: &Node,
    search: &Search,
    seals: &mut UnboundedReceiver<(Work, Seal)>,
    score: &mut Score,
    pause: &mut Pause,
) -> io::Result<Failure> {
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
            Err(failure) => return Ok(failure),
        };
        // To connect is not enough: a node may refuse to give work.
        pause.reset();
        score.report(search, waits_for)?;
        tokio::select! {
            () = sleep(POLL) => {}
            Some((work, seal)) = seals.recv() => {
                // Until the next work there is nothing to find.
                search.stop();
                match node.submit(&work, seal).await {
                    Ok(number) => {
                        score.blocks += 1;
                        say(format_args!("found a seal for block #{number}"))?;
                    }
                    Err(Failure::Refused(reason)) => {
                        score.refused += 1;
                        say(format_args!("a seal for block #{} was refused: {reason}", work.number))?;
                    }
                    Err(failure) => return Ok(failure),
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
    fn report(&mut self, search: &Search, waits_for: Option<String>) -> io::Result<()> {
        let elapsed = self.since.elapsed();
        if elapsed < REPORT {
            return Ok(());
        }
        let hashes = search.hashes();
        let rate = (hashes - self.hashes) as f64 / elapsed.as_secs_f64();
        say(format_args!(
            "{:.2} MH/s, {} taken, {} refused",
            rate / 1e6,
            count(self.blocks, "seal"),
            self.refused
        ))?;
        if let Some(reason) = waits_for {
            say(format_args!("waiting: {reason}"))?;
        }
        (self.hashes, self.since) = (hashes, Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_until_one_succeeds() {
        let mut pause = Pause(RETRY.0);
        let pauses: Vec<u128> = (0..8).map(|_| pause.next().as_millis()).collect();
        assert_eq!(
            pauses,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
        pause.reset();
        assert_eq!(pause.next(), RETRY.0);
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            [0, 1, 2].map(|number| count(number, "seal")),
            ["0 seals", "1 seal", "2 seals"]
        );
    }
}
