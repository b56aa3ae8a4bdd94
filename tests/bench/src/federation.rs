//! A federation on the chain, led in native code to the point that is to be measured.

use anyhow::{Context, Result, anyhow};
use fedchain_bench_wasm::update;
use fedchain_commitment::{Opening, parts, values_root};
use fedchain_fl::{FederationSpec, Membership, TaskSpec, Windows};
use fedchain_runtime::{
    AccountId, Balance, Balances, Runtime, RuntimeCall, RuntimeOrigin, System, UncheckedExtrinsic,
    currency::UNIT,
};
use fedchain_test_support::extrinsic::sign;
use frame_support::{
    BoundedVec,
    traits::{UnfilteredDispatchable, fungible::Mutate},
};
use pallet_federation::{Call, Federations, extension::RawOrigin, types::FederationId};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring::Alice;

use crate::chain::Chain;

/// A federation of Alice's and its clients, all invited.
pub struct Federation {
    id: FederationId,
    /// What each client's update encodes to.
    updates: Vec<Vec<u8>>,
    clients: Vec<sr25519::Pair>,
}

impl Federation {
    /// Creates a federation, which pays `reward` per round, and lets all clients join, whose updates are
    /// weights without meaning: round 1 is open.
    ///
    /// # Errors
    /// When the pallet refuses the spec.
    pub fn open(
        chain: &mut Chain,
        clients: u32,
        rounds: u32,
        reward: Balance,
        task: TaskSpec,
    ) -> Result<Self> {
        let params = task.param_count()?;
        let updates = (0..clients).map(|client| task.format.encode(&update(client, params)));
        let updates = updates.collect::<Result<_, _>>()?;
        Self::open_with(chain, rounds, reward, task, updates)
    }

    /// The same with the bytes of each client's update, which says that it is of one row more than the one
    /// before, the first of one.
    ///
    /// # Errors
    /// When the pallet refuses the spec.
    pub fn open_with(
        chain: &mut Chain,
        rounds: u32,
        reward: Balance,
        task: TaskSpec,
        updates: Vec<Vec<u8>>,
    ) -> Result<Self> {
        let count = updates.len() as u32;
        let spec = spec(count, rounds, reward, task)?;
        let clients: Vec<_> = (0..count).map(key).collect();
        chain.block(&[], 1)?;
        let id = chain.natively(|| {
            let id = pallet_federation::NextFederation::<Runtime>::get();
            let owner = RuntimeOrigin::signed(Alice.to_account_id());
            dispatch(Call::create { spec }, owner.clone())?;
            for client in clients.iter().map(account) {
                Balances::mint_into(&client, 1_000 * UNIT).map_err(refused)?;
                let invite = Call::invite {
                    federation: id,
                    client: client.clone(),
                };
                dispatch(invite, owner.clone())?;
                dispatch(Call::join { federation: id }, RuntimeOrigin::signed(client))?;
            }
            Ok(id)
        })?;
        Ok(Self {
            id,
            updates,
            clients,
        })
    }

    /// The round that is open or being closed.
    ///
    /// # Errors
    /// When the federation is gone.
    pub fn round(&self, chain: &mut Chain) -> Result<u32> {
        chain.natively(|| Ok(self.state()?.round.index))
    }

    /// All clients commit, and blocks are made until reveals are taken.
    ///
    /// # Errors
    /// When the pallet refuses.
    pub fn commit(&self, chain: &mut Chain) -> Result<()> {
        chain.natively(|| {
            let state = self.state()?;
            for (index, client) in (0..).zip(&self.clients) {
                let account = account(client);
                let opening = Opening {
                    genesis: System::block_hash(0),
                    federation: self.id,
                    round: state.round.index,
                    spec_hash: state.spec_hash,
                    base_root: state.model_root,
                    account: &account,
                    sample_count: index + 1,
                    privacy: None,
                    param_count: state.param_count,
                    values_root: values_root(self.update(index)?),
                    salt: SALT,
                };
                let call = Call::commit {
                    federation: self.id,
                    round: state.round.index,
                    base_root: state.model_root,
                    commitment: opening.commitment(),
                };
                dispatch(call, RawOrigin::Direct(account.clone()).into())?;
            }
            Ok(())
        })?;
        for _ in 0..=SETTLE_BLOCKS {
            chain.block(&[], 1)?;
        }
        Ok(())
    }

