//! `fedchain-node` as a child process.

use std::{
    fs::{self, File, OpenOptions},
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Mutex,
    time::Duration,
};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::binary;

/// How long a node may take to answer.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// Where libfaketime is, in the folder of the machine's own libraries.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

/// Where and when a node runs, if not just anywhere and now.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Folder of its database.
    pub base: Option<PathBuf>,
    /// A network namespace, and the node's address there.
    pub namespace: Option<(String, Ipv4Addr)>,
    /// What its clock says, in libfaketime's words: `-1h x20` starts an hour ago and runs at twenty
    /// times the pace.
    pub clock: Option<String>,
}

/// A node with its own database and ports; killed when dropped.
#[derive(Debug)]
pub struct Node {
    program: String,
    child: Child,
    args: Vec<String>,
    namespace: Option<String>,
    clock: Option<String>,
    rpc: SocketAddrV4,
    port: u16,
    log: PathBuf,
    base: PathBuf,
    /// Declared last: the process goes before its database.
    _data: TempDir,
}

impl Node {
    /// Starts a mining development node, with `extra` arguments, and waits until it answers. Its
    /// log goes to the file `log`.
    ///
    /// # Errors
    /// When the node is not built, dies or does not answer in a minute; with the end of its log.
    pub async fn start(log: &Path, extra: &[&str]) -> Result<Self> {
        let own = ["--dev", "--mine", "--no-prometheus"];
        let args = [&own, extra].concat();
        Self::start_program("fedchain-node", log, &args, Place::default()).await
    }

