//! A proxy between a trainer and a node that keeps every message.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use futures::{Sink, SinkExt, Stream, StreamExt, future};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    accept_async, connect_async,
    tungstenite::{self, Message as Frame},
};

/// One message, in the order in which the proxy saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// From the trainer to the node.
    Sent(String),
    /// From the node to the trainer.
    Received(String),
}

type Log = Arc<Mutex<Vec<Message>>>;

/// A listening proxy; ends with the runtime it was started on.
pub struct Proxy {
    port: u16,
    log: Log,
}

impl Proxy {
    /// Listens on a free port and forwards to the WebSocket at `node_url`.
    pub async fn start(node_url: String) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let log = Log::default();
        let shared = log.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(stream, node_url.clone(), shared.clone()));
            }
        });
        Ok(Self { port, log })
    }

    /// Where the trainer connects.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// All messages so far.
    pub fn messages(&self) -> Vec<Message> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn forward(stream: TcpStream, node_url: String, log: Log) -> Result<()> {
    let (to_trainer, from_trainer) = accept_async(stream).await?.split();
    let (node, _) = connect_async(node_url).await?;
    let (to_node, from_node) = node.split();
    future::select(
        Box::pin(copy(from_trainer, to_node, &log, Message::Sent)),
        Box::pin(copy(from_node, to_trainer, &log, Message::Received)),
    )
    .await;
    Ok(())
}

async fn copy(
    mut from: impl Stream<Item = tungstenite::Result<Frame>> + Unpin,
    mut to: impl Sink<Frame> + Unpin,
    log: &Log,
    kind: fn(String) -> Message,
) {
    while let Some(Ok(frame)) = from.next().await {
        // Pings and closes carry no payload of the trainer; whatever else does is kept.
        if frame.is_text() || frame.is_binary() {
            let text = String::from_utf8_lossy(&frame.clone().into_data()).into_owned();
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(kind(text));
        }
        if to.send(frame).await.is_err() {
            break;
        }
    }
}
