//! What watches nodes: the alert rules, the dashboard, and the series that both and the documents name.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{Node, Place, free_port};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::{Instant, sleep},
};

/// How long a node may take to tell all, and Prometheus to read it twice.
const WAIT_MAX: Duration = Duration::from_secs(60);

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

/// A node, and where it tells its series.
async fn node(folder: &TempDir) -> Result<(Node, u16)> {
    let port = free_port()?;
    let log = folder.path().join("node.log");
    let told_at = port.to_string();
    let args = ["--dev", "--mine", "--prometheus-port", &told_at];
    let node = Node::start_program("fedchain-node", &log, &args, Place::default()).await?;
    Ok((node, port))
}

/// What a program on this machine answers at a path.
async fn get(port: u16, path: &str) -> Result<String> {
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let (_, body) = response
        .split_once("\r\n\r\n")
        .context("no HTTP response")?;
    Ok(body.to_owned())
}

/// The expressions of the dashboard by panel, over all nodes.
fn panels() -> Result<Vec<(String, Vec<String>)>> {
    let dashboard = fs::read_to_string(document("monitoring/grafana.json"))?;
    let dashboard: Value = serde_json::from_str(&dashboard)?;
    let panels = dashboard["panels"].as_array().context("no panels")?;
    let panel = |panel: &Value| {
        let targets = panel["targets"].as_array().context("no targets")?;
        let expression = |target: &Value| Some(target["expr"].as_str()?.replace("$node", ".*"));
        let expressions: Option<Vec<String>> = targets.iter().map(expression).collect();
        let title = panel["title"].as_str().context("no title")?;
        Ok((title.to_owned(), expressions.context("no expression")?))
    };
    panels.iter().map(panel).collect()
}

/// The series that a text names, each with what its labels must be.
fn named(text: &str) -> BTreeSet<(String, Vec<String>)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let word = &rest[start..];
        let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        rest = after;
        if !word.starts_with("fedchain_") && !word.starts_with("substrate_") {
            continue;
        }
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let pairs = selector.map_or("", |(pairs, _)| pairs).split(',');
        let labels = pairs.filter_map(|pair| {
            let (label, values) = pair.split_once('=')?;
            let values = values.trim_start_matches('~').trim_matches('"');
            let is_one = !label.ends_with('!') && values != ".*";
            is_one.then(|| {
                values
                    .split('|')
                    .map(move |value| format!("{label}=\"{value}\""))
            })
        });
        found.insert((word.to_owned(), labels.flatten().collect()));
    }
    found
}

/// Whether a node tells a series, with a line for each of the labels.
fn is_told(told: &str, name: &str, labels: &[String]) -> bool {
    let of_name = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    let mut lines = told.lines().filter(of_name).peekable();
    if labels.is_empty() {
        return lines.peek().is_some();
    }
    let lines: Vec<_> = lines.collect();
    let mut labels = labels.iter();
    labels.all(|label| lines.iter().any(|line| line.contains(label.as_str())))
}

#[test]
fn series_are_found_with_their_labels() {
    let text = r#"max(a:fedchain_b:c) + rate(fedchain_x_total{instance=~".*",result=~"p|q",at!="r"}[5m]) / substrate_y"#;
    let labels = [r#"result="p""#, r#"result="q""#].map(str::to_owned);
    let expected = [
        ("fedchain_x_total".to_owned(), labels.to_vec()),
        ("substrate_y".to_owned(), vec![]),
    ];
    assert_eq!(named(text), BTreeSet::from(expected));
    let told = "fedchain_x_total{result=\"p\"} 0\nfedchain_x_totals{result=\"q\"} 0\n";
    assert!(is_told(told, "fedchain_x_total", &labels[..1]));
    assert!(!is_told(told, "fedchain_x_total", &labels));
    assert!(!is_told(told, "fedchain_x", &[]));
}

#[tokio::test]
async fn a_node_tells_all_series_that_rules_dashboard_and_documents_name() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_node, port) = node(&folder).await?;
    let mut series = named(&fs::read_to_string(document("monitoring/alerts.yml"))?);
    for (_, expressions) in panels()? {
        series.extend(expressions.iter().flat_map(|expression| named(expression)));
    }
    let by_document = named(&fs::read_to_string(document("operating.md"))?);
    ensure!(series.len() > 20 && by_document.len() > 10, "{series:?}");
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let told = get(port, "/metrics").await?;
        let of_queries = series
            .iter()
            .filter(|(name, labels)| !is_told(&told, name, labels));
        // The document calls a histogram by its name alone.
        let of_document = by_document.iter().filter(|(name, labels)| {
            !is_told(&told, name, labels) && !is_told(&told, &format!("{name}_count"), labels)
        });
        let missing: Vec<_> = of_queries.chain(of_document).collect();
        if missing.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "not told: {missing:?}");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn no_block_is_mined_without_a_hash() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_node, port) = node(&folder).await?;
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let told = get(port, "/metrics").await?;
        let value = |name: &str| -> Option<f64> {
            let line = told.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().last()?.parse().ok()
        };
        // On a development chain a few hashes are enough.
        if let Some(blocks) = value("fedchain_blocks_mined_total")
            && blocks >= 3.0
        {
            let hashes = value("fedchain_hashes_total").context("no hashes are told")?;
            ensure!(hashes >= blocks, "{blocks} blocks of {hashes} hashes");
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "nothing is mined");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
#[ignore = "needs promtool, which `cargo xtask test --all` provides"]
async fn alerts_go_off_when_they_should() -> Result<()> {
    for (check, file) in [("check", "alerts.yml"), ("test", "alerts.test.yml")] {
        let output = Command::new("promtool")
            .args([check, "rules"])
            .arg(document("monitoring").join(file))
            .stdin(Stdio::null())
            .output()
            .await
            .context("promtool is not installed: run cargo xtask test --all")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(output.status.success(), "promtool {check} {file}: {said}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs Prometheus, which `cargo xtask test --all` provides"]
async fn every_panel_shows_something() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_node, told) = node(&folder).await?;
    let port = free_port()?;
    let config = folder.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: ['{}']\n\
         scrape_configs: [{{job_name: fedchain, static_configs: [{{targets: ['127.0.0.1:{told}']}}]}}]\n",
        document("monitoring/alerts.yml").canonicalize()?.display()
    );
    fs::write(&config, text)?;
    let data = folder.path().join("prometheus");
    let _prometheus = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("prometheus is not installed: run cargo xtask test --all")?;
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let mut empty = vec![];
        for (title, expressions) in panels()? {
            let mut is_empty = true;
            for expression in expressions {
                is_empty &= !has_result(port, &expression).await.unwrap_or(false);
            }
            if is_empty {
                empty.push(title);
            }
        }
        if empty.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "panels without data: {empty:?}");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Whether Prometheus finds anything for an expression.
async fn has_result(port: u16, expression: &str) -> Result<bool> {
    let bytes = expression.bytes();
    let encoded: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
    let answer = get(port, &format!("/api/v1/query?query={encoded}")).await?;
    let answer: Value = serde_json::from_str(&answer)?;
    let found = answer["data"]["result"].as_array();
    Ok(!found.with_context(|| answer.to_string())?.is_empty())
}
