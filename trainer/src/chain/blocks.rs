//! Blocks as they are: headers, bodies, and what their state proves.

use codec::{DecodeAll, Encode};
use fedchain_fl::{FederationSpec, H256};
use fedchain_receipt::{Header, read_state, storage_key};
use serde::Deserialize;
use sp_crypto_hashing::twox_64;
use subxt::rpcs::{methods::legacy::Bytes, rpc_params};

use super::{
    Chain,
    call::PALLET,
    code::{CODE_KEY, Code, CodeError},
    runtime::{Outcomes, Runtime},
};
use crate::Error;

/// Values of the state that a runtime may read to name its constants, at most.
const TOLD_MAX: usize = 16;

/// Key of a federation's spec in the state.
pub fn spec_key(federation: u32) -> Vec<u8> {
    let number = federation.encode();
    let hash = twox_64(&number);
    [&storage_key(PALLET, "Specs")[..], &hash, &number].concat()
}

impl Chain {
    /// The runtime that follows from a block's state, whose root proves its code: the one that executes
    /// the next block. The chain begins with `genesis`.
    ///
    /// # Errors
    /// As [`Self::proven`]; [`Error::Code`] when the code says nothing, [`Error::Extension`] when its
    /// signatures are over something that is not known here.
    pub async fn runtime(&self, header: &Header, genesis: H256) -> Result<Runtime, Error> {
        let failed = |fault| Error::Code {
            block: header.number,
            fault,
        };
        let blob = self.proven(header, CODE_KEY.to_vec()).await?;
        let mut code = Code::new(&blob.ok_or(failed(CodeError::None))?).map_err(failed)?;
        let version = code.version().map_err(failed)?;
        for _ in 0..TOLD_MAX {
            match code.metadata() {
                Ok(metadata) => return Runtime::new(metadata, version, genesis),
                Err(CodeError::Untold(key)) => {
                    let value = self.proven(header, key.clone()).await?;
                    code.tell(key, value);
                }
                Err(fault) => return Err(failed(fault)),
            }
        }
        Err(failed(CodeError::Untold(Vec::new())))
    }

    /// Header of a block.
    ///
    /// # Errors
    /// [`Error::NoBlock`]; [`Error::Protocol`] when it is another block's.
    pub async fn header(&self, hash: H256) -> Result<Header, Error> {
        let header: Option<Header> = self.request("chain_getHeader", rpc_params![hash]).await?;
        let header = header.ok_or(Error::NoBlock(hash))?;
        match header.hash() == hash {
            true => Ok(header),
            false => Err(Error::Protocol(format!(
                "the header of block {hash:?} has another hash"
            ))),
        }
    }

    /// Header and extrinsics of a block.
    ///
    /// # Errors
    /// [`Error::NoBlock`].
    pub async fn body(&self, hash: H256) -> Result<(Header, Vec<Vec<u8>>), Error> {
        #[derive(Deserialize)]
        struct Signed {
            block: Block,
        }
        #[derive(Deserialize)]
        struct Block {
            header: Header,
            extrinsics: Vec<Bytes>,
        }
        let signed: Option<Signed> = self.request("chain_getBlock", rpc_params![hash]).await?;
        let block = signed.ok_or(Error::NoBlock(hash))?.block;
        let body = block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
        Ok((block.header, body))
    }

    /// The trie nodes that prove what a block's state holds under `key`.
    ///
    /// # Errors
    /// [`Error::Pruned`] when the node does not have that state any more.
    pub async fn proof(&self, header: &Header, key: Vec<u8>) -> Result<Vec<Vec<u8>>, Error> {
        #[derive(Deserialize)]
        struct ReadProof {
            proof: Vec<Bytes>,
        }
        let params = rpc_params![[Bytes(key)], header.hash()];
        let read = self.request("state_getReadProof", params).await;
        let read: ReadProof = read.map_err(|error| match error {
            Error::Node { .. } => Error::Pruned(header.number),
            other => other,
        })?;
        Ok(read.proof.into_iter().map(|node| node.0).collect())
    }

    /// What a block's state holds under `key`, proven by the state root in its header.
    ///
    /// # Errors
    /// As [`Self::proof`], and [`Error::Unproven`].
    pub async fn proven(&self, header: &Header, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
        let nodes = self.proof(header, key.clone()).await?;
        read_state(header, &nodes, &key).map_err(|unproven| Error::Unproven {
            block: header.number,
            unproven,
        })
    }

    /// What became of a block's transactions.
    ///
    /// # Errors
    /// As [`Self::proven`]; [`Error::Protocol`] when the events are not of this runtime.
    pub async fn outcomes(&self, runtime: &Runtime, header: &Header) -> Result<Outcomes, Error> {
        let events = self.proven(header, storage_key("System", "Events")).await?;
        runtime.outcomes(&events.unwrap_or_default())
    }

    /// The spec of a federation, from the state after the block that created it.
    ///
    /// # Errors
    /// As [`Self::proven`]; [`Error::UnknownFederation`].
    pub async fn spec(
        &self,
        header: &Header,
        federation: u32,
    ) -> Result<FederationSpec<u128>, Error> {
        let spec = self.proven(header, spec_key(federation)).await?;
        let spec = spec.ok_or(Error::UnknownFederation(federation))?;
        FederationSpec::decode_all(&mut spec.as_slice())
            .map_err(|error| Error::Protocol(error.to_string()))
    }
}
