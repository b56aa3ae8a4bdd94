//! What a round takes and what it refuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::str::FromStr;

use subxt_signer::{
    SecretUri,
    sr25519::{Keypair, dev},
};

use super::*;
use crate::{amount::Amount, keys, serve::api::Bytes};

const RUN: H256 = H256([7; 32]);

const SPEC: &str = r#"
name = "rents"
membership = "invited"
clients_min = 2
clients_max = 3
rounds_max = 3
sample_count_max = 100
bond = "1 UNIT"
join_deposit = "0"
reward = "0"
windows = { commit_blocks = 60, settle_blocks = 1, reveal_blocks = 30 }

[task]
model = "linear"
initial = "zeros"
strategy = "fed_avg"
norm = { reject = { max = 655360 } }

[task.schema]
features = [{ name = "area", offset = "0", scale = "1" }]
target = { real = { name = "rent", offset = "0", scale = "1" } }
"#;

fn spec() -> FederationSpec<u128> {
    let spec: FederationSpec<Amount> = toml::from_str(SPEC).unwrap();
    spec.check(u32::MAX).unwrap();
    spec.map_amounts(|amount| amount.0)
}

/// A, B and C in ascending order of their accounts, then D whom nobody lists.
fn keys() -> [Keypair; 4] {
    let mut keys = [dev::alice(), dev::bob(), dev::charlie()];
    keys.sort_by_key(keys::account);
    let [a, b, c] = keys;
    [a, b, c, dev::dave()]
}

fn accounts(keys: &[Keypair]) -> Vec<AccountId> {
    keys.iter().map(keys::account).collect()
}

fn federation<'a>(spec: &'a FederationSpec<u128>) -> Federation<'a> {
    Federation::new(spec, RUN, &accounts(&keys()[..3])).unwrap()
}

fn join(federation: &mut Federation<'_>, key: &Keypair) -> Result<Joined, Refusal> {
    let round = federation.server.round();
    federation.join(&Join::sign(key, RUN, federation.spec_hash, round))
}

/// An update of the open round that is right in all ways, not yet signed.
fn unsigned(federation: &Federation<'_>, key: &Keypair, values: [i32; 2]) -> Update {
    Update {
        run: RUN,
        round: federation.server.round(),
        account: keys::account(key),
        base_root: federation.model_root(),
        sample_count: 10,
        values: Bytes(federation.spec.task.format.encode(&values).unwrap()),
        signature: Bytes(Vec::new()),
    }
}

fn send(federation: &mut Federation<'_>, key: &Keypair, values: [i32; 2]) -> Result<(), Refusal> {
    let update = unsigned(federation, key, values).sign(key, federation.spec_hash);
    federation.update(&update)
}

#[test]
fn a_round_is_the_weighted_mean_and_the_next_one_follows() {
    let spec = spec();
    let [a, b, ..] = keys();
    let mut federation = federation(&spec);
    assert_eq!(join(&mut federation, &b), Ok(Joined { first_round: 1 }));
    assert_eq!(federation.shown(), Model::Waiting { clients: 1 });
    assert_eq!(join(&mut federation, &a), Ok(Joined { first_round: 1 }));
    assert_eq!(federation.open_round(), Some(1));

    let base = federation.model_root();
    let update = Update {
        sample_count: 30,
        ..unsigned(&federation, &b, [400, -40])
    };
    let update = update.sign(&b, federation.spec_hash);
    assert_eq!(federation.update(&update), Ok(()));
    assert!(!federation.is_complete());
    assert_eq!(send(&mut federation, &a, [0, 0]), Ok(()));
    assert!(federation.is_complete());

    let closed = federation.close().unwrap().unwrap();
    assert_eq!(federation.model(), [300, -30]);
    assert_ne!(federation.model_root(), base);
    assert_eq!(
        closed,
        Closed {
            round: 1,
            results: 2,
            failures: 0,
            outcome: view::Outcome::Adopted,
            model_root: federation.model_root(),
        }
    );
    assert_eq!(federation.open_round(), Some(2));
}

