//! Hostile requests: how soon a node that mines, with a peer that follows it, answers `system_health`
//! while strangers ask for as much as they can.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddrV4, TcpStream},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fedchain_bench::table::{ms, row};
use fedchain_test_support::{CLIENTS, Cli, FIXED_SPLIT, Node, Task, Trainer, open};
use serde_json::{Value, json};

/// A federation whose clients' moments are asked for.
const RIDGE: &str = include_str!("../../../docs/examples/ridge.toml");
/// Strangers at once.
const STRANGERS: usize = 40;
/// Connections that each of them holds open: together half of what the node takes.
const HELD: usize = 25;
/// Subscriptions that each connection asks for: six times what it gets.
const SUBSCRIPTIONS: usize = 100;
/// Calls that a connection sends without waiting for an answer.
const CALLS: usize = 100;
/// Calls that a follower of the chain may have at work.
const FOLLOWER_CALLS: usize = 16;
/// The key of the largest value.
const CODE: &str = "0x3a636f6465";
/// What a stranger that holds connections waits before it opens another one.
const HOLD_PAUSE: Duration = Duration::from_millis(400);
/// What slow strangers wait.
const PAUSE: Duration = Duration::from_secs(2);
/// How long each kind goes on.
const SPAN: Duration = Duration::from_secs(20);
/// The longest that a look at the node's health may take.
const HEALTH_MAX: Duration = Duration::from_secs(1);

/// The most memory that the node may hold, in bytes: 1 GiB of unread answers, what lies in buffers, and itself.
const MEMORY_MAX: u64 = 3 << 30;

/// What strangers do.
struct Kind {
    name: &'static str,
    act: fn(SocketAddrV4) -> Result<()>,
}

const KINDS: [Kind; 13] = [
    Kind {
        name: "long_lists_of_names",
        act: |at| {
            let names = vec!["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"; 20_000];
            ask(at, &[("federation_moments", json!([0, names]))])
        },
    },
    Kind {
        name: "moments",
        act: |at| ask_at_once(at, "federation_moments", &json!([0])),
    },
    Kind {
        name: "whole_lists",
        act: |at| ask(at, &[("federation_list", json!([0, 1_000]))]),
    },
    Kind {
        name: "deep_pages",
        act: |at| ask(at, &[("state_getKeysPaged", json!(["0x", 1_000]))]),
    },
    Kind {
        name: "runtime_calls",
        act: |at| ask(at, &[("state_call", json!(["Metadata_metadata", "0x"]))]),
    },
    Kind {
        name: "calls_at_once",
        act: |at| ask_at_once(at, "state_call", &json!(["Metadata_metadata", "0x"])),
    },
    Kind {
        name: "calls_of_followers",
        act: follow,
    },
    Kind {
        name: "batches",
        act: |at| ask(at, &vec![("state_getMetadata", json!([])); 100]),
    },
    Kind {
        name: "long_subscriptions",
        act: |at| {
            let keys = vec![CODE; 4_000];
            ask_at_once(at, "state_subscribeStorage", &json!([keys]))
        },
    },
    Kind {
        name: "unread_answers",
        act: |at| {
            let _stream = send_all(at, CALLS, "state_getStorage", &json!([CODE]))?;
            thread::sleep(PAUSE);
            Ok(())
        },
    },
    Kind {
        name: "new_subscriptions",
        act: |at| {
            let _subscribed = subscribe(at)?;
            thread::sleep(PAUSE);
            Ok(())
        },
    },
    Kind {
        name: "held_subscriptions",
        act: hold,
    },
    Kind {
        name: "slow_readers",
        act: read_nothing,
    },
];

/// Measures each kind on a node that mines, with a peer that syncs.
pub fn run() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let node = runtime.block_on(Node::start(&folder.path().join("node.log"), &[]))?;
    let addresses = runtime.block_on(node.rpc("system_localListenAddresses", json!([])))?;
    let address = addresses[0].as_str().context("it listens nowhere")?;
    let log = folder.path().join("peer.log");
    let _peer = runtime.block_on(Node::start(&log, &["--bootnodes", address]))?;
    runtime.block_on(certify(&node, folder.path()))?;
    let mut missed = vec![];
    for kind in &KINDS {
        let blocks = height(&runtime, &node)?;
        let health = besiege(&runtime, &node, kind.act)?;
        let worst = health.iter().max().copied().context("no answer at all")?;
        let name = |figure| format!("rpc_{}_{figure}", kind.name);
        row(&name("median"), ms(median(health)), "ms");
        row(&name("longest"), ms(worst), "ms");
        let blocks = height(&runtime, &node)?.saturating_sub(blocks);
        row(&name("blocks"), blocks as f64, "blocks");
        if worst > HEALTH_MAX || blocks == 0 {
            missed.push(kind.name);
        }
    }
    let peak = node.memory_peak()?;
    row("rpc_memory_peak", peak as f64 / 1e6, "MB");
    ensure!(peak < MEMORY_MAX, "the node held {peak} bytes");
    ensure!(
        missed.is_empty(),
        "more than {HEALTH_MAX:?}, or no block: {}",
        missed.join(", ")
    );
    Ok(())
}

