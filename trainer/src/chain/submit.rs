//! Sending a call, and what became of it.
//!
//! A transaction's life begins at a block that a reorganisation does not reach, or it would be void on
//! the other side of a fork and no pool could bring it back. One that the pool drops is signed again
//! with the SAME nonce, so that at most one of the copies can be included; one that was given up is replaced
//! by the next, with a higher tip: other nodes may have refused it on their side of a fork, and would
//! not be told of it again.
//!
//! The node says what to sign and is not believed: the bytes must be exactly those of the call, nonce, tip, era and
//! genesis that are meant.

use std::{fmt::Display, sync::atomic::Ordering, time::Duration};

use codec::Decode;
use fedchain_fl::Refusal;
use sp_runtime::generic::Era;
use subxt::{
    SubstrateConfig,
    client::{OnlineClientAtBlock, OnlineClientAtBlockImpl},
    config::DefaultExtrinsicParamsBuilder,
    events::Phase,
    rpcs::{self, UserError, client::RpcSubscription, methods::legacy::TransactionStatus},
    transactions::SubmittableTransaction,
};
use subxt_signer::sr25519::Keypair;

use super::{Chain, Head, Wait, call::Call, code::Version, reason, signature::message};
use crate::{Error, amount::Amount, keys};

/// Blocks for which a transaction stays valid, and how many of them are in the past: no chain's finality
/// lags that far.
const MORTALITY_BLOCKS: u64 = 256;
const BORN_BLOCKS_AGO: u32 = 128;
/// Times that a transaction is offered to a pool that is full or lost it.
const ATTEMPTS_MAX: u32 = 12;
/// First and longest pause between attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// Longest wait for a block that includes the transaction, and for its finality.
const INCLUSION_MAX: Duration = Duration::from_secs(300);
const FINALITY_MAX: Duration = Duration::from_secs(3_600);

type Signed = SubmittableTransaction<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;
type Watch = RpcSubscription<TransactionStatus<fedchain_fl::H256>>;

/// A transaction that was executed without error.
#[derive(Debug)]
pub struct Included {
    /// The block.
    pub block: Head,
    /// Pallet, name and encoded fields of the transaction's events.
    pub events: Vec<(String, String, Vec<u8>)>,
}

impl Included {
    /// The first field of the event with this name, decoded.
    pub fn event<T: Decode>(&self, pallet: &str, name: &str) -> Option<T> {
        let (_, _, fields) = self
            .events
            .iter()
            .find(|(p, n, _)| p == pallet && n == name)?;
        T::decode(&mut fields.as_slice()).ok()
    }
}

/// What sending a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Bytes of the signed transaction.
    pub bytes: usize,
    /// The fee, as the runtime estimates it.
    pub fee: Amount,
}

/// What to do after a pool's refusal.
enum Retry {
    /// Offer it again later.
    Later,
    /// Offer it again with the nonce of then.
    NewNonce,
}

