//! Among honest peers a node ends on the heaviest chain, whatever happens on the way.

use super::world::*;
use crate::sync::Demands;
use std::time::Duration;

#[test]
fn a_new_node_fetches_the_chain() {
    let chain = Chain::new().mine(700, 1_000, 1);
    let mut world = World::new(&Chain::new());
    world.connect(&chain, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), chain.head());
    assert_eq!(world.log.executed, 700);
    assert!(world.log.dropped.is_empty());
}

#[test]
fn it_takes_the_heaviest_of_several() {
    let light = Chain::new().mine(300, 1_500, 1);
    let heavy = Chain::new().mine(200, 500, 2);
    assert!(heavy.weight() > light.weight());
    let mut world = World::new(&Chain::new());
    world.connect(&light, Manner::Honest);
    world.connect(&heavy, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), heavy.head());
    assert_eq!(
        world.log.executed, 200,
        "blocks of the lighter one were fetched"
    );
}

#[test]
fn announced_blocks_come_at_once() {
    let chain = Chain::new().mine(50, 1_000, 1);
    let mut world = World::new(&chain.cut(40));
    let peer = world.connect(&chain.cut(40), Manner::Honest);
    world.settle(1);
    let before = world.log.requests;
    for height in 41..=50 {
        world.announce(peer, &chain.cut(height));
        while world.step() {}
        assert_eq!(world.best(), chain.cut(height).head());
    }
    assert_eq!(world.log.requests, before, "headers were asked for");
}

#[test]
fn a_heavier_branch_wins_however_long_ours_is() {
    for (shared, ours, theirs) in [(20, 1, 2), (20, 30, 31), (0, 400, 400), (5, 200, 201)] {
        let trunk = Chain::new().mine(shared, 1_000, 1);
        let (light, heavy) = (
            trunk.clone().mine(ours, 1_000, 1),
            trunk.mine(theirs, 900, 2),
        );
        assert!(heavy.weight() > light.weight());
        let mut world = World::new(&light);
        world.connect(&heavy, Manner::Honest);
        world.settle(3);
        assert_eq!(world.best(), heavy.head(), "{shared} {ours} {theirs}");
    }
}

#[test]
fn a_shorter_branch_wins_if_it_is_heavier() {
    let light = Chain::new().mine(900, 1_500, 1);
    let heavy = Chain::new().mine(200, 300, 2);
    assert!(heavy.weight() > light.weight());
    let mut world = World::new(&light);
    world.connect(&heavy, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), heavy.head());
}

#[test]
fn of_two_as_heavy_the_first_stays_until_the_next_block() {
    let trunk = Chain::new().mine(20, 1_000, 1);
    let (ours, theirs) = (trunk.clone().mine(1, 1_000, 1), trunk.mine(1, 1_000, 2));
    let mut world = World::new(&ours);
    let peer = world.connect(&theirs, Manner::Honest);
    world.settle(1);
    assert_eq!(world.best(), ours.head());
    assert_eq!(world.log.executed, 0);
    let next = theirs.mine(1, 1_000, 2);
    world.announce(peer, &next);
    while world.step() {}
    assert_eq!(world.best(), next.head());
}

#[test]
fn a_lighter_peer_keeps_its_place() {
    let trunk = Chain::new().mine(30, 1_000, 1);
    let ours = trunk.clone().mine(100, 1_000, 1);
    let mut theirs = trunk.mine(60, 1_100, 2);
    let mut world = World::new(&ours);
    let peer = world.connect(&theirs, Manner::Honest);
    for _ in 0..100 {
        world.settle(1);
        theirs = theirs.mine(1, 3_000, 2);
        world.announce(peer, &theirs);
    }
    world.settle(100);
    assert!(world.log.dropped.is_empty());
    assert!(world.log.headers < 200, "{} headers", world.log.headers);
}

#[test]
fn early_blocks_come_when_they_are_due() {
    let chain = Chain::new().mine(30, 1_000, 1);
    let mut world = World::new(&chain);
    let peer = world.connect(&chain, Manner::Honest);
    world.settle(1);
    world.now.unix_ms = GENESIS_MS + 30_000;
    // Stamped four seconds ahead; two are allowed. Its child is on time when it comes.
    let early = chain.clone().mine(1, 4_000, 1);
    let child = early.clone().mine(1, 1_000, 1);
    world.announce(peer, &early);
    world.announce(peer, &early);
    while world.step() {}
    assert_eq!(world.best(), chain.head());
    assert_eq!(world.machine.take_seen().held, 1);
    world.pass(Duration::from_millis(1_999));
    while world.step() {}
    assert_eq!(world.best(), chain.head());
    world.pass(Duration::from_millis(1));
    while world.step() {}
    assert_eq!(world.best(), early.head());
    world.pass(Duration::from_secs(1));
    world.announce(peer, &child);
    while world.step() {}
    assert_eq!(world.best(), child.head());
    assert!(world.log.dropped.is_empty());
}

#[test]
fn a_peer_that_dies_in_the_middle_is_asked_again_soon_after_its_return() {
    let chain = Chain::new().mine(2_000, 1_000, 1);
    for steps in 1..40 {
        let mut world = World::new(&Chain::new());
        let peer = world.connect(&chain, Manner::Honest);
        for _ in 0..steps {
            world.step();
        }
        world.set_manner(peer, Manner::Silent);
        world.step();
        world.disconnect(peer);
        world.settle(2);
        world.set_manner(peer, Manner::Honest);
        world.reconnect(peer);
        world.settle(2);
        assert_eq!(world.best(), chain.head(), "after {steps} steps");
    }
}

#[test]
fn a_peer_that_sleeps_is_asked_again_soon_after_it_wakes() {
    let chain = Chain::new().mine(500, 1_000, 1);
    for seconds in [1, 4, 7, 20, 30] {
        let mut world = World::new(&Chain::new());
        let peer = world.connect(&chain, Manner::Honest);
        world.step();
        world.set_manner(peer, Manner::Silent);
        world.settle(seconds);
        world.set_manner(peer, Manner::Honest);
        world.settle(14);
        assert_eq!(world.best(), chain.head(), "after {seconds} s");
    }
}

#[test]
fn another_peer_takes_over() {
    let chain = Chain::new().mine(500, 1_000, 1);
    let mut world = World::new(&Chain::new());
    let dying = world.connect(&chain, Manner::SilentBlocks);
    world.connect(&chain, Manner::Honest);
    world.settle(30);
    assert_eq!(world.best(), chain.head());
    assert!(!world.log.dropped.iter().any(|(id, _)| *id != dying));
}

#[test]
fn branches_lighter_than_demanded_or_without_the_checkpoint_are_not_fetched() {
    let chain = Chain::new().mine(60, 1_000, 1);
    let other = Chain::new().mine(60, 900, 2);
    let checkpoint = Some((40, chain.headers[39].hash()));
    let demands = Demands {
        checkpoint,
        minimum_work: chain.weight(),
        ..Demands::default()
    };
    let mut world = World::with(&Chain::new(), demands, None);
    world.connect(&other, Manner::Honest);
    world.connect(&chain.cut(39), Manner::Honest);
    world.connect(&chain.cut(59), Manner::Honest);
    world.settle(12);
    assert_eq!(world.best().number, 0);
    world.connect(&chain, Manner::Honest);
    world.settle(2);
    assert_eq!(world.best(), chain.head());
}
