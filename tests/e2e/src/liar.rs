//! A proxy that lies: it changes what a node is asked, and what it answers.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, connect_async, tungstenite::Message as Frame};

/// What it says instead of the truth.
pub trait Lie: Send + Sync + 'static {
    /// Changes a request on its way to the node.
    fn ask(&self, _request: &mut Value) {}
    /// Changes the node's answer to a request, which is as it was before it was changed.
    fn answer(&self, request: &Value, answer: &mut Value);
}

/// Listens on a free port until the runtime ends; answers where.
pub async fn lie(node_url: String, lie: impl Lie) -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("ws://127.0.0.1:{}", listener.local_addr()?.port());
    let lie = Arc::new(lie);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(stream, node_url.clone(), lie.clone()));
        }
    });
    Ok(url)
}

async fn forward(stream: TcpStream, node_url: String, lie: Arc<impl Lie>) -> Result<()> {
    let mut client = accept_async(stream).await?;
    let (mut node, _) = connect_async(node_url).await?;
    let mut asked: HashMap<String, Value> = HashMap::new();
    loop {
        tokio::select! {
            Some(frame) = client.next() => {
                let frame = frame?;
                let Frame::Text(text) = &frame else {
                    node.send(frame).await?;
                    continue;
                };
                let mut request: Value = serde_json::from_str(text)?;
                asked.insert(request["id"].to_string(), request.clone());
                lie.ask(&mut request);
                node.send(Frame::text(request.to_string())).await?;
            }
            Some(frame) = node.next() => {
                let frame = frame?;
                let Frame::Text(text) = &frame else {
                    client.send(frame).await?;
                    continue;
                };
                let mut answer: Value = serde_json::from_str(text)?;
                if let Some(request) = asked.remove(&answer["id"].to_string()) {
                    lie.answer(&request, &mut answer["result"]);
                }
                client.send(Frame::text(answer.to_string())).await?;
            }
            else => return Ok(()),
        }
    }
}
