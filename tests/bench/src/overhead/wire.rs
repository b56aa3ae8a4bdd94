//! A wire that counts what passes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::Result;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A port on this machine behind which another one is; ends with the runtime it was made on.
pub struct Wire {
    port: u16,
    bytes: Arc<AtomicU64>,
}

impl Wire {
    /// Listens, and forwards to `target`, a host and port.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(target: String) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let bytes = Arc::new(AtomicU64::new(0));
        let counter = bytes.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(forward(near, target.clone(), counter.clone()));
            }
        });
        Ok(Self { port, bytes })
    }

    /// Host and port to connect to.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Bytes so far, both ways, of TCP's payload.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

async fn forward(near: TcpStream, target: String, bytes: Arc<AtomicU64>) -> Result<()> {
    let far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::join!(
        copy(near_in, far_out, &bytes),
        copy(far_in, near_out, &bytes)
    );
    Ok(())
}

/// Until one side ends.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    bytes: &AtomicU64,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        bytes.fetch_add(count as u64, Ordering::Relaxed);
        let part = buffer.get(..count).unwrap_or_default();
        if to.write_all(part).await.is_err() {
            break;
        }
    }
    // The other side learns that nothing more comes.
    let _ = to.shutdown().await;
}