    /// Starts a program that is a node, likewise, at a place.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_program(
        program: &str,
        log: &Path,
        args: &[&str],
        place: Place,
    ) -> Result<Self> {
        File::create(log)?;
        let data = tempfile::tempdir()?;
        let (rpc_port, port) = (free_port()?, free_port()?);
        let base = place.base.unwrap_or_else(|| data.path().to_owned());
        let base_path = base.display().to_string();
        let (rpc, p2p) = (rpc_port.to_string(), port.to_string());
        let own = [
            "--base-path",
            &base_path,
            "--rpc-port",
            &rpc,
            "--port",
            &p2p,
        ];
        let outside: &[&str] = match place.namespace {
            Some(_) => &[
                "--unsafe-rpc-external",
                "--rpc-methods=unsafe",
                "--rpc-cors=all",
                "--prometheus-external",
            ],
            None => &[],
        };
        let args = [&own, outside, args].concat();
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        let (namespace, host) = match place.namespace {
            Some((name, host)) => (Some(name), host),
            None => (None, Ipv4Addr::LOCALHOST),
        };
        let clock = place.clock;
        let child = spawn(program, &args, namespace.as_deref(), clock.as_deref(), log)?;
        let mut node = Self {
            program: program.into(),
            child,
            args,
            namespace,
            clock,
            rpc: SocketAddrV4::new(host, rpc_port),
            port,
            log: log.into(),
            base,
            _data: data,
        };
        node.wait_for_answer().await?;
        Ok(node)
    }

    /// Kills the node and starts it again on the same database.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        self.resume(&[]).await
    }

    /// Kills the node at once, as a power failure would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts a killed node again on the same database, with `more` arguments.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn resume(&mut self, more: &[&str]) -> Result<()> {
        let more = more.iter().map(ToString::to_string);
        let args: Vec<String> = self.args.iter().cloned().chain(more).collect();
        self.child = spawn(
            &self.program,
            &args,
            self.namespace.as_deref(),
            self.clock.as_deref(),
            &self.log,
        )?;
        self.wait_for_answer().await
    }

    /// Stops the node where it is. Its connections stay open, and it is silent.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub fn pause(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets a paused node go on.
    ///
    /// # Errors
    /// When it cannot.
    pub fn unpause(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().context("the node has ended")?;
        let status = std::process::Command::new("kill")
            .args([signal, &id.to_string()])
            .status()?;
        ensure!(status.success(), "kill {signal} {id}: {status}");
        Ok(())
    }

    /// Where its database is.
    pub fn base_path(&self) -> &Path {
        &self.base
    }

    /// The address at which clients connect.
    pub fn rpc_address(&self) -> SocketAddrV4 {
        self.rpc
    }

    /// The address of its machine.
    pub fn host(&self) -> Ipv4Addr {
        *self.rpc.ip()
    }

    /// The port at which peers connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the node has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("ws://{}", self.rpc)
    }

    /// Asks the node; `params` is a JSON array.
    ///
    /// # Errors
    /// When the node does not answer or answers with an error.
    pub async fn rpc(&self, method: &str, params: Value) -> Result<Value> {
        Self::rpc_at(self.rpc, method, params).await
    }

    /// Asks the node at an address.
    ///
    /// # Errors
    /// As [`Self::rpc`].
    pub async fn rpc_at(address: SocketAddrV4, method: &str, params: Value) -> Result<Value> {
        let body =
            json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = format!(
            "POST / HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        let (_, body) = response
            .split_once("\r\n\r\n")
            .context("no HTTP response")?;
        let mut answer: Value =
            serde_json::from_str(body).with_context(|| format!("not JSON: {response}"))?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => bail!("{method}: {answer}"),
        }
    }

    /// The most memory that it had at once, in bytes.
    ///
    /// # Errors
    /// When the node is gone.
    pub fn memory_peak(&self) -> Result<u64> {
        self.memory("VmHWM")
    }

    /// Memory that is no file's, in bytes.
    ///
    /// # Errors
    /// When the node is gone.
    pub fn memory_anonymous(&self) -> Result<u64> {
        self.memory("RssAnon")
    }

    fn memory(&self, field: &str) -> Result<u64> {
        let id = self.child.id().context("the node has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix(field)?.split_whitespace().nth(1))
            .with_context(|| format!("no {field}"))?;
        Ok(kib.parse::<u64>()? * 1_024)
    }

    /// Waits until the node ends by itself, which is an error.
    pub async fn end(&mut self) -> Error {
        match self.child.wait().await {
            Ok(status) => self.ended(status),
            Err(error) => error.into(),
        }
    }

    async fn wait_for_answer(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIME_MAX;
        loop {
            if self.rpc("system_health", json!([])).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(self.ended(status));
            }
            if Instant::now() > deadline {
                bail!("the node does not answer; {}", self.log_end());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn ended(&self, status: ExitStatus) -> Error {
        anyhow!("the node ended with {status}; {}", self.log_end())
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines
            .get(lines.len().saturating_sub(10)..)
            .unwrap_or_default()
            .join("\n");
        format!("the end of {}:\n{end}", self.log.display())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Wait for its end, or it may still write while its database is deleted.
        if self.child.start_kill().is_ok() {
            for _ in 0..200 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn spawn(
    program: &str,
    args: &[String],
    namespace: Option<&str>,
    clock: Option<&str>,
    log: &Path,
) -> Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let path = binary(program)?;
    let mut command = match namespace {
        Some(name) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", name, "env"]);
            command
        }
        None => Command::new("env"),
    };
    // By way of `env`, so that the library is loaded into the node alone.
    if let Some(clock) = clock {
        command
            .arg(format!("LD_PRELOAD={}", faketime()?.display()))
            .arg(format!("FAKETIME={clock}"))
            // What is slept and waited for stays true.
            .arg("FAKETIME_DONT_FAKE_MONOTONIC=1");
    }
    command
        .arg(path)
        .args(args)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    command
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {program}"))
}

/// Finds libfaketime.
fn faketime() -> Result<PathBuf> {
    fs::read_dir("/usr/lib")?
        .filter_map(|entry| Some(entry.ok()?.path().join(FAKETIME)))
        .find(|path| path.is_file())
        .context("libfaketime is not installed: run cargo xtask setup")
}

/// A port that nothing listens at, and that no other test is given while this process lives.
///
/// It is below those that the system gives to outgoing connections, which would take it before its node
/// does; and its namesake of UDP, which nodes do not use, stays bound: two tests cannot bind the same.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    const GIVEN: RangeInclusive<u16> = 20_000..=32_000;
    static KEPT: Mutex<Vec<UdpSocket>> = Mutex::new(vec![]);
    let mut kept = KEPT.lock().map_err(|_| anyhow!("a test has failed"))?;
    for port in GIVEN {
        let at = (Ipv4Addr::LOCALHOST, port);
        if let (Ok(socket), Ok(_)) = (UdpSocket::bind(at), TcpListener::bind(at)) {
            kept.push(socket);
            return Ok(port);
        }
    }
    bail!("no port is free")
}