#[test]
fn every_wrong_update_is_refused_and_the_right_one_still_counts() {
    type Change = fn(&mut Update);
    let spec = spec();
    let [a, b, c, d] = keys();
    let [a_account, _, c_account, d_account] = [&a, &b, &c, &d].map(keys::account);
    let mut federation = federation(&spec);
    join(&mut federation, &a).unwrap();
    join(&mut federation, &b).unwrap();
    let base = federation.model_root();
    let other = H256([1; 32]);
    let cases: [(&Keypair, Change, Refusal); 11] = [
        (
            &a,
            |update| update.run = H256([1; 32]),
            Refusal::OtherRun { run: RUN },
        ),
        (
            &a,
            |update| update.round = 2,
            Refusal::OtherRound {
                found: 2,
                open: Some(1),
            },
        ),
        (
            &a,
            |update| update.round = 0,
            Refusal::OtherRound {
                found: 0,
                open: Some(1),
            },
        ),
        (
            &a,
            |update| update.base_root = H256([1; 32]),
            Refusal::OtherBase { found: other, base },
        ),
        (
            &a,
            |update| update.sample_count = 0,
            Refusal::SampleCount { found: 0, max: 100 },
        ),
        (
            &a,
            |update| update.sample_count = 101,
            Refusal::SampleCount {
                found: 101,
                max: 100,
            },
        ),
        (
            &a,
            |update| update.values.0.push(0),
            Refusal::Size {
                found: 9,
                expected: 8,
            },
        ),
        (
            &a,
            |update| update.values.0.clear(),
            Refusal::Size {
                found: 0,
                expected: 8,
            },
        ),
        (&c, |_| {}, Refusal::NotJoined { account: c_account }),
        (&d, |_| {}, Refusal::NotJoined { account: d_account }),
        (
            &b,
            |update| update.account = keys::account(&keys()[0]),
            Refusal::Signature { account: a_account },
        ),
    ];
    for (key, change, refusal) in cases {
        let mut update = unsigned(&federation, key, [1, 2]);
        change(&mut update);
        let update = update.sign(key, federation.spec_hash);
        assert_eq!(federation.update(&update), Err(refusal));
    }
    assert!(federation.updates.is_empty());
    assert_eq!(send(&mut federation, &a, [1, 2]), Ok(()));
    assert_eq!(
        send(&mut federation, &a, [3, 4]),
        Err(Refusal::Twice {
            account: a_account,
            round: 1
        })
    );
    assert_eq!(federation.updates[&a_account].values, [1, 2]);
}

#[test]
fn a_signature_covers_every_field_and_the_task() {
    type Change = fn(&mut Update);
    let spec = spec();
    let [a, ..] = keys();
    let federation = federation(&spec);
    let hash = federation.spec_hash;
    let signed = unsigned(&federation, &a, [1, 2]).sign(&a, hash);
    assert!(signed.is_signed(hash));
    assert!(!signed.is_signed(H256([1; 32])));
    let changes: [Change; 8] = [
        |update| update.run = H256([1; 32]),
        |update| update.round = 2,
        |update| update.account = keys::account(&keys()[1]),
        |update| update.base_root = H256([1; 32]),
        |update| update.sample_count = 11,
        |update| update.values.0[0] = 3,
        |update| update.signature.0[10] ^= 1,
        |update| update.signature.0.truncate(63),
    ];
    for (place, change) in changes.iter().enumerate() {
        let mut update = signed.clone();
        change(&mut update);
        assert!(!update.is_signed(hash), "change {place}");
    }
}

#[test]
fn a_message_of_another_kind_is_no_signature() {
    let spec = spec();
    let [a, ..] = keys();
    let federation = federation(&spec);
    let join = Join::sign(&a, RUN, federation.spec_hash, 1);
    let update = Update {
        signature: join.signature.clone(),
        ..unsigned(&federation, &a, [1, 2])
    };
    assert!(join.is_signed(federation.spec_hash));
    assert!(!update.is_signed(federation.spec_hash));
}

