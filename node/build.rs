//! Puts the commit into the version that `fedchain-node --version` prints.

fn main() {
    substrate_build_script_utils::generate_cargo_keys();
}
