//! How a node starts, or says why it does not.

use std::{
    fs::{self, File},
    net::TcpListener,
    process::Stdio,
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use fedchain_test_support::{Cli, binary, free_port};
use tokio::{process::Command, time::sleep};

#[tokio::test]
async fn a_taken_port_is_named() -> Result<()> {
    let other = TcpListener::bind("127.0.0.1:0")?;
    let (taken, port) = (other.local_addr()?, free_port()?);
    let node = Command::new(binary("fedchain-node")?)
        .args(["--dev", "--tmp", "--no-prometheus"])
        .args(["--rpc-port", &taken.port().to_string()])
        .args(["--port", &port.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&node.stderr);
    ensure!(node.status.code() == Some(1), "{}: {said}", node.status);
    let sentence = format!(
        "Error: another program, perhaps a node, listens at {taken} already: end it, or choose another \
         port for RPC by --rpc-port or --experimental-rpc-endpoint"
    );
    ensure!(said.lines().any(|line| line == sentence), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_relative_base_path_is_one_like_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (rpc, port) = (free_port()?, free_port()?);
    let log = folder.path().join("node.log");
    let file = File::create(&log)?;
    let mut node = Command::new(binary("fedchain-node")?)
        .args(["--dev", "--base-path", "data", "--no-prometheus"])
        .args(["--rpc-port", &rpc.to_string(), "--port", &port.to_string()])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .kill_on_drop(true)
        .spawn()?;
    let cli = Cli::new(format!("ws://127.0.0.1:{rpc}"))?;
    let mut is_up = false;
    for _ in 0..300 {
        if let Some(status) = node.try_wait()? {
            let said = fs::read_to_string(&log)?;
            bail!("the node ended with {status}: {said}");
        }
        is_up = cli.run(&["status"]).await?.status.success();
        if is_up {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    node.kill().await?;
    let said = fs::read_to_string(&log)?;
    ensure!(is_up, "the node does not answer: {said}");
    ensure!(folder.path().join("data/chains").is_dir(), "no database");
    let lines = said.to_lowercase();
    for trace in ["panic", "backtrace", "stack trace"] {
        ensure!(!lines.contains(trace), "{said}");
    }
    Ok(())
}