#[test]
fn seats_are_for_the_accounts_on_the_list_with_their_own_signature() {
    let spec = spec();
    let [a, b, _, d] = keys();
    let mut federation = federation(&spec);
    let hash = federation.spec_hash;
    let account = keys::account(&d);
    assert_eq!(
        join(&mut federation, &d),
        Err(Refusal::NotAllowed { account })
    );
    let account = keys::account(&a);
    let forged = Join {
        account,
        ..Join::sign(&b, RUN, hash, 1)
    };
    assert_eq!(
        federation.join(&forged),
        Err(Refusal::Signature { account })
    );
    assert_eq!(
        federation.join(&Join::sign(&a, H256([1; 32]), hash, 1)),
        Err(Refusal::OtherRun { run: RUN })
    );
    let early = Join::sign(&a, RUN, hash, 2);
    assert_eq!(
        federation.join(&early),
        Err(Refusal::OtherRound {
            found: 2,
            open: None
        })
    );
    assert_eq!(federation.clients().count(), 0);
}

#[test]
fn who_joins_late_counts_from_the_next_round_and_who_comes_again_keeps_the_seat() {
    let spec = spec();
    let [a, b, c, _] = keys();
    let mut federation = federation(&spec);
    join(&mut federation, &a).unwrap();
    join(&mut federation, &b).unwrap();
    assert_eq!(join(&mut federation, &c), Ok(Joined { first_round: 2 }));
    assert_eq!(join(&mut federation, &a), Ok(Joined { first_round: 1 }));
    assert_eq!(
        send(&mut federation, &c, [1, 1]),
        Err(Refusal::TooEarly {
            account: keys::account(&c),
            first_round: 2
        })
    );
    send(&mut federation, &a, [2, 2]).unwrap();
    send(&mut federation, &b, [4, 4]).unwrap();
    assert!(federation.is_complete());
    federation.close().unwrap();
    assert_eq!(send(&mut federation, &c, [1, 1]), Ok(()));
}

#[test]
fn an_open_federation_takes_anyone_until_it_is_full() {
    let spec = FederationSpec {
        membership: Membership::Open,
        ..spec()
    };
    let mut federation = Federation::new(&spec, RUN, &[]).unwrap();
    for (place, key) in keys().iter().enumerate() {
        let expected = match place {
            0 | 1 => Ok(Joined { first_round: 1 }),
            2 => Ok(Joined { first_round: 2 }),
            _ => Err(Refusal::Full { clients_max: 3 }),
        };
        assert_eq!(join(&mut federation, key), expected);
    }
}

#[test]
fn two_rounds_missed_in_a_row_cost_the_seat_and_too_few_clients_wait() {
    let spec = spec();
    let [a, b, ..] = keys();
    let mut federation = federation(&spec);
    join(&mut federation, &a).unwrap();
    join(&mut federation, &b).unwrap();
    for round in 1..=2 {
        send(&mut federation, &a, [round, round]).unwrap();
        assert!(!federation.is_complete());
        let closed = federation.close().unwrap().unwrap();
        assert_eq!((closed.results, closed.failures), (1, 1));
    }
    assert_eq!(
        accounts(&[a]),
        Vec::from_iter(federation.clients().copied())
    );
    assert_eq!(federation.open_round(), None);
    assert_eq!(
        send(&mut federation, &b, [1, 1]),
        Err(Refusal::NotJoined {
            account: keys::account(&b)
        })
    );
    assert_eq!(federation.close().unwrap(), None);
    assert_eq!(join(&mut federation, &b), Ok(Joined { first_round: 3 }));
    assert_eq!(federation.open_round(), Some(3));
}

