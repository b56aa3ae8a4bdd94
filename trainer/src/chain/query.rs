//! Reading: federations, rounds, models, blocks, accounts.

use codec::Decode;
use fedchain_commitment::values_root;
use fedchain_fl::{
    Format, H256,
    gate::GateRecord,
    limits::UPDATE_BYTES_MAX,
    view::{CertificateView, ModelView, MomentsView, RoundView},
};
use fedchain_pow::Rules;
use subxt::{
    dynamic::{At, Value},
    ext::scale_value::ValueDef,
    rpcs::rpc_params,
};

use super::{
    AccountId, BlockRecord, Chain, Clock, FederationSummary, FederationView, Head, call::PALLET,
};
use crate::{Error, amount::Amount};

/// Weights fetched per request.
const CHUNK_VALUES: u32 = 16_384;
/// Federations fetched per request.
const LIST_LIMIT: u32 = 100;

/// An account's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Free.
    pub free: Amount,
    /// Held for any reason.
    pub held: Amount,
    /// What the account can spend or have held and stay alive.
    pub usable: Amount,
    /// Why, and how much, is held.
    pub holds: Vec<(String, Amount)>,
}

/// A node at a glance.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NodeStatus {
    /// Name and version of the program.
    pub node: String,
    /// Name of the chain.
    pub chain: String,
    /// Hash of the genesis block.
    pub genesis: H256,
    /// Height of the best block.
    pub best: u32,
    /// Height of the newest finalised block.
    pub finalised: u32,
    /// Connected peers.
    pub peers: usize,
    /// Whether it is still fetching the chain.
    pub syncing: bool,
}

impl Chain {
    /// All federations.
    ///
    /// # Errors
    /// When the node does not answer, or is none of fedchain.
    pub async fn federations(&self) -> Result<Vec<FederationSummary>, Error> {
        let mut all: Vec<FederationSummary> = Vec::new();
        loop {
            let start = all
                .last()
                .map_or(0, |last| last.federation.saturating_add(1));
            let page: Vec<FederationSummary> = self
                .request("federation_list", rpc_params![start, LIST_LIMIT])
                .await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// A federation as of the block `at`.
    ///
    /// # Errors
    /// [`Error::UnknownFederation`], or when the node does not answer.
    pub async fn federation(&self, federation: u32, at: H256) -> Result<FederationView, Error> {
        let view: Option<_> = self
            .request("federation_get", rpc_params![federation, at])
            .await?;
        view.ok_or(Error::UnknownFederation(federation))
    }

    /// A round as of the block `at`: a closed one, or the current one.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn round(
        &self,
        federation: u32,
        round: u32,
        at: H256,
    ) -> Result<Option<RoundView>, Error> {
        self.request("federation_round", rpc_params![federation, round, at])
            .await
    }

    /// The server model after `round`, or the newest, as of the block `at`, with all its weights;
    /// checked against its root.
    ///
    /// # Errors
    /// [`Error::Impossible`] when the node does not have it, [`Error::Protocol`] when the weights
    /// are not those of the root.
    pub async fn model(
        &self,
        federation: u32,
        format: Format,
        round: Option<u32>,
        at: H256,
    ) -> Result<ModelView, Error> {
        let mut model = self.model_range(federation, round, 0, at).await?;
        if model.param_count > UPDATE_BYTES_MAX / 2 {
            return Err(Error::Protocol("no model has so many weights".into()));
        }
        while (model.values.len() as u32) < model.param_count {
            let offset = model.values.len() as u32;
            let more = self.model_range(federation, round, offset, at).await?;
            if more.values.is_empty() {
                return Err(Error::Protocol("a part of the model is missing".into()));
            }
            model.values.extend(more.values);
        }
        let bytes = format.encode(&model.values).unwrap_or_default();
        if values_root(&bytes) != model.root {
            return Err(Error::Protocol(
                "the model's weights do not have its root".into(),
            ));
        }
        Ok(model)
    }

    async fn model_range(
        &self,
        federation: u32,
        round: Option<u32>,
        offset: u32,
        at: H256,
    ) -> Result<ModelView, Error> {
        let params = rpc_params![federation, round, offset, CHUNK_VALUES, at];
        let model: Option<ModelView> = self.request("federation_model", params).await?;
        model.ok_or_else(|| {
            let which = round.map_or("no model".into(), |round| {
                format!("no model of round {round}")
            });
            Error::Impossible(format!("the node has {which} of federation {federation}"))
        })
    }

    /// The certificate of a round's server model, or the newest, as of the block `at`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn certificate(
        &self,
        federation: u32,
        round: Option<u32>,
        at: H256,
    ) -> Result<Option<CertificateView<AccountId>>, Error> {
        self.request("federation_certificate", rpc_params![federation, round, at])
            .await
    }

