//! A certified regression by the command line: consent, certificate, unlearning, verification.

use std::fs;

use anyhow::{Context, Result, anyhow};
use fedchain_e2e::Answer;
use fedchain_fl::Shape;
use fedchain_runtime::currency::UNIT;
use fedchain_test_support::{
    CLIENTS, Cli, Client, FIXED_SPLIT, Node, OWNER, Task, Trainer, impossible_moments, open,
    open_for,
};
use serde_json::json;

const SPEC: &str = include_str!("../../../docs/examples/ridge.toml");

#[tokio::test(flavor = "multi_thread")]
async fn one_round_proves_the_optimum_and_the_owner_leaves_a_client_out() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
    let spec = folder.path().join("federation.toml");
    fs::write(&spec, SPEC.replace("clients_min = 3", "clients_min = 2"))?;
    let federation = open(&cli, &spec).await?;
    let number = federation.to_string();
    let train = |client: usize, options: &[&str]| {
        let state = folder.path().join(format!("state-{client}"));
        let (key, data) = (CLIENTS[client], &parts.clients[client]);
        Trainer::start(&cli, federation, key, data, &state, options)
    };

    // Nothing is sent without consent.
    let refused = train(0, &[])?.finish().await;
    let error = refused.err().context("moments were sent without consent")?;
    assert!(error.to_string().contains("--send-moments"), "{error}");
    let early = cli.run(&["certificate", &number]).await?;
    assert_eq!(early.status.code(), Some(4));

    let mut trainers = [
        train(0, &["--send-moments"])?,
        train(1, &["--send-moments"])?,
    ];
    for trainer in &mut trainers {
        let closed = trainer.wait_for("aggregate").await?;
        assert_eq!(
            (&closed["results"], &closed["outcome"]),
            (&json!(2), &json!("adopted"))
        );
    }
    let first = cli.json(&["certificate", &number]).await?;
    assert_eq!(first["rows"], 294);
    assert_eq!(first["clients"].as_array().map(Vec::len), Some(2));
    assert_eq!(first["withheld"], json!([]));
    // 1e-5 in units of 2^-32.
    assert!(
        first["bound"]["epsilon"]
            .as_u64()
            .is_some_and(|epsilon| epsilon <= 42_950)
    );

    let bob = cli.json(&["status", "--key", CLIENTS[0]]).await?;
    let bob = bob["account"]["address"].as_str().context("no account")?;
    let without = ["certify", &number, "--without", bob, "--key"];
    let stranger = cli.run(&[&without[..], &[CLIENTS[1]]].concat()).await?;
    assert_eq!(stranger.status.code(), Some(4));
    cli.json(&[&without[..], &[OWNER]].concat()).await?;
    for trainer in trainers {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let second = cli.json(&["certificate", &number]).await?;
    assert_eq!(
        (&second["round"], &second["rows"]),
        (&json!(2), &json!(147))
    );
    assert_eq!(second["left_out"], json!([bob]));
    assert_ne!(first["weights"], second["weights"]);

    let verdict = cli.run(&["verify", &number]).await?;
    let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
    assert!(verdict.status.success(), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn trainers_find_the_client_whose_moments_are_of_no_rows() -> Result<()> {
    const LIAR: &str = "//Dave";
    /// So small that the sum of all moments has a solution: who solved before looking would certify it.
    const FALSE_PRODUCT: i64 = 18 << 24;
    const ENDOWMENT: i128 = 1_000_000 * UNIT as i128;
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
    let spec = folder.path().join("federation.toml");
    fs::write(&spec, SPEC.replace("rounds_max = 2", "rounds_max = 1"))?;
    let federation = open_for(&cli, &spec, &[CLIENTS[0], CLIENTS[1], LIAR]).await?;

    let mut liar = Client::connect(&node, LIAR).await?;
    let shape = Shape::new(10).map_err(|error| anyhow!("{error}"))?;
    let moments = impossible_moments(shape, 1_000, FALSE_PRODUCT);
    let answer = Answer::new(&node, federation, liar.account(), 1_000, moments).await?;
    liar.send_all(vec![answer.commit()]).await?;
    let options = ["--send-moments"];
    let trainers = Trainer::start_all(&cli, federation, &parts.clients, folder.path(), &options)?;
    answer.wait_for_reveals(&node).await?;
    liar.send_all(vec![answer.reveal()?]).await?;

    for trainer in trainers {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let number = federation.to_string();
    let certificate = cli.json(&["certificate", &number]).await?;
    assert_eq!(certificate["guilty"], json!([liar.account()]));
    assert_eq!(certificate["rows"], 294);
    let view = node.rpc("federation_get", json!([federation])).await?;
    let members = view["clients"].as_array().context("no clients")?;
    assert!(
        members
            .iter()
            .all(|member| member["account"] != json!(liar.account()))
    );
    // The bond of one unit is gone; the others have theirs.
    let lost = ENDOWMENT - cli.owned(LIAR).await?;
    assert!((UNIT..2 * UNIT).contains(&lost.unsigned_abs()), "{lost}");
    for client in CLIENTS {
        let lost = ENDOWMENT - cli.owned(client).await?;
        assert!(lost < UNIT as i128, "{client}: {lost}");
    }
    let verdict = cli.run(&["verify", &number]).await?;
    let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
    assert!(
        verdict.status.success() && said.contains("verified"),
        "{said}"
    );
    Ok(())
}
