//! A federation that its owner removed, and one that waits: found in old states, and compared with files.

use std::path::Path;

use codec::Encode;
use fedchain_fl::{
    FederationSpec, H256,
    view::{FederationView, ModelView, PhaseView},
};
use fedchain_learn::files;
use fedchain_test_support::Task;
use fedchain_trainer::chain::{AccountId, blocks::spec_key};
use serde_json::{Value, json};

use crate::{
    chain::{Chain, State, created},
    code::{answering, metadata, state_of},
    run, said,
};

/// Number of the federation.
pub const FEDERATION: &str = "0";
/// The block that created it.
pub const SPEC_AT: u32 = 2;
/// The block that removed it, where one did.
const REMOVED_AT: u32 = 5;

fn spec() -> FederationSpec<u128> {
    Task::Diabetes.spec().unwrap().map_amounts(|_| 0)
}

fn view() -> Value {
    let spec = spec();
    let view = FederationView {
        federation: 0,
        owner: AccountId([1; 32]),
        spec_hash: H256::zero(),
        created_at: SPEC_AT,
        phase: PhaseView::Waiting,
        round: 0,
        skipped: 0,
        cancelling: false,
        param_count: spec.task.param_count().unwrap(),
        model_root: H256::zero(),
        aggregation_fee: 0u128,
        invited: Vec::new(),
        clients: Vec::new(),
        evaluators: Vec::new(),
        spec,
    };
    json!(view)
}

/// A state with the federation in it.
fn with_federation(code: &State) -> State {
    [&code[..], &[created(1), (spec_key(0), spec().encode())]].concat()
}

/// Four blocks after the first; the second creates a federation.
pub fn waiting() -> Chain {
    let code = state_of(answering(&metadata::<(), ()>()));
    let mut chain = Chain::new(&code);
    chain.push(Vec::new(), &code, Vec::new());
    for _ in SPEC_AT..REMOVED_AT {
        chain.push(Vec::new(), &with_federation(&code), vec![view()]);
    }
    chain
}

/// The same, and two blocks after its removal.
fn removed() -> Chain {
    let code = state_of(answering(&metadata::<(), ()>()));
    let without: State = [&code[..], &[created(1)]].concat();
    let mut chain = waiting();
    chain.push(Vec::new(), &without, Vec::new());
    chain.push(Vec::new(), &without, Vec::new());
    chain
}

/// Writes the initial model, with so much added to its last weight.
fn write(file: &Path, more: i32) {
    let task = spec().task;
    let mut values = task.initial_model().unwrap().unwrap();
    *values.last_mut().unwrap() += more;
    let model = ModelView {
        federation: 0,
        round: 0,
        root: fedchain_commitment::values_root(&task.format.encode(&values).unwrap()),
        frac_bits: task.format.frac_bits,
        param_count: values.len() as u32,
        offset: 0,
        values,
    };
    files::write(file, &task, &model).unwrap();
}

#[tokio::test]
async fn files_of_all_kinds_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let node = waiting().serve().await;
    for ending in ["json", "npy", "safetensors"] {
        let file = folder.path().join(format!("model.{ending}"));
        let path = file.display().to_string();
        let args = ["verify", FEDERATION, "--model", &path];
        write(&file, 0);
        let honest = said(&run(&node.url, &args).await, 0);
        assert!(honest.contains("the file is its initial model"), "{honest}");
        assert!(honest.contains("last block 4 0x"), "{honest}");
        write(&file, 1);
        let changed = said(&run(&node.url, &args).await, 6);
        assert!(changed.contains("weight 10 of "), "{ending}: {changed}");
    }
    let file = folder.path().join("model.bin");
    std::fs::write(&file, [0, 159, 146, 150]).unwrap();
    let path = file.display().to_string();
    let args = ["verify", FEDERATION, "--model", &path];
    let unread = said(&run(&node.url, &args).await, 5);
    assert!(unread.contains("model.bin"), "{unread}");
}

#[tokio::test]
async fn a_removed_federation_is_found_in_old_states() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.npy");
    write(&file, 0);
    let path = file.display().to_string();
    let node = removed().serve().await;
    let args = ["verify", FEDERATION, "--model", &path];
    let proven = said(&run(&node.url, &args).await, 0);
    assert!(proven.contains("removed in block 5"), "{proven}");
    assert!(proven.contains("last block 5 0x"), "{proven}");
    let json = [&["--format", "json"][..], &args].concat();
    let report: Value = serde_json::from_str(&said(&run(&node.url, &json).await, 0)).unwrap();
    assert_eq!(
        (&report["from"], &report["removed_at"]),
        (&json!(SPEC_AT), &json!(REMOVED_AT))
    );

    // Without a file there is nothing to compare, and there never was another federation.
    let nothing = said(&run(&node.url, &["verify", FEDERATION]).await, 6);
    for word in ["blocks 2 to 5 close no round", "block 5 removed it"] {
        assert!(nothing.contains(word), "{nothing}");
    }
    let unknown = said(&run(&node.url, &["verify", "1"]).await, 4);
    assert!(unknown.contains("there is no federation 1"), "{unknown}");
}

#[tokio::test]
async fn a_node_that_denies_a_federation_is_not_believed() {
    let code = state_of(answering(&metadata::<(), ()>()));
    let mut chain = waiting();
    chain.push(Vec::new(), &with_federation(&code), Vec::new());
    let node = chain.serve().await;
    let denied = said(&run(&node.url, &["verify", FEDERATION]).await, 1);
    let expected = "federation 0 is in the state of block 5, but the node says that it is not";
    assert!(denied.contains(expected), "{denied}");
}

#[tokio::test]
async fn a_node_that_has_forgotten_says_who_has_not() {
    let mut chain = removed();
    chain.kept_from = chain.best();
    let node = chain.serve().await;
    let forgotten = said(&run(&node.url, &["verify", FEDERATION]).await, 6);
    for word in [
        "it is not in the chain's state any more",
        "ask a node that runs with --state-pruning archive-canonical",
    ] {
        assert!(forgotten.contains(word), "{forgotten}");
    }
}