/// Has two clients' moments on chain.
async fn certify(node: &Node, folder: &Path) -> Result<()> {
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.join("data"), FIXED_SPLIT, CLIENTS.len())?;
    let spec = folder.join("federation.toml");
    fs::write(&spec, RIDGE.replace("clients_min = 3", "clients_min = 2"))?;
    let federation = open(&cli, &spec).await?;
    let options = ["--send-moments"];
    for mut trainer in Trainer::start_all(&cli, federation, &parts.clients, folder, &options)? {
        trainer.wait_for("aggregate").await?;
    }
    Ok(())
}

/// How long each look at the node's health takes while strangers act. Strangers finish what they began.
fn besiege(
    runtime: &tokio::runtime::Runtime,
    node: &Node,
    act: fn(SocketAddrV4) -> Result<()>,
) -> Result<Vec<Duration>> {
    let (at, is_over) = (node.rpc_address(), AtomicBool::new(false));
    let mut looks = Vec::new();
    thread::scope(|scope| {
        for _ in 0..STRANGERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // A refusal is an answer too.
                    let _ = act(at);
                }
            });
        }
        let start = Instant::now();
        let looked = loop {
            if start.elapsed() >= SPAN {
                break Ok(());
            }
            let look = Instant::now();
            if let Err(error) = runtime.block_on(node.rpc("system_health", json!([]))) {
                break Err(error);
            }
            looks.push(look.elapsed());
            thread::sleep(Duration::from_millis(100));
        };
        is_over.store(true, Ordering::Relaxed);
        looked
    })?;
    Ok(looks)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn height(runtime: &tokio::runtime::Runtime, node: &Node) -> Result<u64> {
    let header = runtime.block_on(node.rpc("chain_getHeader", json!([])))?;
    let number = header["number"].as_str().context("no number")?;
    Ok(u64::from_str_radix(number.trim_start_matches("0x"), 16)?)
}

fn body(calls: &[(&str, Value)]) -> Vec<u8> {
    let calls: Vec<_> = calls
        .iter()
        .map(|(method, params)| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        .collect();
    let body = match calls.as_slice() {
        [one] => one.to_string(),
        all => json!(all).to_string(),
    };
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Asks, and reads all of the answer.
fn ask(at: SocketAddrV4, calls: &[(&str, Value)]) -> Result<()> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(SPAN))?;
    stream.write_all(&body(calls))?;
    std::io::copy(&mut stream, &mut std::io::sink())?;
    Ok(())
}

/// Asks for a large answer, and reads nothing of it for a while.
fn read_nothing(at: SocketAddrV4) -> Result<()> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(&body(&[("state_getMetadata", json!([]))]))?;
    thread::sleep(PAUSE);
    Ok(())
}

/// Opens a connection, and asks for more subscriptions than it may have.
fn subscribe(at: SocketAddrV4) -> Result<TcpStream> {
    send_all(at, SUBSCRIPTIONS, "chain_subscribeNewHeads", &json!([]))
}

/// Opens a connection, and sends so many calls at once.
fn send_all(at: SocketAddrV4, count: usize, method: &str, params: &Value) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )?;
    send(&mut stream, count, method, params)?;
    Ok(stream)
}

fn send(stream: &mut TcpStream, count: usize, method: &str, params: &Value) -> Result<()> {
    for id in 0..count {
        let call = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        stream.write_all(&frame(call.to_string().as_bytes())?)?;
    }
    Ok(())
}

/// Sends many calls without waiting for an answer, and reads for a while.
fn ask_at_once(at: SocketAddrV4, method: &str, params: &Value) -> Result<()> {
    let mut stream = send_all(at, CALLS, method, params)?;
    stream.set_read_timeout(Some(PAUSE))?;
    std::io::copy(&mut stream, &mut std::io::sink())?;
    Ok(())
}

/// Follows the chain, and has as many calls at work as a follower may.
fn follow(at: SocketAddrV4) -> Result<()> {
    let mut stream = send_all(at, 1, "chainHead_v1_follow", &json!([true]))?;
    stream.set_read_timeout(Some(PAUSE))?;
    let (mut heard, mut bytes) = (String::new(), [0; 4_096]);
    let (subscription, block) = loop {
        let count = stream.read(&mut bytes)?;
        ensure!(count > 0, "the node closed the connection");
        heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
        let subscription = quoted(&heard, r#""subscription":"#);
        if let (Some(subscription), Some(block)) = (subscription, quoted(&heard, "Hashes\":[")) {
            break (subscription.to_owned(), block.to_owned());
        }
    };
    let call = json!([subscription, block, "Metadata_metadata", "0x"]);
    send(&mut stream, FOLLOWER_CALLS, "chainHead_v1_call", &call)?;
    // A follower hears of each block: it never falls silent.
    let end = Instant::now() + PAUSE;
    while Instant::now() < end && stream.read(&mut bytes)? > 0 {}
    Ok(())
}

/// The whole string that follows a text.
fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (string, _) = text
        .split_once(before)?
        .1
        .strip_prefix('"')?
        .split_once('"')?;
    Some(string)
}

/// Keeps as many subscriptions as it may on all its connections, and reads nothing of what comes.
fn hold(at: SocketAddrV4) -> Result<()> {
    let mut held = vec![];
    for _ in 0..HELD {
        held.push(subscribe(at));
        thread::sleep(HOLD_PAUSE);
    }
    thread::sleep(SPAN / 2);
    Ok(())
}

/// A text frame, masked by zeros.
fn frame(text: &[u8]) -> Result<Vec<u8>> {
    let length = u16::try_from(text.len())?;
    let mut frame = vec![0x81];
    match u8::try_from(length) {
        Ok(short @ ..126) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text);
    Ok(frame)
}
