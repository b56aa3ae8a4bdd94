//! What federations weigh by the measured weights: what is to be possible is possible.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fedchain_fl::{
    Adaptive, Column, Contributions, Decimal, FederationSpec, Format, Gate, Initial, Membership,
    ModelSpec, NormRule, Optimiser, Schema, Strategy, Target, TaskSpec, Width, Windows,
    limits::{CHUNK_BYTES, CHUNKS_MAX, PART_CHUNKS_MAX, SEEDED_BYTES_MAX},
};
use fedchain_runtime::{Federation, Runtime, RuntimeOrigin, System, currency::UNIT};
use frame_support::{
    assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::fungible::Mutate,
    weights::Weight,
};
use pallet_federation::WeightInfo;
use sp_keyring::Sr25519Keyring::Alice;

const WIDE: Format = Format {
    frac_bits: 16,
    width: Width::I32,
};
const NARROW: Format = Format {
    frac_bits: 14,
    width: Width::I16,
};

fn column(name: &str) -> Column {
    Column::number(name.parse().unwrap(), Decimal::whole(0), Decimal::whole(1))
}

fn spec(clients: u32, params: u32, format: Format, strategy: Strategy) -> FederationSpec<u128> {
    FederationSpec {
        name: "weight".parse().unwrap(),
        membership: Membership::Invited,
        clients_min: clients,
        clients_max: clients,
        rounds_max: 50,
        windows: Windows {
            commit_blocks: 1_000,
            settle_blocks: 1,
            reveal_blocks: 1_000,
        },
        quorum: 50,
        sample_count_max: 1_000,
        bond: UNIT,
        join_deposit: UNIT,
        reward: UNIT,
        gate: None,
        task: TaskSpec {
            model: ModelSpec::Opaque {
                param_count: params,
            },
            initial: Initial::Zeros,
            format,
            strategy,
            norm: Some(NormRule::ClipToMedian),
            optimiser: Optimiser::FedYogi(Adaptive {
                beta1: "0.9".parse().unwrap(),
                beta2: "0.99".parse().unwrap(),
                rate: "0.1".parse().unwrap(),
                tau: "0.001".parse().unwrap(),
            }),
            schema: Schema {
                features: Default::default(),
                target: Target::Real(column("y")),
            },
        },
    }
}

#[test]
fn federations_large_and_small_are_affordable_for_a_block() {
    let shapes = [
        (100, 7_850, WIDE, Strategy::TrimmedMean { trim: 10 }),
        (1_000, 650, WIDE, Strategy::TrimmedMean { trim: 100 }),
        (20, 100_000, WIDE, Strategy::Median),
        (8, 1 << 20, NARROW, Strategy::FedAvg),
        (8, 1 << 22, NARROW, Strategy::FedAvg),
        (100, 10_000, WIDE, Strategy::Krum { f: 10 }),
        (128, 10_000, WIDE, Strategy::Krum { f: 10 }),
        (128, 10_000, WIDE, Strategy::Bulyan { f: 10 }),
        (128, 10_000, WIDE, Strategy::GeometricMedian),
    ];
    for (clients, params, format, strategy) in shapes {
        sp_io::TestExternalities::default().execute_with(|| {
            System::set_block_number(1);
            fedchain_runtime::Balances::set_balance(&Alice.to_account_id(), 1_000_000 * UNIT);
            let owner = RuntimeOrigin::signed(Alice.to_account_id());
            let spec = spec(clients, params, format, strategy);
            let call = pallet_federation::Call::<Runtime>::create { spec: spec.clone() };
            let limits = <Runtime as frame_system::Config>::BlockWeights::get();
            let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap();
            assert!(call.get_dispatch_info().call_weight.all_lte(most));
            assert_ok!(Federation::create(owner, spec));
        });
    }
}

#[test]
fn a_judged_network_is_affordable_and_one_that_takes_too_long_to_score_is_not() {
    for (hidden, rows, affordable) in [(128, 200, true), (128, 255, true), (1_024, 255, false)] {
        sp_io::TestExternalities::default().execute_with(|| {
            System::set_block_number(1);
            fedchain_runtime::Balances::set_balance(&Alice.to_account_id(), 1_000_000 * UNIT);
            let mut spec = spec(20, 1, WIDE, Strategy::FedAvg);
            let columns: Vec<_> = (0..784).map(|place| column(&format!("x{place}"))).collect();
            spec.task.schema = Schema {
                features: columns.try_into().unwrap(),
                target: Target::Real(column("y")),
            };
            spec.task.model = ModelSpec::Mlp {
                hidden: vec![hidden].try_into().unwrap(),
            };
            spec.gate = Some(Gate {
                rows,
                evaluators_max: 5,
                quorum: 3,
                tolerance: "0.01".parse().unwrap(),
                bond: UNIT,
                blocks: 100,
                contributions: Contributions::Paid,
            });
            let owner = RuntimeOrigin::signed(Alice.to_account_id());
            let created = Federation::create(owner, spec);
            assert_eq!(created.is_ok(), affordable, "{hidden} {rows}: {created:?}");
        });
    }
}

#[test]
fn every_call_fits_a_transaction() {
    type Weights = <Runtime as pallet_federation::Config>::WeightInfo;
    let limits = <Runtime as frame_system::Config>::BlockWeights::get();
    let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap();
    let spec_bytes = 90_000;
    let seeded_chunks = SEEDED_BYTES_MAX / CHUNK_BYTES;
    let seeded = Weights::create(spec_bytes, seeded_chunks);
    let calls: [(&str, Weight); 12] = [
        ("create", Weights::create(spec_bytes, CHUNKS_MAX)),
        (
            "create, seeded",
            seeded.saturating_add(Weights::seed(seeded_chunks)),
        ),
        ("upload", Weights::upload(PART_CHUNKS_MAX)),
        ("invite", Weights::invite()),
        ("join", Weights::join()),
        ("leave", Weights::leave()),
        ("commit", Weights::commit()),
        ("reveal", Weights::reveal(PART_CHUNKS_MAX)),
        ("reveal_holdout", Weights::reveal_holdout(PART_CHUNKS_MAX)),
        ("advance", Weights::advance()),
        ("cancel", Weights::cancel()),
        ("remove", Weights::remove(pallet_federation::REMOVE_BATCH)),
    ];
    for (name, weight) in calls {
        let whole = weight.saturating_add(Weights::check());
        assert!(whole.all_lte(most), "{name} weighs {whole:?} of {most:?}");
    }
}
