//! A node that serves its blocks and takes none: it stays on its chain, whatever it is offered.

use std::sync::Arc;

use fedchain_node::service::Relay;
use fedchain_runtime::opaque::Block;
use futures::channel::oneshot::Canceled;
use sc_network::{PeerId, ProtocolName, RequestFailure};
use sc_network_common::sync::message::{BlockData, BlockRequest};
use sc_network_sync::block_relay_protocol::{BlockDownloader, BlockResponseError};

/// Takes from a node what it asks others for blocks with.
pub fn deafen(mut relay: Relay) -> Relay {
    let protocol = relay.downloader.protocol_name().clone();
    relay.downloader = Arc::new(Deaf(protocol));
    relay
}

/// Receives an empty answer to every request, and sends none.
#[derive(Debug)]
struct Deaf(ProtocolName);

#[async_trait::async_trait]
impl BlockDownloader<Block> for Deaf {
    fn protocol_name(&self) -> &ProtocolName {
        &self.0
    }

    async fn download_blocks(
        &self,
        _: PeerId,
        _: BlockRequest<Block>,
    ) -> Result<Result<(Vec<u8>, ProtocolName), RequestFailure>, Canceled> {
        Ok(Ok((vec![], self.0.clone())))
    }

    fn block_response_into_blocks(
        &self,
        _: &BlockRequest<Block>,
        _: Vec<u8>,
    ) -> Result<Vec<BlockData<Block>>, BlockResponseError> {
        Ok(vec![])
    }
}
