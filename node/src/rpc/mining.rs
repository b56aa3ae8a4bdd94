//! Work for external miners.
//!
//! Unsafe methods: by default the node answers them on the loopback interface only.

use crate::mining::{Found, Refused, WorkCell};
use fedchain_pow::Seal;
use fedchain_runtime::Hash;
use futures::channel::mpsc::UnboundedSender;
use jsonrpsee::{
    Extensions,
    core::RpcResult,
    proc_macros::rpc,
    types::{ErrorObjectOwned, error::INVALID_PARAMS_CODE},
};
use sc_rpc_api::check_if_safe;
use serde::Serialize;
use std::sync::Arc;

/// There is no work now.
const NO_WORK: i32 = 9_101;
/// The work is over.
const STALE: i32 = 9_102;
/// The same seal was taken before.
const DUPLICATE: i32 = 9_103;
/// The seal does not meet the difficulty.
const WRONG: i32 = 9_104;

/// What an external miner searches a seal for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkView {
    /// Number of the job, to be named with the seal.
    pub job: u64,
    /// Height of the block.
    pub number: u32,
    /// What is hashed with the nonce.
    pub pre_hash: Hash,
    /// What the seal must meet, as a decimal number.
    pub difficulty: String,
}

/// The methods.
#[rpc(server, namespace = "mining")]
pub trait Mining {
    /// The work at hand.
    #[method(name = "getWork", with_extensions)]
    fn get_work(&self) -> RpcResult<WorkView>;

    /// Hands in a nonce (hexadecimal) for a job. Answers the height of the block it makes.
    #[method(name = "submitWork", with_extensions)]
    fn submit_work(&self, job: u64, nonce: String) -> RpcResult<u32>;
}

/// The methods' state: the work, and where found blocks go.
pub struct MiningMethods {
    /// The work.
    pub cell: Arc<WorkCell>,
    /// Where found blocks go.
    pub found: UnboundedSender<Found>,
}

impl MiningServer for MiningMethods {
    fn get_work(&self, extensions: &Extensions) -> RpcResult<WorkView> {
        check_if_safe(extensions)?;
        let (work, number) = self.cell.current().ok_or_else(|| {
            let text = "there is no work now: the node is behind its peers or has none, or a block \
                        was just found; ask again soon";
            error(NO_WORK, text)
        })?;
        Ok(WorkView {
            job: work.job,
            number,
            pre_hash: work.pre_hash,
            difficulty: work.difficulty.to_string(),
        })
    }

    fn submit_work(&self, extensions: &Extensions, job: u64, nonce: String) -> RpcResult<u32> {
        check_if_safe(extensions)?;
        let digits = nonce.strip_prefix("0x").unwrap_or(&nonce);
        let nonce = u64::from_str_radix(digits, 16).map_err(|_| {
            let text = format!("\"{nonce}\" is not a nonce: up to 16 hexadecimal digits");
            error(INVALID_PARAMS_CODE, text)
        })?;
        let seal = Seal { nonce };
        let template = self.cell.take(job, seal).map_err(refused)?;
        let number = template.number();
        let _ = self.found.unbounded_send((template, seal));
        Ok(number)
    }
}

fn refused(reason: Refused) -> ErrorObjectOwned {
    match reason {
        Refused::Stale => error(STALE, "the work is stale: get the newest"),
        Refused::Duplicate => error(DUPLICATE, "this seal was handed in before"),
        Refused::Wrong => error(WRONG, "the seal does not meet the difficulty of this work"),
    }
}

fn error(code: i32, text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(code, text, None::<()>)
}
