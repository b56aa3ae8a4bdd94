//! Full blocks by the measured weights: no window runs in one, whatever it is filled with and whoever mines
//! it, and each has its price.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use chain::{on_genesis, open, open_as, sign_with};
use fedchain_commitment::Part;
use fedchain_fl::{
    Column, Decimal, FederationSpec, Format, Initial, Membership, ModelSpec, Optimiser, Schema,
    Shape, Strategy, Target, TaskSpec, Windows, limits::PART_BYTES_MAX,
};
use fedchain_runtime::{
    AccountId, Balances, Difficulty, Executive, Federation, Runtime, RuntimeCall, RuntimeOrigin,
    configs::system::RuntimeBlockWeights,
    currency::{BLOCK_REWARD, UNIT},
    presets, tx_extension,
};
use frame_support::{
    BoundedVec, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::fungible::Mutate,
};
use pallet_federation::{Call, RoomyBlocks};
use pallet_transaction_payment::{Multiplier, NextFeeMultiplier};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve};
use sp_runtime::{
    DispatchError, FixedPointNumber,
    generic::Era,
    traits::TransactionExtension,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};

/// Accounts of the attacker's, so that each transaction is the first of its signer.
const ACCOUNTS: u32 = 1_000;

/// The call of each account.
type Fill = fn(u32) -> RuntimeCall;

/// What blocks are filled with.
const KINDS: [(&str, Fill); 3] = [
    ("transfers", |_| transfer()),
    ("bytes", |_| {
        RuntimeCall::System(frame_system::Call::remark {
            remark: vec![0; 100_000],
        })
    }),
    ("commitments to its own federation", |place| {
        RuntimeCall::Federation(Call::commit {
            federation: 0,
            round: 1,
            base_root: base_root(),
            commitment: fedchain_fl::H256::repeat_byte(place as u8),
        })
    }),
];

fn transfer() -> RuntimeCall {
    RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: Bob.to_account_id().into(),
        value: UNIT / 1_000,
    })
}

fn base_root() -> fedchain_fl::H256 {
    pallet_federation::Federations::<Runtime>::get(0)
        .unwrap()
        .model_root
}

/// Rich accounts.
fn attackers() -> Vec<sr25519::Pair> {
    (0..ACCOUNTS)
        .map(|place| {
            let pair = sr25519::Pair::from_string(&format!("//{place}"), None).unwrap();
            Balances::set_balance(&account(&pair), 1_000 * UNIT);
            pair
        })
        .collect()
}

fn account(pair: &sr25519::Pair) -> AccountId {
    pair.public().into()
}

/// Creates the attacker's own federation, in which all its accounts have a seat.
fn create(attackers: &[sr25519::Pair]) {
    let column =
        |name: &str| Column::number(name.parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
    let spec = FederationSpec {
        name: "crowd".parse().unwrap(),
        membership: Membership::Open,
        clients_min: ACCOUNTS,
        clients_max: ACCOUNTS,
        rounds_max: 1,
        windows: Windows {
            commit_blocks: 100,
            settle_blocks: 1,
            reveal_blocks: 100,
        },
        quorum: 50,
        sample_count_max: 1,
        bond: UNIT,
        join_deposit: 0,
        reward: 0,
        gate: None,
        task: TaskSpec {
            model: ModelSpec::Opaque { param_count: 1 },
            initial: Initial::Zeros,
            format: Format::default(),
            strategy: Strategy::FedAvg,
            norm: None,
            optimiser: Optimiser::Adopt,
            schema: Schema {
                features: Default::default(),
                target: Target::Real(column("y")),
            },
        },
    };
    let owner = RuntimeOrigin::signed(Alice.to_account_id());
    assert_ok!(Federation::create(owner, spec));
    for attacker in attackers {
        assert_ok!(Federation::join(
            RuntimeOrigin::signed(account(attacker)),
            0
        ));
    }
}

fn roomy() -> u32 {
    RoomyBlocks::<Runtime>::get()
}

/// Fills the open block; answers how many transactions it took.
fn fill(attackers: &[sr25519::Pair], call: Fill) -> usize {
    let full = TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);
    (0..)
        .zip(attackers)
        .map(|(place, attacker)| Executive::apply_extrinsic(sign_with(attacker, 0, call(place))))
        .position(|applied| applied == Err(full))
        .unwrap()
}

