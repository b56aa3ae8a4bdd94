//! A federation of three trainers, each at a node of its own, finishes whatever happens to the network.

use std::time::Duration;

use anyhow::Result;
use fedchain_network::{FINALITY_DEPTH, Federation, Miner, Network, SmallDisk};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Pause between two blocks.
const PACE: Duration = Duration::from_millis(100);

/// Blocks that a round takes here at least, the five of its settle window among them.
const ROUND_BLOCKS: u32 = 8;

/// A federation in the midst of a round, by a seed that is printed.
struct Scene {
    network: Network,
    federation: Federation,
    miner: Miner,
    random: StdRng,
}

impl Scene {
    /// With so many honest nodes.
    async fn set(nodes: usize) -> Result<Self> {
        Self::on(Network::start(nodes).await?).await
    }

    async fn on(network: Network) -> Result<Self> {
        let seed =
            std::env::var("SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap_or(0));
        println!("SEED={seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let (round, block) = (
            random.random_range(1..=2),
            random.random_range(0..ROUND_BLOCKS),
        );
        let miner = network.keep_mining(0, PACE);
        let federation = Federation::start(&network).await?;
        federation.reach(&network, round, block).await?;
        Ok(Self {
            network,
            federation,
            miner,
            random,
        })
    }

    /// Two sides by chance, the smaller one first.
    fn sides(&mut self, nodes: usize) -> (Vec<usize>, Vec<usize>) {
        let mut places: Vec<usize> = (0..nodes).collect();
        places.shuffle(&mut self.random);
        let larger = places.split_off(nodes / 2);
        (places, larger)
    }

    async fn finish(self) -> Result<()> {
        self.federation.finish(&self.network).await
    }
}

/// A partition of some depth in the midst of a federation.
async fn partition(nodes: usize, depth: u32) -> Result<()> {
    let mut scene = Scene::set(nodes).await?;
    let (few, many) = scene.sides(nodes);
    let all: Vec<usize> = (0..nodes).collect();
    let Scene {
        network,
        federation,
        miner,
        ..
    } = scene;
    miner.stop().await?;
    network.agree(&all, 0).await?;
    network.partition(&few, &many).await?;
    network.mine(few[0], depth).await?;
    network.mine(many[0], depth + 1).await?;
    network.heal().await?;
    network.agree(&all, 0).await?;
    let _miner = network.keep_mining(0, PACE);
    federation.finish(&network).await
}

#[tokio::test]
async fn through_a_partition_of_one_block() -> Result<()> {
    partition(3, 1).await
}

#[tokio::test]
async fn through_a_partition_of_three_blocks() -> Result<()> {
    partition(3, 3).await
}

#[tokio::test]
async fn through_a_partition_almost_as_deep_as_finality() -> Result<()> {
    partition(3, FINALITY_DEPTH - 1).await
}

#[tokio::test]
async fn through_a_partition_of_five_nodes() -> Result<()> {
    partition(5, 3).await
}

#[tokio::test]
async fn through_a_fork_beyond_finality_and_its_recovery() -> Result<()> {
    let mut scene = Scene::set(3).await?;
    let (few, many) = scene.sides(3);
    let (alone, other) = (few[0], many[0]);
    let Scene {
        mut network,
        federation,
        miner,
        ..
    } = scene;
    miner.stop().await?;
    network.agree(&[0, 1, 2], 0).await?;
    network.partition(&few, &many).await?;
    network.mine(alone, FINALITY_DEPTH + 1).await?;
    network.mine(other, FINALITY_DEPTH + 2).await?;
    network.heal().await?;
    network.mine(other, 1).await?;
    network.wait_for_alarm(alone).await?;
    network.purge(alone).await?;
    network.heal().await?;
    let _miner = network.keep_mining(other, PACE);
    federation.finish(&network).await
}

#[tokio::test]
async fn through_the_crash_of_a_node() -> Result<()> {
    let mut scene = Scene::set(3).await?;
    let struck = scene.random.random_range(0..3);
    scene.network.node_mut(struck).kill().await?;
    scene.network.node_mut(struck).resume(&[]).await?;
    scene.network.heal().await?;
    scene.finish().await
}

#[tokio::test]
#[ignore = "mounts a small disk: needs root"]
async fn through_a_full_disk() -> Result<()> {
    let mut network = Network::start(2).await?;
    let disk = SmallDisk::mount(network.path("disk"), 200)?;
    let small = network.add_at(disk.path()).await?;
    network.heal().await?;
    let mut scene = Scene::on(network).await?;
    disk.fill()?;
    println!("{}", scene.network.node_mut(small).end().await);
    disk.free()?;
    scene.network.node_mut(small).resume(&[]).await?;
    scene.network.heal().await?;
    scene.finish().await
}

#[tokio::test]
async fn beside_a_node_that_joins_late_by_a_cheap_fork() -> Result<()> {
    let network = Network::start_wide(3).await?;
    let cheap = network.write("cheap:300").await?;
    let mut scene = Scene::on(network).await?;
    let network = &mut scene.network;
    let attacker = network.add_server(&cheap).await?;
    let late = network.add(&[]).await?;
    network.connect(attacker, late).await?;
    network.agree(&[attacker, late], 300).await?;
    network.heal().await?;
    network.agree(&[0, late], 0).await?;
    scene.finish().await
}

/// A hostile peer of all three nodes.
async fn beside(attack: &str) -> Result<()> {
    let mut network = Network::start(3).await?;
    network.add_hostile(attack).await?;
    network.heal().await?;
    let scene = Scene::on(network).await?;
    scene.finish().await
}

#[tokio::test]
async fn beside_bad_seals() -> Result<()> {
    beside("bad_seal").await
}

#[tokio::test]
async fn beside_wrong_difficulties() -> Result<()> {
    beside("wrong_difficulty").await
}

#[tokio::test]
async fn beside_longer_seals() -> Result<()> {
    beside("trailing_byte").await
}

#[tokio::test]
async fn beside_blocks_of_two_authors() -> Result<()> {
    beside("two_authors").await
}

#[tokio::test]
async fn beside_children_of_invalid_blocks() -> Result<()> {
    beside("invalid_parent").await
}

#[tokio::test]
async fn beside_blocks_from_the_far_future() -> Result<()> {
    beside("clock:100").await
}

#[tokio::test]
async fn beside_a_fast_clock() -> Result<()> {
    beside("clock:20").await
}

#[tokio::test]
async fn beside_a_slow_clock() -> Result<()> {
    beside("clock:-20").await
}
