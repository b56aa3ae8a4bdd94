//! Blocks as they are: headers, transactions, and which of them failed.

use std::collections::BTreeSet;

use codec::{Decode, DecodeAll, Encode};
use fedchain_fl::{FederationSpec, H256};
use fedchain_receipt::{Header, read_state, storage_key};
use serde::Deserialize;
use sp_crypto_hashing::twox_64;
use subxt::{
    SubstrateConfig,
    client::{OfflineClient, OfflineClientAtBlock},
    config::substrate::SpecVersionForRange,
    events::Phase,
    metadata::Metadata,
    rpcs::{methods::legacy::Bytes, rpc_params},
};

use super::{
    AccountId, Chain,
    call::PALLET,
    code::{CODE_KEY, Code, CodeError, Version},
    signature::{Rules, Signed},
};
use crate::Error;

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its place in the block.
    pub index: u32,
    /// Pallet of its call.
    pub pallet: String,
    /// Name of its call.
    pub call: String,
    /// Who signed it.
    pub signer: Option<AccountId>,
    /// Encoded arguments of the call.
    pub arguments: Vec<u8>,
    /// What shows that the signer signed it; of the federations' pallet only.
    pub signed: Option<Signed>,
}

/// What a block's events say of its transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Places of those that failed.
    pub failed: BTreeSet<u32>,
    /// Federations that were created, each with the place of its transaction.
    pub created: Vec<(u32, u32)>,
}

/// Values of the state that a runtime may read to name its constants, at most.
const TOLD_MAX: usize = 16;

/// A runtime's metadata: it takes transactions apart.
pub struct Runtime {
    at: OfflineClientAtBlock<SubstrateConfig>,
    /// What its signatures are over.
    pub rules: Rules,
}

impl Runtime {
    /// The runtime of this metadata, on the chain that begins with `genesis`.
    fn new(metadata: Metadata, version: Version, genesis: H256) -> Result<Self, Error> {
        let rules = Rules::new(&metadata, version, genesis)?;
        let always = SpecVersionForRange {
            block_range: 0..u64::MAX,
            spec_version: version.spec,
            transaction_version: version.transaction,
        };
        let config = SubstrateConfig::builder()
            .set_genesis_hash(genesis)
            .set_spec_version_for_block_ranges([always])
            .set_metadata_for_spec_versions([(version.spec, metadata.into())])
            .build();
        let at = OfflineClient::new_with_config(config).at_block(0u64);
        let at = at.map_err(|error| Error::Protocol(error.to_string()))?;
        Ok(Self { at, rules })
    }

    /// Takes a block's extrinsics apart.
    ///
    /// # Errors
    /// [`Error::Protocol`] when they are not of this runtime.
    pub async fn transactions(&self, body: Vec<Vec<u8>>) -> Result<Vec<Transaction>, Error> {
        /// The variant `Id` of the runtime's address type.
        const ADDRESS_ID: u8 = 0;
        let extrinsics = self.at.extrinsics().from_bytes(body).await;
        let transactions = extrinsics.iter().map(|extrinsic| {
            let extrinsic = extrinsic.map_err(|error| Error::Protocol(error.to_string()))?;
            let signer = match extrinsic.address_bytes() {
                Some([ADDRESS_ID, account @ ..]) => account.try_into().ok().map(AccountId),
                _ => None,
            };
            let is_ours = extrinsic.pallet_name() == PALLET;
            let signature = extrinsic.signature_bytes().filter(|_| is_ours);
            let signed = signer.zip(signature).map(|(account, signature)| {
                let extensions = extrinsic.transaction_extensions();
                let extensions = extensions.iter().flat_map(|extensions| extensions.iter());
                Signed {
                    account,
                    signature: signature.to_vec(),
                    call: extrinsic.call_data_bytes().to_vec(),
                    extensions: extensions
                        .map(|carried| (carried.name().to_owned(), carried.bytes().to_vec()))
                        .collect(),
                }
            });
            Ok(Transaction {
                index: extrinsic.index() as u32,
                pallet: extrinsic.pallet_name().to_owned(),
                call: extrinsic.call_name().to_owned(),
                signer,
                arguments: extrinsic.call_data_field_bytes().to_vec(),
                signed,
            })
        });
        transactions.collect()
    }

    /// What encoded events say of their block's transactions.
    fn outcomes(&self, events: Vec<u8>) -> Result<Outcomes, Error> {
        let mut outcomes = Outcomes::default();
        for event in self.at.events().from_bytes(events).iter() {
            let event = event.map_err(|error| Error::Protocol(error.to_string()))?;
            let Phase::ApplyExtrinsic(index) = event.phase() else {
                continue;
            };
            match (event.pallet_name(), event.event_name()) {
                ("System", "ExtrinsicFailed") => {
                    outcomes.failed.insert(index);
                }
                (PALLET, "FederationCreated") => {
                    let federation = u32::decode(&mut event.field_bytes());
                    let federation = federation.map_err(|error| Error::Protocol(error.to_string()));
                    outcomes.created.push((index, federation?));
                }
                _ => {}
            }
        }
        Ok(outcomes)
    }
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
    /// [`Error::NoBlock`].
    pub async fn header(&self, hash: H256) -> Result<Header, Error> {
        let header: Option<_> = self.request("chain_getHeader", rpc_params![hash]).await?;
        header.ok_or(Error::NoBlock(hash))
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
        runtime.outcomes(events.unwrap_or_default())
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
        let number = federation.encode();
        let hash = twox_64(&number);
        let key = [&storage_key(PALLET, "Specs")[..], &hash, &number].concat();
        let spec = self.proven(header, key).await?;
        let spec = spec.ok_or(Error::UnknownFederation(federation))?;
        FederationSpec::decode_all(&mut spec.as_slice())
            .map_err(|error| Error::Protocol(error.to_string()))
    }
}