    /// All clients reveal: the round's end is in the queue.
    ///
    /// # Errors
    /// When the pallet refuses.
    pub fn reveal(&self, chain: &mut Chain) -> Result<()> {
        chain.natively(|| {
            for (index, client) in (0..).zip(&self.clients) {
                for call in self.reveals(index)? {
                    dispatch(call, RawOrigin::Direct(account(client)).into())?;
                }
            }
            Ok(())
        })
    }

    /// The clients' reveals as transactions, client by client.
    ///
    /// # Errors
    /// When a call cannot be signed.
    pub fn signed_reveals(&self, chain: &mut Chain) -> Result<Vec<UncheckedExtrinsic>> {
        chain.natively(|| {
            let mut signed = Vec::new();
            for (index, client) in (0..).zip(&self.clients) {
                for (nonce, call) in (0..).zip(self.reveals(index)?) {
                    let extrinsic = sign(client, nonce, RuntimeCall::Federation(call));
                    signed.push(extrinsic.map_err(|error| anyhow!("{error:?}"))?);
                }
            }
            Ok(signed)
        })
    }

    fn reveals(&self, index: u32) -> Result<Vec<Call<Runtime>>> {
        let round = self.state()?.round.index;
        let calls = parts(self.update(index)?)
            .into_iter()
            .map(|part| Call::reveal {
                federation: self.id,
                round,
                sample_count: index + 1,
                privacy: None,
                salt: SALT,
                part,
            });
        Ok(calls.collect())
    }

    fn update(&self, index: u32) -> Result<&[u8]> {
        let update = self.updates.get(index as usize);
        Ok(update.context("there is no such client")?)
    }

    /// Transactions that refute the moments of the first so many clients, each signed by its own.
    ///
    /// # Errors
    /// When a call cannot be signed.
    pub fn signed_refutations(
        &self,
        chain: &mut Chain,
        count: usize,
        vector: &[u8],
    ) -> Result<Vec<UncheckedExtrinsic>> {
        chain.natively(|| {
            let clients = self.clients.iter().take(count);
            let signed = clients.map(|client| {
                let call = Call::refute {
                    federation: self.id,
                    client: account(client),
                    vector: BoundedVec::truncate_from(vector.to_vec()),
                };
                sign(client, 0, RuntimeCall::Federation(call))
            });
            let signed = signed.collect::<Result<_, _>>();
            signed.map_err(|error| anyhow!("{error:?}"))
        })
    }

    fn state(&self) -> Result<pallet_federation::types::Federation<AccountId, Balance>> {
        Federations::<Runtime>::get(self.id).context("the federation is gone")
    }
}

/// What keys of the pallet's state begin with.
pub fn state_prefix() -> [u8; 16] {
    sp_io::hashing::twox_128(b"Federation")
}

/// What keys of staged updates begin with.
pub fn staging_prefix() -> [u8; 32] {
    frame_support::storage::storage_prefix(b"Federation", b"StagedUpdates")
}

const SALT: [u8; 32] = [7; 32];
const SETTLE_BLOCKS: u32 = 1;

fn spec(
    clients: u32,
    rounds: u32,
    reward: Balance,
    task: TaskSpec,
) -> Result<FederationSpec<Balance>> {
    Ok(FederationSpec {
        name: "bench".parse().map_err(|_| anyhow!("a valid name"))?,
        membership: Membership::Invited,
        clients_min: clients,
        clients_max: clients,
        rounds_max: rounds,
        windows: Windows {
            commit_blocks: 1_000,
            settle_blocks: SETTLE_BLOCKS,
            reveal_blocks: 1_000,
        },
        quorum: 50,
        sample_count_max: clients,
        bond: UNIT,
        join_deposit: UNIT,
        reward,
        gate: None,
        task,
    })
}

/// The key of a client.
fn key(index: u32) -> sr25519::Pair {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&(index + 1).to_le_bytes());
    sr25519::Pair::from_seed(&seed)
}

fn account(client: &sr25519::Pair) -> AccountId {
    client.public().into()
}

fn dispatch(call: Call<Runtime>, origin: RuntimeOrigin) -> Result<()> {
    let answer = call.dispatch_bypass_filter(origin);
    answer.map(drop).map_err(|error| refused(error.error))
}

fn refused(error: sp_runtime::DispatchError) -> anyhow::Error {
    anyhow!("the pallet refused: {error:?}")
}
