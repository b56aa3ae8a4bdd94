//! Each rule against a literal tree: files in, offences out.

use super::{check, tree::Tree};

#[track_caller]
fn expect(files: &[(&str, &str)], offences: &[&str]) {
    let found: Vec<_> = check(&Tree::of(files))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, offences);
}

#[test]
fn a_tidy_tree_passes() {
    expect(
        &[
            (
                "ARCHITECTURE.md",
                "[the maths](crates/fl/) and [docs](docs/a.md#top)",
            ),
            ("crates/fl/Cargo.toml", ""),
            (
                "crates/fl/src/lib.rs",
                "//! Maths.\npub mod vector;\n#[cfg(test)]\nmod tests;\n",
            ),
            (
                "crates/fl/src/tests.rs",
                "//! Tests.\nfn t() { None::<u8>.unwrap(); }\n",
            ),
            (
                "crates/fl/src/vector.rs",
                "//! Vectors.\n/// `None::<u8>.unwrap()` panics.\n",
            ),
            (
                "docs/a.md",
                "[up](../ARCHITECTURE.md) [out](https://example.org)\n",
            ),
        ],
        &[],
    );
}

#[test]
fn files_begin_with_their_purpose() {
    expect(
        &[("node/src/main.rs", "fn main() {}\n")],
        &["node/src/main.rs:1: begin the file with `//!` and what it is for"],
    );
}

#[test]
fn files_stay_short_unless_generated() {
    let long = format!("//! Long.\n{}", "\n".repeat(600));
    expect(
        &[
            ("node/src/main.rs", &long),
            ("node/src/bin/weights.rs", &long),
        ],
        &["node/src/main.rs:601: 601 lines: split the file, 600 are the most"],
    );
}

#[test]
fn nothing_is_left_over() {
    let text = concat!(
        "//! M.\n// TO",
        "DO: more\nfn f() { to",
        "do!() }\nlet MASTO",
        "DON = 1;\n"
    );
    expect(
        &[("node/src/main.rs", text)],
        &[
            concat!("node/src/main.rs:2: remove `TO", "DO`"),
            concat!("node/src/main.rs:3: remove `to", "do!`"),
        ],
    );
}

#[test]
fn code_is_not_commented_out() {
    expect(
        &[(
            "node/src/main.rs",
            "//! M.\n    // let x = 1;\n// fn f() {\n// let it be known\n",
        )],
        &[
            "node/src/main.rs:2: remove the commented-out code",
            "node/src/main.rs:3: remove the commented-out code",
        ],
    );
}

#[test]
fn machine_paths_stay_out() {
    let text = concat!(
        "in /ro",
        "ot/x\nhttps://a.org/ho",
        "me/\nstate/ro",
        "ot/\n~/wo",
        "rk/\n"
    );
    expect(
        &[("README.md", text)],
        &[concat!(
            "README.md:1: `/ro",
            "ot/` is a path of one machine"
        )],
    );
}

#[test]
fn every_file_is_reached() {
    expect(
        &[
            ("a/src/lib.rs", "//! A.\npub(crate) mod b;\nmod c;\n"),
            ("a/src/b.rs", "//! B.\nmod inner;\n"),
            ("a/src/b/inner.rs", "//! Inner.\n"),
            ("a/src/b/orphan.rs", "//! Orphan.\n"),
            ("a/src/c/mod.rs", "//! C.\n"),
            ("a/src/d.rs", "//! D.\n"),
            ("a/src/bin/tool.rs", "//! Tool.\n"),
            ("a/tests/all.rs", "//! Tests.\n"),
        ],
        &[
            "a/src/b/orphan.rs:1: no `mod` line leads to this file: remove it",
            "a/src/d.rs:1: no `mod` line leads to this file: remove it",
        ],
    );
}

#[test]
fn consensus_code_does_not_panic() {
    let pallet = "\
//! P.
#[cfg(test)]
mod mock;
#[cfg(feature = \"runtime-benchmarks\")]
mod benchmarking;
mod logic;
fn f() {
    a.unwrap();
}
#[cfg(any(test, feature = \"std\"))]
fn helper() {
    b.unwrap();
}
fn g() {
    c.expect(\"\");
}
#[cfg(test)]
mod tests {
    fn t() {
        d.unwrap();
    }
}
";
    expect(
        &[
            ("pallets/p/src/lib.rs", pallet),
            (
                "pallets/p/src/mock.rs",
                "//! Mock.\nmod inner;\nfn f() { a.unwrap(); }\n",
            ),
            (
                "pallets/p/src/mock/inner.rs",
                "//! Inner.\nfn f() { a.unwrap(); }\n",
            ),
            (
                "pallets/p/src/benchmarking.rs",
                "//! Benchmarks.\nfn f() { a.unwrap(); }\n",
            ),
            (
                "pallets/p/src/logic.rs",
                "//! Logic.\nfn f() { panic!(\"\"); }\n",
            ),
            (
                "trainer/src/lib.rs",
                "//! Trainer.\nfn f() { a.unwrap(); }\n",
            ),
        ],
        &[
            "pallets/p/src/lib.rs:8: `.unwrap()` may panic on chain: return an error",
            "pallets/p/src/lib.rs:15: `.expect(` may panic on chain: return an error",
            "pallets/p/src/logic.rs:2: `panic!(` may panic on chain: return an error",
        ],
    );
}

#[test]
fn programs_say_what_they_cannot_print() {
    let text = "\
//! M.
fn f() {
    // println!() would panic.
    println!(\"a\");
    eprint!(\"b\");
    print(\"c\");
}
#[cfg(test)]
mod tests {
    fn t() {
        println!(\"d\");
    }
}
";
    expect(
        &[
            ("miner/src/main.rs", text),
            ("node/src/main.rs", text),
            ("trainer/tests/all.rs", text),
        ],
        &[
            "miner/src/main.rs:4: `println!(` panics where nobody reads: write, and tell of what is lost",
            "miner/src/main.rs:5: `print!(` panics where nobody reads: write, and tell of what is lost",
        ],
    );
}

#[test]
fn links_resolve() {
    expect(
        &[
            (
                "docs/a.md",
                "[x](b.md)\n```\n[x](not-a-link)\n```\n[y](../README.md) [z](../../c)\n",
            ),
            ("README.md", "[docs](docs) [self](#top)\n"),
        ],
        &[
            "docs/a.md:1: `b.md` does not exist",
            "docs/a.md:5: `../../c` does not exist",
        ],
    );
}

#[test]
fn the_architecture_names_all_crates() {
    expect(
        &[
            ("ARCHITECTURE.md", "`crates/fl`\n"),
            ("crates/fl/Cargo.toml", ""),
            ("pallets/difficulty/Cargo.toml", ""),
            ("node/Cargo.toml", ""),
        ],
        &["ARCHITECTURE.md:1: `pallets/difficulty` is not mentioned"],
    );
}
