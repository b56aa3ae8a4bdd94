//! Answers peers that ask for blocks: with what the node has, but for one lie.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use async_channel::Receiver;
use codec::{DecodeAll, Encode};
use fedchain_node::service::{FullClient, Relay};
use fedchain_runtime::{Hash, Header, opaque::Block};
use futures::channel::oneshot;
use parking_lot::Mutex;
use prost::Message;
use sc_client_api::BlockBackend;
use sc_network::request_responses::{IncomingRequest, OutgoingResponse};
use sc_network_common::sync::message::BlockAttributes;
use sc_network_sync::{
    BlockData, BlockRequest, BlockResponse, Direction, block_relay_protocol::BlockServer,
    block_request::FromBlock,
};
use sp_blockchain::HeaderBackend;

use crate::{attack::Kind, forgery::Forgery, seal::is_hostile};

/// Requests that wait, at most.
const REQUESTS_MAX: usize = 64;
/// Blocks of an answer, at most.
const BLOCKS_MAX: u32 = 128;

/// Puts a liar in the place of what serves the node's blocks.
pub fn replace(
    mut relay: Relay,
    client: Arc<FullClient>,
    kind: Kind,
    forgery: Arc<Mutex<Forgery>>,
) -> Relay {
    let (queue, requests) = async_channel::bounded(REQUESTS_MAX);
    relay.request_response_config.inbound_queue = Some(queue);
    relay.server = Box::new(Server {
        client,
        kind,
        forgery,
        requests,
        count: 0,
        ignored: vec![],
    });
    relay
}

struct Server {
    client: Arc<FullClient>,
    kind: Kind,
    forgery: Arc<Mutex<Forgery>>,
    requests: Receiver<IncomingRequest>,
    /// Requests so far.
    count: u64,
    /// Kept, because a peer would be told of one that is dropped.
    ignored: Vec<oneshot::Sender<OutgoingResponse>>,
}

#[async_trait::async_trait]
impl BlockServer<Block> for Server {
    async fn run(&mut self) {
        while let Ok(request) = self.requests.recv().await {
            if let Err(error) = self.serve(request) {
                log::warn!(target: "hostile", "a request for blocks: {error:#}");
            }
        }
    }
}

impl Server {
    fn serve(&mut self, request: IncomingRequest) -> Result<()> {
        let asked = BlockRequest::decode(request.payload.as_slice())?;
        self.count += 1;
        let blocks = match self.kind {
            Kind::Nothing if self.count.is_multiple_of(2) => {
                self.ignored.push(request.pending_response);
                return Ok(());
            }
            Kind::Nothing => vec![],
            Kind::Endless => self.forged(&asked)?,
            Kind::Headers | Kind::Bodies => self.own(&asked)?,
        };
        log::debug!(target: "hostile", "asked for {asked:?}: {} blocks", blocks.len());
        let response = OutgoingResponse {
            result: Ok(BlockResponse { blocks }.encode_to_vec()),
            reputation_changes: vec![],
            sent_feedback: None,
        };
        let sent = request.pending_response.send(response);
        sent.map_err(|_| anyhow!("nobody waits for the answer"))
    }

    /// Forged headers, without bodies.
    fn forged(&self, asked: &BlockRequest) -> Result<Vec<BlockData>> {
        let mut forgery = self.forgery.lock();
        let headers = walk(asked, |place| {
            let forged = match place {
                Place::Number(number) => forgery.header(number)?,
                Place::Hash(hash) => match forgery.number(hash) {
                    Some(number) => forgery.header(number)?,
                    None => None,
                },
            };
            match forged {
                Some(header) => Ok(Some(header)),
                // The genesis block is the only one that it shares with others.
                None => Ok(self.look_up(place)?.filter(|header| header.number == 0)),
            }
        })?;
        Ok(headers
            .iter()
            .map(|header| data(asked, header, vec![]))
            .collect())
    }

    /// The node's blocks; those that it made itself without their bodies or with other ones.
    fn own(&self, asked: &BlockRequest) -> Result<Vec<BlockData>> {
        let fields = BlockAttributes::from_be_u32(asked.fields)?;
        let wants_body = fields.contains(BlockAttributes::BODY);
        let mut blocks = vec![];
        for header in walk(asked, |place| self.look_up(place))? {
            let mut body_of = header.hash();
            if wants_body && is_hostile(&header) {
                match self.kind {
                    Kind::Bodies => body_of = header.parent_hash,
                    _ => break,
                }
            }
            let body = match wants_body {
                true => self.client.block_body(body_of)?.unwrap_or_default(),
                false => vec![],
            };
            blocks.push(data(
                asked,
                &header,
                body.iter().map(Encode::encode).collect(),
            ));
        }
        Ok(blocks)
    }

    fn look_up(&self, place: Place) -> Result<Option<Header>> {
        let hash = match place {
            Place::Hash(hash) => Some(hash),
            Place::Number(number) => self.client.hash(number)?,
        };
        Ok(match hash {
            Some(hash) => self.client.header(hash)?,
            None => None,
        })
    }
}

/// Where a block is.
#[derive(Clone, Copy)]
enum Place {
    Hash(Hash),
    Number(u32),
}

/// The headers that are asked for, as far as they are found.
fn walk(
    asked: &BlockRequest,
    mut find: impl FnMut(Place) -> Result<Option<Header>>,
) -> Result<Vec<Header>> {
    let mut place = match asked.from_block.as_ref().context("it names no block")? {
        FromBlock::Hash(bytes) => Place::Hash(Hash::decode_all(&mut bytes.as_slice())?),
        FromBlock::Number(bytes) => Place::Number(u32::decode_all(&mut bytes.as_slice())?),
    };
    let most = match asked.max_blocks {
        0 => BLOCKS_MAX,
        most => most.min(BLOCKS_MAX),
    };
    let mut headers = vec![];
    while headers.len() < most as usize
        && let Some(header) = find(place)?
    {
        let number = header.number;
        place = match asked.direction == Direction::Ascending as i32 {
            true => Place::Number(number + 1),
            false => Place::Hash(header.parent_hash),
        };
        headers.push(header);
        if number == 0 && matches!(place, Place::Hash(_)) {
            break;
        }
    }
    Ok(headers)
}

/// A block as it is sent.
fn data(asked: &BlockRequest, header: &Header, body: Vec<Vec<u8>>) -> BlockData {
    let fields = BlockAttributes::from_be_u32(asked.fields);
    let wants_header = fields.is_ok_and(|fields| fields.contains(BlockAttributes::HEADER));
    BlockData {
        hash: header.hash().encode(),
        header: match wants_header {
            true => header.encode(),
            false => vec![],
        },
        body,
        ..Default::default()
    }
}
