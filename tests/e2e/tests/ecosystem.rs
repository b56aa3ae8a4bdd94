//! What other clients are told of the node's own methods: names, definitions, codes.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::Node;
use serde_json::{Value, json};

/// A file of the project.
fn file(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

fn is_own(method: &str) -> bool {
    method.starts_with("federation_") || method.starts_with("mining_")
}

/// The definitions for polkadot-js, by the name of the method.
fn definitions() -> Result<Vec<(String, Value)>> {
    let definitions: Value = serde_json::from_str(&file("docs/polkadot-js.json")?)?;
    let sections = definitions["rpc"].as_object().context("no rpc")?;
    let mut found = vec![];
    for (section, methods) in sections {
        for (name, definition) in methods.as_object().context("no methods")? {
            found.push((format!("{section}_{name}"), definition.clone()));
        }
    }
    Ok(found)
}

#[tokio::test]
async fn definitions_and_documents_have_the_nodes_methods() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let told = node.rpc("rpc_methods", json!([])).await?;
    let told = told["methods"].as_array().context("no methods")?.iter();
    let methods: BTreeSet<String> = told
        .filter_map(Value::as_str)
        .filter(|method| is_own(method))
        .map(str::to_owned)
        .collect();
    ensure!(methods.len() == 10, "{methods:?}");

    let definitions = definitions()?;
    let defined: BTreeSet<String> = definitions.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(defined, methods);

    let document = file("docs/rpc.md")?;
    let titles = document.lines().filter_map(|line| line.strip_prefix("## "));
    let titles: BTreeSet<&str> = titles.filter(|title| is_own(title)).collect();
    let federation = methods.iter().map(String::as_str);
    let federation: BTreeSet<&str> = federation
        .filter(|method| method.starts_with("federation_"))
        .collect();
    assert_eq!(titles, federation);
    Ok(())
}

/// The parameters that the document names in the first brackets below a method's title.
#[test]
fn definitions_have_the_documented_parameters() -> Result<()> {
    let document = file("docs/rpc.md")?;
    for (method, definition) in definitions()? {
        let Some((_, text)) = document.split_once(&format!("## {method}\n")) else {
            continue;
        };
        let (_, text) = text.split_once("`[").context("no parameters")?;
        let (documented, _) = text.split_once("]`").context("no parameters")?;
        let parameters = definition["params"].as_array().context("no parameters")?;
        let parameter = |parameter: &Value| {
            let name = parameter["name"].as_str()?;
            let mark = if parameter["isOptional"] == true {
                "?"
            } else {
                ""
            };
            Some(format!("{name}{mark}"))
        };
        let parameters: Option<Vec<String>> = parameters.iter().map(parameter).collect();
        let parameters = parameters.context("a parameter has no name")?.join(", ");
        let is_alike = match documented {
            "number or hash" => parameters == "block",
            documented => parameters == documented,
        };
        ensure!(is_alike, "{method}: [{parameters}], not [{documented}]");
    }
    Ok(())
}

#[test]
fn every_code_of_the_node_is_documented() -> Result<()> {
    let document = file("docs/rpc.md")?;
    let mut codes = 0;
    for source in ["federation.rs", "mining.rs", "turns.rs"] {
        for line in file(&format!("node/src/rpc/{source}"))?.lines() {
            let Some((_, code)) = line.split_once(": i32 = ") else {
                continue;
            };
            let code = code.trim_end_matches(';').replace('_', "");
            let row = format!("\n| {code} | ");
            ensure!(document.contains(&row), "code {code} is not in docs/rpc.md");
            codes += 1;
        }
    }
    assert_eq!(codes, 6);
    Ok(())
}