impl Chain {
    /// Signs and sends a call, and waits until a block has executed it that is the best one or final,
    /// as the connection says.
    ///
    /// # Errors
    /// [`Error::Refused`] when the pool says that the call cannot succeed now, [`Error::Failed`]
    /// when it was executed and failed, [`Error::LowBalance`] when the fee cannot be paid.
    pub async fn submit(&self, key: &Keypair, call: &Call) -> Result<Included, Error> {
        let mut nonce = self.next_nonce(key).await?;
        let tip = u64::from(self.tip.fetch_add(1, Ordering::Relaxed));
        let tip = tip.max(self.bid.load(Ordering::Relaxed));
        let mut was_taken = false;
        let mut pause = PAUSE.0;
        for _ in 0..ATTEMPTS_MAX {
            let signed = self.sign(key, call, nonce, tip.into()).await?;
            match self
                .methods
                .author_submit_and_watch_extrinsic(signed.encoded())
                .await
            {
                Ok(watch) => {
                    was_taken = true;
                    let included = self.watch(watch, &signed, call);
                    let longest = match self.wait {
                        Wait::Best => INCLUSION_MAX,
                        Wait::Finalised => FINALITY_MAX,
                    };
                    match tokio::time::timeout(longest, included).await {
                        Ok(Ok(Some(included))) => {
                            self.tip.store(0, Ordering::Relaxed);
                            return Ok(included);
                        }
                        Ok(Ok(None)) => {}
                        Ok(Err(error)) => return Err(error),
                        Err(_) => return Err(unsettled(call)),
                    }
                }
                Err(rpcs::Error::User(refused)) => {
                    match self.judge(&refused, call, key, was_taken).await? {
                        Retry::Later => {}
                        Retry::NewNonce => nonce = self.next_nonce(key).await?,
                    }
                }
                Err(error) => return self.answer("author_submitAndWatchExtrinsic", Err(error)),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
        let reason = "it stayed full or dropped the transaction; try again later".into();
        Err(Error::Pool {
            call: call.name().into(),
            reason,
        })
    }

    /// What sending the call takes.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn price(&self, key: &Keypair, call: &Call) -> Result<Price, Error> {
        let signed = self.sign(key, call, 0, 0).await?;
        match signed.partial_fee_estimate().await {
            Ok(fee) => Ok(Price {
                bytes: signed.encoded().len(),
                fee: Amount(fee),
            }),
            Err(error) => Err(self.classify(error).await),
        }
    }

    /// Whether the key's account can pay `amount` and the call's fee.
    ///
    /// # Errors
    /// [`Error::LowBalance`] when it cannot.
    pub async fn ensure_payable(
        &self,
        key: &Keypair,
        call: &Call,
        amount: Amount,
    ) -> Result<(), Error> {
        let needs = Amount(amount.0.saturating_add(self.price(key, call).await?.fee.0));
        self.ensure_funds(keys::account(key), needs, self.best().await?)
            .await
    }

    /// The call with its indices, to be put into a batch.
    ///
    /// # Errors
    /// When the node does not know the call, or calls another one so.
    pub async fn encode(&self, call: &Call) -> Result<Vec<u8>, Error> {
        encode(&self.at(self.best().await?).await?, call)
    }

    /// The account's nonce in the best block. Not the pool's: what waits there may have become void on
    /// this side of a fork, and whatever is signed to follow it would wait for ever at other nodes.
    async fn next_nonce(&self, key: &Keypair) -> Result<u64, Error> {
        self.nonce(&keys::account(key), self.best().await?).await
    }

    async fn sign(
        &self,
        key: &Keypair,
        call: &Call,
        nonce: u64,
        tip: u128,
    ) -> Result<Signed, Error> {
        let head = self.best().await?;
        let born = head.number.saturating_sub(BORN_BLOCKS_AGO);
        let born_hash = self.block_hash(born).await?;
        let params = DefaultExtrinsicParamsBuilder::new()
            .mortal_from_unchecked(MORTALITY_BLOCKS, born.into(), born_hash)
            .nonce(nonce)
            .tip(tip)
            .build();
        let at = self.at(head).await?;
        let version = Version {
            spec: at.spec_version(),
            transaction: at.transaction_version(),
        };
        let life = (Era::mortal(MORTALITY_BLOCKS, born.into()), born_hash);
        let encoded = encode(&at, call)?;
        let meant = message(&encoded, life, nonce, tip, version, self.genesis());
        let wrong = |error: &dyn Display| Error::Protocol(error.to_string());
        let signable = at.transactions().create_v4_signable_offline(call, params);
        let mut signable = signable.map_err(|error| wrong(&error))?;
        let asked = signable.signer_payload().map_err(|error| wrong(&error))?;
        match asked == meant {
            true => signable.sign(key).map_err(|error| wrong(&error)),
            false => Err(not_meant(call)),
        }
    }

    /// What a pool's refusal means.
    async fn judge(
        &self,
        refused: &UserError,
        call: &Call,
        key: &Keypair,
        was_taken: bool,
    ) -> Result<Retry, Error> {
        let details = refused
            .data
            .as_ref()
            .map(|data| data.get().trim_matches('"').to_owned());
        let reason = details.unwrap_or_else(|| refused.message.clone());
        match refused.code {
            // Banned for a while, there already, or no room.
            1012 | 1013 | 1016 => return Ok(Retry::Later),
            // Another transaction has this nonce.
            1014 if !was_taken => return Ok(Retry::NewNonce),
            1010 if reason.contains("outdated") && !was_taken => return Ok(Retry::NewNonce),
            1010 if reason.contains("outdated") => return Err(unsettled(call)),
            1014 => return Ok(Retry::Later),
            _ => {}
        }
        let custom = reason
            .strip_prefix("Custom error: ")
            .and_then(|code| code.parse().ok());
        if let Some(refusal) = custom.and_then(Refusal::from_code) {
            return Err(Error::Refused {
                call: call.name().into(),
                refusal,
            });
        }
        if reason.contains("pay some fees") {
            self.ensure_payable(key, call, Amount(0)).await?;
        }
        Err(Error::Pool {
            call: call.name().into(),
            reason: reason::of_pool(&reason),
        })
    }

    /// Waits for a block; none when the pool gave the transaction up.
    async fn watch(
        &self,
        mut watch: Watch,
        signed: &Signed,
        call: &Call,
    ) -> Result<Option<Included>, Error> {
        while let Some(status) = watch.next().await {
            match self.answer("author_submitAndWatchExtrinsic", status)? {
                TransactionStatus::InBlock(hash) if self.wait == Wait::Best => {
                    return self.outcome(hash, signed, call).await.map(Some);
                }
                TransactionStatus::Finalized(hash) => {
                    return self.outcome(hash, signed, call).await.map(Some);
                }
                TransactionStatus::Usurped(_)
                | TransactionStatus::Dropped
                | TransactionStatus::Invalid => return Ok(None),
                TransactionStatus::Future
                | TransactionStatus::Ready
                | TransactionStatus::Broadcast(_)
                | TransactionStatus::InBlock(_)
                | TransactionStatus::Retracted(_)
                | TransactionStatus::FinalityTimeout(_) => {}
            }
        }
        Err(self.closed())
    }

    /// What a block did with a transaction.
    async fn outcome(
        &self,
        hash: fedchain_fl::H256,
        signed: &Signed,
        call: &Call,
    ) -> Result<Included, Error> {
        let (header, body) = self.body(hash).await?;
        let block = Head {
            number: header.number,
            hash,
        };
        let index = body
            .iter()
            .position(|bytes| bytes == signed.encoded())
            .and_then(|index| u32::try_from(index).ok())
            .ok_or_else(|| {
                Error::Protocol(format!("block {} lacks {}", block.number, call.name()))
            })?;
        let at = self.at(block).await?;
        let fetched = match at.events().fetch().await {
            Ok(events) => events,
            Err(error) => return Err(self.classify(error).await),
        };
        let mut events = Vec::new();
        for event in fetched.iter() {
            let event = event.map_err(|error| Error::Protocol(error.to_string()))?;
            if event.phase() != Phase::ApplyExtrinsic(index) {
                continue;
            }
            if (event.pallet_name(), event.event_name()) == ("System", "ExtrinsicFailed") {
                let (name, reason) = reason::of(event.field_bytes(), &at);
                let call = call.name().into();
                return Err(Error::Failed {
                    call,
                    block: block.number,
                    name,
                    reason,
                });
            }
            events.push((
                event.pallet_name().to_owned(),
                event.event_name().to_owned(),
                event.field_bytes().to_vec(),
            ));
        }
        Ok(Included { block, events })
    }
}

/// The call with its indices; an error where these are another's.
fn encode(at: &OnlineClientAtBlock<SubstrateConfig>, call: &Call) -> Result<Vec<u8>, Error> {
    let encoded = at.transactions().call_data(call);
    let encoded = encoded.map_err(|error| Error::Protocol(error.to_string()))?;
    match call.is_encoded(&encoded) {
        true => Ok(encoded),
        false => Err(not_meant(call)),
    }
}

fn not_meant(call: &Call) -> Error {
    Error::Protocol(format!(
        "the node does not ask to sign {}, but something else: it runs another runtime, or lies; ask another node",
        call.name()
    ))
}

fn unsettled(call: &Call) -> Error {
    Error::Unsettled {
        call: call.name().into(),
    }
}