#[test]
fn a_round_without_updates_is_skipped_and_updates_beyond_the_norm_do_not_count() {
    let spec = spec();
    let [a, b, ..] = keys();
    let mut federation = federation(&spec);
    join(&mut federation, &a).unwrap();
    join(&mut federation, &b).unwrap();
    let base = federation.model_root();
    let closed = federation.close().unwrap().unwrap();
    assert_eq!(closed.outcome, view::Outcome::Skipped);
    assert_eq!(federation.model_root(), base);

    send(&mut federation, &a, [655_361, 0]).unwrap();
    send(&mut federation, &b, [655_360, 0]).unwrap();
    let closed = federation.close().unwrap().unwrap();
    assert_eq!((closed.results, closed.failures), (1, 1));
    assert_eq!(federation.model(), [655_360, 0]);
}

#[test]
fn after_the_last_round_nothing_counts() {
    let spec = FederationSpec {
        rounds_max: 1,
        ..spec()
    };
    let [a, b, ..] = keys();
    let mut federation = federation(&spec);
    join(&mut federation, &a).unwrap();
    join(&mut federation, &b).unwrap();
    send(&mut federation, &a, [2, 2]).unwrap();
    send(&mut federation, &b, [4, 4]).unwrap();
    federation.close().unwrap();
    assert!(federation.is_finished());
    assert_eq!(send(&mut federation, &a, [2, 2]), Err(Refusal::Over));
    assert_eq!(join(&mut federation, &a), Err(Refusal::Over));
    assert!(matches!(federation.shown(), Model::Finished { .. }));
}

#[test]
fn what_only_a_chain_does_is_refused_at_the_start() {
    #[track_caller]
    fn check(spec: &FederationSpec<u128>, clients: &[AccountId], words: &str) {
        let error = Federation::new(spec, RUN, clients).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let list = accounts(&keys()[..3]);
    let mut uploaded = spec();
    uploaded.task.initial = Initial::Uploaded { root: RUN };
    check(&uploaded, &list, "nobody uploads");
    let gate = "[gate]\nrows = 50\nevaluators_max = 5\nquorum = 3\ntolerance = \"0.01\"\n\
                bond = \"1\"\nblocks = 30\ncontributions = \"unmeasured\"\n";
    let gated: FederationSpec<String> = toml::from_str(&format!("{SPEC}\n{gate}")).unwrap();
    check(&gated.map_amounts(|_| 0), &list, "leave [gate] out");
    let certified = SPEC.replace(
        "\"fed_avg\"",
        "{ least_squares = { penalty = \"0.001\", epsilon = \"1e-5\" } }",
    );
    let certified: FederationSpec<String> = toml::from_str(&certified).unwrap();
    check(&certified.map_amounts(|_| 0), &list, "certifies nothing");
    check(&spec(), &[], "name each with --client");
    check(
        &spec(),
        &list[..1],
        "names 1 account, but the spec wants 2 to 3",
    );
    let many: Vec<AccountId> = (0..4).map(|i| AccountId([i; 32])).collect();
    check(&spec(), &many, "names 4 accounts");
}

#[test]
fn messages_read_back_as_they_were_written() {
    let [a, ..] = keys();
    let spec = spec();
    let federation = federation(&spec);
    let update = unsigned(&federation, &a, [1, -2]).sign(&a, federation.spec_hash);
    let text = serde_json::to_string(&update).unwrap();
    assert!(text.contains(r#""values":"0x01000000feffffff""#), "{text}");
    assert_eq!(serde_json::from_str::<Update>(&text).unwrap(), update);
    let shown = Model::Finished {
        model: Weights::new(vec![1, 2, 3, 4]),
        last: None,
    };
    let text = serde_json::to_string(&shown).unwrap();
    assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), shown);
    let key = Keypair::from_uri(&SecretUri::from_str("//Eve").unwrap()).unwrap();
    let account = keys::account(&key);
    let refusal = Refusal::NotAllowed { account };
    let text = serde_json::to_string(&refusal).unwrap();
    assert_eq!(serde_json::from_str::<Refusal>(&text).unwrap(), refusal);
}
