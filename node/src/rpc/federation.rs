//! The `federation_*` methods: federations, rounds, models and block records in JSON.

use crate::service::FullClient;
use codec::DecodeAll;
use fedchain_fl::{
    gate::GateRecord,
    limits::{LEFT_OUT_MAX, can_be_left_out},
    view::{
        BlockRecord, CertificateView, ClientModel, DIGEST_ID, FederationSummary, FederationView,
        ModelView, MomentsView, RoundView, ServerModel,
    },
};
use fedchain_pow::{PreDigest, Seal};
use fedchain_runtime::{AccountId, Balance, BlockNumber, Hash, Header, opaque::Block};
use fedchain_runtime_api::FederationApi;
use jsonrpsee::{core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sc_client_api::BlockBackend;
use serde::Deserialize;
use sp_api::{ApiError, ApiRef, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_runtime::{DigestItem, traits::Header as _};
use std::{collections::BTreeSet, fmt::Display, sync::Arc};

/// Lines in a list, when the caller does not say.
const LIST_DEFAULT: u32 = 100;
/// Weights in an answer, when the caller does not say.
const VALUES_DEFAULT: u32 = 16_384;
/// JSON-RPC code of everything that this module refuses.
const ERROR_CODE: i32 = 7_000;

type RuntimeApi<'a> = ApiRef<'a, <FullClient as ProvideRuntimeApi<Block>>::Api>;

/// A block, by number or by hash.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum BlockId {
    /// Height on the best chain.
    Number(BlockNumber),
    /// Hash, on any branch.
    Hash(Hash),
}

/// The methods. `at` is a block hash; the best block when missing.
#[rpc(server)]
pub trait FederationRpc {
    /// Federations from number `start` on.
    #[method(name = "federation_list", blocking)]
    fn list(
        &self,
        start: Option<u32>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<FederationSummary<AccountId>>>;

    /// One federation, or null.
    #[method(name = "federation_get", blocking)]
    fn get(
        &self,
        federation: u32,
        at: Option<Hash>,
    ) -> RpcResult<Option<FederationView<AccountId, Balance>>>;

    /// A closed round, or the current one; null where there is none.
    #[method(name = "federation_round", blocking)]
    fn round(
        &self,
        federation: u32,
        round: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<RoundView>>;

    /// A range of the weights of the newest server model, or of a round's (0: the initial model).
    #[method(name = "federation_model", blocking)]
    fn model(
        &self,
        federation: u32,
        round: Option<u32>,
        offset: Option<u32>,
        length: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<ModelView>>;

    /// The certificate of a round's server model, or the newest; null where there is none.
    #[method(name = "federation_certificate", blocking)]
    fn certificate(
        &self,
        federation: u32,
        round: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<CertificateView<AccountId>>>;

    /// The judgement of a round's model, where there was one.
    #[method(name = "federation_gate", blocking)]
    fn gate(
        &self,
        federation: u32,
        round: u32,
        at: Option<Hash>,
    ) -> RpcResult<Option<GateRecord<AccountId>>>;

    /// The second moments of all clients but some, in ascending order; null where there are none.
    #[method(name = "federation_moments", blocking)]
    fn moments(
        &self,
        federation: u32,
        left_out: Option<Vec<AccountId>>,
        at: Option<Hash>,
    ) -> RpcResult<Option<MomentsView>>;

    /// The record of a block, or null where there is no such block.
    #[method(name = "federation_block", blocking)]
    fn block(&self, block: BlockId) -> RpcResult<Option<BlockRecord<AccountId>>>;
}

/// The methods' state: a client.
pub struct FederationMethods(pub Arc<FullClient>);

impl FederationMethods {
    /// Asks the runtime at a block, the best one if none is named.
    fn ask<T>(
        &self,
        at: Option<Hash>,
        ask: impl FnOnce(&RuntimeApi, Hash) -> Result<T, ApiError>,
    ) -> RpcResult<T> {
        let at = at.unwrap_or_else(|| self.0.info().best_hash);
        ask(&self.0.runtime_api(), at).map_err(state_error)
    }
}

impl FederationRpcServer for FederationMethods {
    fn list(
        &self,
        start: Option<u32>,
        limit: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<FederationSummary<AccountId>>> {
        let (start, limit) = (start.unwrap_or(0), limit.unwrap_or(LIST_DEFAULT));
        self.ask(at, |api, at| api.list(at, start, limit))
    }

    fn get(
        &self,
        federation: u32,
        at: Option<Hash>,
    ) -> RpcResult<Option<FederationView<AccountId, Balance>>> {
        self.ask(at, |api, at| api.get(at, federation))
    }

    fn round(
        &self,
        federation: u32,
        round: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<RoundView>> {
        self.ask(at, |api, at| api.round(at, federation, round))
    }

    fn model(
        &self,
        federation: u32,
        round: Option<u32>,
        offset: Option<u32>,
        length: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<ModelView>> {
        let (offset, length) = (offset.unwrap_or(0), length.unwrap_or(VALUES_DEFAULT));
        let mut at = at.unwrap_or_else(|| self.0.info().best_hash);
        if let Some(round) = round {
            let Some(number) = block_of_model(&self.0, at, federation, round)? else {
                return Ok(None);
            };
            let Some(hash) = self.0.hash(number).map_err(error)? else {
                return Ok(None);
            };
            at = hash;
        }
        self.ask(Some(at), |api, at| {
            api.model(at, federation, offset, length)
        })
    }

    fn certificate(
        &self,
        federation: u32,
        round: Option<u32>,
        at: Option<Hash>,
    ) -> RpcResult<Option<CertificateView<AccountId>>> {
        self.ask(at, |api, at| api.certificate(at, federation, round))
    }

    fn gate(
        &self,
        federation: u32,
        round: u32,
        at: Option<Hash>,
    ) -> RpcResult<Option<GateRecord<AccountId>>> {
        self.ask(at, |api, at| api.gate(at, federation, round))
    }

    fn moments(
        &self,
        federation: u32,
        left_out: Option<Vec<AccountId>>,
        at: Option<Hash>,
    ) -> RpcResult<Option<MomentsView>> {
        let left_out = left_out.unwrap_or_default();
        if !can_be_left_out(&left_out) {
            return Err(error(format!(
                "name up to {LEFT_OUT_MAX} clients to leave out, in ascending order, each once"
            )));
        }
        self.ask(at, |api, at| api.moments(at, federation, left_out))
    }

    fn block(&self, block: BlockId) -> RpcResult<Option<BlockRecord<AccountId>>> {
        let hash = match block {
            BlockId::Hash(hash) => Some(hash),
            BlockId::Number(number) => self.0.hash(number).map_err(error)?,
        };
        let Some(hash) = hash else { return Ok(None) };
        let header = self.0.header(hash).map_err(error)?;
        header.map(|header| record(&self.0, &header)).transpose()
    }
}

/// The block whose state holds the model of `round`, if it is not the newest.
fn block_of_model(
    client: &FullClient,
    at: Hash,
    federation: u32,
    round: u32,
) -> RpcResult<Option<BlockNumber>> {
    let api = client.runtime_api();
    if round == 0 {
        let view = api.get(at, federation).map_err(state_error)?;
        return Ok(view.map(|view| view.created_at));
    }
    let view = api
        .round(at, federation, Some(round))
        .map_err(state_error)?;
    Ok(view
        .and_then(|view| view.record)
        .map(|record| record.closed_at))
}

fn record(client: &FullClient, header: &Header) -> RpcResult<BlockRecord<AccountId>> {
    let hash = header.hash();
    let body = client.block_body(hash).map_err(error)?;
    let view = client.runtime_api().body(hash, body.unwrap_or_default());
    let view = view.map_err(state_error)?;
    let logs = header.digest.logs();
    let pre_digest = PreDigest::find(logs.iter().filter_map(DigestItem::as_pre_runtime));
    let seal = logs.iter().find_map(DigestItem::as_seal);
    let seal = seal.and_then(|(_, bytes)| Seal::from_bytes(bytes));
    let consensus = logs.iter().filter_map(DigestItem::as_consensus);
    Ok(BlockRecord {
        index: *header.number(),
        hash,
        previous_hash: *header.parent_hash(),
        timestamp: view.timestamp_ms,
        nonce: seal.map(|seal| format!("{:#018x}", seal.nonce)),
        difficulty: pre_digest.map(|digest| digest.difficulty.to_string()),
        author: pre_digest.map(|digest| AccountId::from(digest.author)),
        clients: clients(&view.client_models),
        client_models: view.client_models,
        server_models: consensus
            .filter(|(id, _)| *id == DIGEST_ID)
            .filter_map(|(_, mut bytes)| ServerModel::decode_all(&mut bytes).ok())
            .collect(),
    })
}

/// The accounts behind client models, each once.
fn clients(models: &[ClientModel<AccountId>]) -> Vec<AccountId> {
    let unique: BTreeSet<_> = models.iter().map(|model| model.client.clone()).collect();
    unique.into_iter().collect()
}

fn state_error(cause: ApiError) -> ErrorObjectOwned {
    match cause {
        ApiError::UnknownBlock(_) => error(
            "this node has no state for that block: it is unknown or pruned; ask a node that runs \
             with --state-pruning archive-canonical",
        ),
        other => error(other),
    }
}

fn error(cause: impl Display) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(ERROR_CODE, cause.to_string(), None::<()>)
}