/// Nobody fills a block so that it counts as one with room and yet has none for an honest answer.
#[test]
fn what_is_kept_for_an_answer_holds_the_largest() {
    on_genesis(presets::development(), || {
        let part = || Part {
            first: 0,
            values: BoundedVec::truncate_from(vec![0; PART_BYTES_MAX as usize]),
            proof: BoundedVec::new(),
        };
        let solution = vec![0; Shape::LARGEST.solution_bytes() as usize];
        let largest = [
            Call::reveal {
                federation: 0,
                round: 1,
                sample_count: 1,
                privacy: None,
                salt: [0; 32],
                part: part(),
            },
            Call::reveal_holdout {
                federation: 0,
                round: 1,
                salt: [0; 32],
                part: part(),
            },
            Call::certify {
                federation: 0,
                left_out: BoundedVec::new(),
                solution: BoundedVec::truncate_from(solution),
            },
        ];
        let normal = RuntimeBlockWeights::get()
            .get(DispatchClass::Normal)
            .base_extrinsic;
        let eras = [Era::Immortal, Era::mortal(256, 0)];
        for (call, era) in largest
            .into_iter()
            .flat_map(|call| eras.map(|era| (call.clone(), era)))
        {
            let call = RuntimeCall::from(call);
            let extension = tx_extension(0, era, 0).weight(&call);
            let weight = call.get_dispatch_info().call_weight + extension + normal;
            let room = Federation::answer_weight_max();
            assert!(weight.all_lte(room), "{era:?}: {weight:?} of {room:?}");
        }
    });
}

#[test]
fn no_window_runs_in_a_full_block_and_each_costs_its_price() {
    for (name, call) in KINDS {
        on_genesis(presets::development(), || {
            let attackers = attackers();
            open(1, Difficulty::difficulty());
            create(&attackers);
            Executive::finalize_block();
            let before = roomy();
            open(2, Difficulty::difficulty());
            Executive::finalize_block();
            assert_eq!(roomy(), before + 1, "{name}");

            let author = sp_keyring::Sr25519Keyring::Charlie.to_account_id();
            let earned = Balances::free_balance(&author);
            open(3, Difficulty::difficulty());
            let count = fill(&attackers, call);
            Executive::finalize_block();
            assert_eq!(roomy(), before + 1, "{name}: the window ran");
            let price = Balances::free_balance(&author) - earned - BLOCK_REWARD;
            println!("{name}: {count} transactions for {price} planck");
            assert!(price > UNIT * 15 / 100, "{name}: {count} cost {price}");

            open(4, Difficulty::difficulty());
            Executive::finalize_block();
            assert_eq!(roomy(), before + 2, "{name}");
        });
    }
}

/// Calls that weigh less than they may leave room, and cost what they weighed: they keep out nothing that is
/// taken before them.
#[test]
fn removals_of_nothing_fill_no_block() {
    on_genesis(presets::development(), || {
        let attackers = attackers();
        let before = roomy();
        open(1, Difficulty::difficulty());
        let count = fill(&attackers, |place| {
            let remove = Call::remove { federation: place };
            RuntimeCall::Utility(pallet_utility::Call::batch {
                calls: vec![RuntimeCall::Federation(remove); 2],
            })
        });
        assert!(count > 10, "{count}");
        Executive::finalize_block();
        assert_eq!(roomy(), before + 1);
    });
}

/// Anybody may send an operational call. It fails, weighs what it said, and has the price follow.
#[test]
fn operational_calls_are_load() {
    on_genesis(presets::development(), || {
        let attackers = attackers();
        let factor = NextFeeMultiplier::<Runtime>::get;
        let before = roomy();
        open(1, Difficulty::difficulty());
        for (attacker, subkeys) in attackers.iter().zip([3_000, 1_050]) {
            let prefix = b"none".to_vec();
            let call = frame_system::Call::kill_prefix { prefix, subkeys };
            let failed = Executive::apply_extrinsic(sign_with(attacker, 0, call.into())).unwrap();
            assert_eq!(failed, Err(DispatchError::BadOrigin));
        }
        Executive::finalize_block();
        assert_eq!(roomy(), before, "the window ran");
        assert!(factor() > Multiplier::saturating_from_rational(112, 100));
    });
}

#[test]
fn a_miner_pays_for_its_own_full_blocks_what_follows_the_load() {
    for (factor, burned) in [(1, 0), (8, 7)] {
        on_genesis(presets::development(), || {
            let attackers = attackers();
            let all = || -> u128 {
                let of = |account| Balances::free_balance(account);
                let attackers: u128 = attackers.iter().map(account).map(of).sum();
                attackers + of(Eve.to_account_id()) + of(Bob.to_account_id())
            };
            NextFeeMultiplier::<Runtime>::put(Multiplier::saturating_from_integer(factor));
            let (before, owned) = (roomy(), all());
            open_as(Eve, 1, Difficulty::difficulty());
            fill(&attackers, |_| transfer());
            Executive::finalize_block();
            assert_eq!(roomy(), before, "the window ran");
            let spent = owned + BLOCK_REWARD - all();
            // The base price of a full block is 0.19 units.
            let expected = burned * UNIT * 186 / 1_000;
            // A fixed part of each fee does not follow the load.
            let least = expected * 7 / 10;
            assert!((least..=expected).contains(&spent), "{factor}: {spent}");
        });
    }
}
