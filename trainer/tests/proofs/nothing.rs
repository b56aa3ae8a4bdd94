//! Whoever asks for the proof of nothing is told so, and gets no success.

use serde_json::{Value, json};

use crate::{
    chain::Chain,
    code::{answering, metadata, state_of},
    removed::{FEDERATION, SPEC_AT, waiting},
    run, said,
};

/// Three blocks after the first, without a federation.
fn empty() -> Chain {
    let mut chain = Chain::new(&state_of(answering(&metadata::<(), ()>())));
    for _ in 0..3 {
        chain.push(Vec::new(), &Vec::new(), Vec::new());
    }
    chain
}

/// Runs commands that must end with exit code 6 and such a sentence.
async fn check(chain: Chain, cases: &[(&[&str], &str)]) {
    let node = chain.serve().await;
    for (args, expected) in cases {
        let said = said(&run(&node.url, args).await, 6);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[tokio::test]
async fn an_audit_without_blocks() {
    let mut chain = empty();
    chain.finalised = 0;
    check(
        chain,
        &[
            (&["audit"], "or wait until one is final"),
            (
                &["audit", "--to", "0"],
                "the genesis block is all that was to be audited",
            ),
            (
                &["audit", "--to", "4"],
                "nothing is proven up to block 4: the newest block that the node has is 3",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_audit_of_blocks_without_a_round() {
    let cases: &[(&[&str], &str)] = &[
        (&["audit"], "audited: blocks 0 to 3 follow from each other"),
        (&["audit"], ", final for this node"),
        (
            &["audit"],
            "error: no server model is proven: blocks 0 to 3 make none",
        ),
    ];
    check(empty(), cases).await;
    let mut chain = empty();
    chain.finalised = 1;
    let not_final = "not final: a fork can still take back the blocks above 1";
    check(chain, &[(&["audit", "--to", "2"], not_final)]).await;
}

#[tokio::test]
async fn a_federation_that_waits() {
    let before = format!("it was created in block {SPEC_AT}, and you asked for the blocks up to 1");
    check(
        waiting(),
        &[
            (
                &["verify", FEDERATION],
                "no server model of federation 0 is proven: blocks 2 to 4 close no round of it",
            ),
            (&["verify", FEDERATION, "--to", "1"], &before),
            (
                &["verify", FEDERATION, "--to", "5"],
                "nothing is proven up to block 5: the newest block that the node has is 4",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_receipt_of_nothing() {
    let get = |round, more: &[&'static str]| {
        let args = [
            "receipt",
            "get",
            FEDERATION,
            round,
            "--client",
            "//Bob",
            "--out",
            "/dev/null",
        ];
        [&args[..], more].concat()
    };
    let node = waiting().serve().await;
    for (args, expected) in [
        (get("1", &[]), "round 1 of federation 0 is not closed"),
        (get("0", &[]), "round 0 is that of the initial model"),
        (get("1", &["--to", "9"]), "nothing is proven up to block 9"),
    ] {
        let said = said(&run(&node.url, &args).await, 6);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[tokio::test]
async fn programs_get_the_report_and_the_error() {
    let node = empty().serve().await;
    let said = said(&run(&node.url, &["--format", "json", "audit"]).await, 6);
    let mut lines = said.lines();
    let mut next = || serde_json::from_str::<Value>(lines.next().unwrap()).unwrap();
    let report = next();
    assert_eq!(
        (&report["to"], &report["final"], &report["models"]),
        (&json!(3), &json!(true), &json!(0))
    );
    assert_eq!(next()["exit_code"], 6);
}
