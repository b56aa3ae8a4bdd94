//! Many requests of one connection at once.

use anyhow::{Context, Result, ensure};
use fedchain_test_support::Node;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// Calls that are sent without waiting for an answer: more than may wait.
const CALLS: u64 = 200;
/// JSON-RPC code of what can be asked again later.
const BUSY: i64 = 7_001;
/// JSON-RPC code of the server library for batches.
const BATCHES_REFUSED: i64 = -32_005;

#[tokio::test]
async fn who_asks_for_much_waits_for_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let (mut socket, _) = connect_async(node.url()).await?;
    for id in 0..CALLS {
        let call = json!(["Metadata_metadata", "0x"]);
        socket.send(request(id, "state_call", &call)).await?;
    }
    socket
        .send(request(CALLS, "system_health", &json!([])))
        .await?;
    // The greedy connection's calls are all in the line before others ask.
    let mut answers = vec![];
    while !answers.iter().any(|answer: &Value| answer["id"] == CALLS) {
        answers.push(next(&mut socket).await?);
    }
    let before = answers.len() as u64;
    ensure!(before < CALLS, "its health waited for the calls");
    // Work of the same kind, for another connection.
    node.rpc("state_getMetadata", json!([])).await?;
    while (answers.len() as u64) < CALLS + 1 {
        answers.push(next(&mut socket).await?);
    }

    let refused = |answer: &&Value| answer["error"]["code"] == BUSY;
    let worked = |answer: &&Value| answer["result"].is_string();
    let (refused, worked) = (
        answers.iter().filter(refused).count(),
        answers.iter().filter(worked).count(),
    );
    ensure!(refused > 0, "none was refused");
    ensure!(
        refused + worked == CALLS as usize,
        "{refused} refused, {worked} answered"
    );
    Ok(())
}

#[tokio::test]
async fn one_message_is_one_request() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let (mut socket, _) = connect_async(node.url()).await?;
    let call = |id| json!({"jsonrpc": "2.0", "id": id, "method": "system_name", "params": []});
    let batch = json!([call(1), call(2)]).to_string();
    socket.send(Message::text(batch)).await?;
    let answer = next(&mut socket).await?;
    ensure!(answer["error"]["code"] == BATCHES_REFUSED, "{answer}");
    socket.send(request(3, "system_name", &json!([]))).await?;
    let answer = next(&mut socket).await?;
    ensure!(
        answer["id"] == 3 && answer["result"].is_string(),
        "{answer}"
    );
    Ok(())
}

fn request(id: u64, method: &str, params: &Value) -> Message {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    Message::text(request.to_string())
}

async fn next(
    socket: &mut (impl StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin),
) -> Result<Value> {
    loop {
        // Others are about the connection.
        if let Message::Text(text) = socket.next().await.context("the node hung up")?? {
            return Ok(serde_json::from_str(text.as_str())?);
        }
    }
}