    /// The judgement of a round's model as of the block `at`, where there was one.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn gate(
        &self,
        federation: u32,
        round: u32,
        at: H256,
    ) -> Result<Option<GateRecord<AccountId>>, Error> {
        self.request("federation_gate", rpc_params![federation, round, at])
            .await
    }

    /// The sum of the moments of all clients but some, as of the block `at`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn moments(
        &self,
        federation: u32,
        left_out: &[AccountId],
        at: H256,
    ) -> Result<Option<MomentsView>, Error> {
        self.request("federation_moments", rpc_params![federation, left_out, at])
            .await
    }

    /// The record of a block, by height or hash.
    ///
    /// # Errors
    /// [`Error::Impossible`] when the node does not have it.
    pub async fn block_record(
        &self,
        block: impl serde::Serialize + std::fmt::Display,
    ) -> Result<BlockRecord, Error> {
        let record: Option<_> = self
            .request("federation_block", rpc_params![&block])
            .await?;
        record.ok_or_else(|| Error::Impossible(format!("the node has no block {block}")))
    }

    /// The on-chain time of a block, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn time_ms(&self, head: Head) -> Result<u64, Error> {
        let bytes = self.storage(head, "Timestamp", "Now", Vec::new()).await?;
        decode(&bytes.unwrap_or_default(), "Timestamp::Now")
    }

    /// A block's time, and how fast the chain goes.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn clock(&self, head: Head) -> Result<Clock, Error> {
        let rules = self
            .storage(head, "Difficulty", "Rules", Vec::new())
            .await?;
        let rules: Rules = decode(&rules.unwrap_or_default(), "Difficulty::Rules")?;
        Ok(Clock {
            block: head.number,
            time_ms: self.time_ms(head).await?,
            block_time_ms: rules.block_time_ms,
        })
    }

    /// How many times the base price fees are, as of a block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn fee_factor(&self, head: Head) -> Result<f64, Error> {
        /// The factor is an integer of these parts.
        const PARTS: f64 = 1e18;
        let entry = ("TransactionPayment", "NextFeeMultiplier");
        let bytes = self.storage(head, entry.0, entry.1, Vec::new()).await?;
        let factor: u128 = decode(&bytes.unwrap_or_default(), entry.1)?;
        Ok((factor as f64 / PARTS).max(1.0))
    }

    /// The commitment that an account has in the current round.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn commitment(
        &self,
        federation: u32,
        account: &AccountId,
        head: Head,
    ) -> Result<Option<H256>, Error> {
        let keys = vec![Value::u128(federation.into()), Value::from_bytes(account.0)];
        let bytes = self.storage(head, PALLET, "Commitments", keys).await?;
        // The hash is its first field.
        bytes
            .map(|bytes| decode(&bytes, "Federation::Commitments"))
            .transpose()
    }

    /// Whether a holdout with this root was revealed, as of a block: none is taken twice.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn has_judged(&self, federation: u32, root: H256, head: Head) -> Result<bool, Error> {
        let keys = vec![Value::u128(federation.into()), Value::from_bytes(root)];
        let found = self.storage(head, PALLET, "UsedHoldouts", keys).await?;
        Ok(found.is_some())
    }

    /// How many transactions of an account are in the chain, as of a block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn nonce(&self, account: &AccountId, head: Head) -> Result<u64, Error> {
        let keys = vec![Value::from_bytes(account.0)];
        let bytes = self.storage(head, "System", "Account", keys).await?;
        // It is the account's first field.
        let nonce = bytes.map(|bytes| decode::<u32>(&bytes, "System::Account"));
        Ok(nonce.transpose()?.unwrap_or_default().into())
    }

    /// An account's money.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn balance(&self, account: &AccountId, head: Head) -> Result<Balance, Error> {
        type AccountInfo = (u32, u32, u32, u32, [u128; 4]);
        let keys = vec![Value::from_bytes(account.0)];
        let bytes = self.storage(head, "System", "Account", keys).await?;
        let (_, _, _, _, [free, held, frozen, _]) = match bytes {
            Some(bytes) => decode::<AccountInfo>(&bytes, "System::Account")?,
            None => Default::default(),
        };
        let smallest = self.smallest_balance(head).await?;
        let blocked = smallest.0.max(frozen.saturating_sub(held));
        Ok(Balance {
            free: Amount(free),
            held: Amount(held),
            usable: Amount(free.saturating_sub(blocked)),
            holds: self.holds(account, head).await?,
        })
    }

    /// The least that an account holds which exists.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn smallest_balance(&self, head: Head) -> Result<Amount, Error> {
        let constant = subxt::dynamic::constant::<u128>("Balances", "ExistentialDeposit");
        match self.at(head).await?.constants().entry(constant) {
            Ok(amount) => Ok(Amount(amount)),
            Err(error) => Err(self.classify(error).await),
        }
    }

    /// Whether an account can spend `needs` as of a block.
    ///
    /// # Errors
    /// [`Error::LowBalance`] when it cannot.
    pub async fn ensure_funds(
        &self,
        account: AccountId,
        needs: Amount,
        head: Head,
    ) -> Result<(), Error> {
        let has = self.balance(&account, head).await?.usable;
        if has < needs {
            Err(Error::LowBalance {
                account,
                needs,
                has,
            })
        } else {
            Ok(())
        }
    }

    async fn holds(&self, account: &AccountId, head: Head) -> Result<Vec<(String, Amount)>, Error> {
        let at = self.at(head).await?;
        let address = subxt::dynamic::storage::<Vec<Value>, Vec<Value>>("Balances", "Holds");
        let fetched = at
            .storage()
            .try_fetch(address, vec![Value::from_bytes(account.0)])
            .await;
        let holds = match fetched {
            Ok(Some(value)) => value.decode().map_err(|e| Error::Protocol(e.to_string()))?,
            Ok(None) => Vec::new(),
            Err(error) => return Err(self.classify(error).await),
        };
        let line = |hold: &Value| {
            Some((
                reason(hold.at("id")?),
                Amount(hold.at("amount")?.as_u128()?),
            ))
        };
        Ok(holds.iter().filter_map(line).collect())
    }

    /// Raw bytes of a storage item.
    async fn storage(
        &self,
        head: Head,
        pallet: &str,
        entry: &str,
        keys: Vec<Value>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let at = self.at(head).await?;
        match at.storage().try_fetch((pallet, entry), keys).await {
            Ok(value) => Ok(value.map(|value| value.into_bytes())),
            Err(error) => Err(self.classify(error).await),
        }
    }

    /// The node at a glance.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn status(&self) -> Result<NodeStatus, Error> {
        let name = self.answer("system_name", self.methods.system_name().await)?;
        let version = self.answer("system_version", self.methods.system_version().await)?;
        let health = self.answer("system_health", self.methods.system_health().await)?;
        Ok(NodeStatus {
            node: format!("{name} {version}"),
            chain: self.answer("system_chain", self.methods.system_chain().await)?,
            genesis: self.genesis(),
            best: self.best().await?.number,
            finalised: self.finalised().await?.number,
            peers: health.peers,
            syncing: health.is_syncing,
        })
    }
}

fn decode<T: Decode>(mut bytes: &[u8], what: &str) -> Result<T, Error> {
    T::decode(&mut bytes).map_err(|error| Error::Protocol(format!("{what}: {error}")))
}

/// The innermost variant's name: `Federation(Bond)` is a `Bond`.
fn reason(value: &Value) -> String {
    match &value.value {
        ValueDef::Variant(variant) => match variant.values.values().next() {
            Some(inner) => reason(inner),
            None => variant.name.clone(),
        },
        _ => String::new(),
    }
}
