//! What a hostile peer can cost a node, and what not.

use super::world::*;
use crate::sync::{Head, machine::Why, start_over::Needed};
use fedchain_runtime::Hash;
use std::{sync::LazyLock, time::Duration};

/// Six thousand blocks at the floor, as cheap as can be, since genesis.
static CHEAP: LazyLock<Chain> = LazyLock::new(|| Chain::new().mine(6_000, 1_500, 66));
/// A chain of some hundred blocks, and far heavier.
static HONEST: LazyLock<Chain> = LazyLock::new(|| Chain::new().mine(300, 200, 1));

#[test]
fn a_cheap_chain_costs_a_bounded_number_of_headers_and_no_block() {
    assert!(HONEST.weight() > CHEAP.weight());
    let mut world = World::new(&HONEST);
    world.begin_after(9_000);
    world.finalise(200);
    let peer = world.connect(&CHEAP, Manner::Honest);
    world.settle(30);
    assert_eq!(world.log.executed, 0);
    assert!(world.log.headers <= 2_048 + 300, "{}", world.log.headers);
    assert!(!world.is_held_up());
    // It may be a victim: it keeps its place for a minute.
    assert!(world.log.dropped.is_empty());
    world.settle(60);
    assert_eq!(world.log.dropped, [(peer, Why::Cheap)]);
    // And for ten minutes its return costs nothing.
    let before = world.log.requests;
    for _ in 0..8 {
        world.reconnect(peer);
        world.settle(60);
    }
    assert_eq!(world.log.requests, before);
}

#[test]
fn on_a_chain_that_began_late_a_cheap_one_costs_its_headers_once() {
    let mut world = World::new(&HONEST);
    let peer = world.connect(&CHEAP, Manner::Honest);
    world.settle(100);
    assert_eq!(world.log.executed, 0);
    assert!(world.log.headers <= 6_000 + 300, "{}", world.log.headers);
    assert_eq!(world.log.dropped, [(peer, Why::Cheap)]);
}

#[test]
fn cheap_chains_do_not_keep_an_honest_one_waiting() {
    let mut world = World::new(&HONEST);
    for _ in 0..40 {
        world.connect(&CHEAP, Manner::Honest);
    }
    world.settle(11);
    let heavier = HONEST.clone().mine(200, 200, 2);
    world.connect(&heavier, Manner::Honest);
    world.settle(2);
    assert_eq!(world.best(), heavier.head());
}

#[test]
fn many_cheap_chains_cost_what_all_together_may() {
    let mut world = World::new(&HONEST);
    for _ in 0..40 {
        world.connect(&CHEAP, Manner::Honest);
    }
    world.settle(10);
    assert!(
        world.log.headers <= 2_000 * 11 + 128,
        "{}",
        world.log.headers
    );
    assert_eq!(world.log.executed, 0);
}

#[test]
fn a_claim_of_height_costs_one_request() {
    let mut world = World::new(&HONEST);
    for manner in [Manner::Honest, Manner::NoBlocks] {
        let (number, hash) = (1_000_000, Hash::repeat_byte(5));
        world.connect_claiming(&HONEST, manner, Head { number, hash });
    }
    world.settle(30);
    assert_eq!(world.log.requests, 2);
    assert!(!world.is_held_up());
    assert!(world.machine.plan().is_none());
}

#[test]
fn a_liar_that_does_not_answer_holds_the_node_up_only_at_its_start() {
    let mut world = World::new(&HONEST);
    let (number, hash) = (1_000_000, Hash::repeat_byte(5));
    let peer = world.connect_claiming(&HONEST, Manner::Silent, Head { number, hash });
    world.settle(1);
    assert!(world.is_held_up());
    world.settle(9);
    assert!(!world.is_held_up());
    world.settle(60);
    assert_eq!(world.log.dropped, [(peer, Why::Cheap)]);
}

#[test]
fn headers_without_blocks_pause_nothing() {
    let heavier = HONEST.clone().mine(300, 200, 2);
    for manner in [Manner::NoBlocks, Manner::SilentBlocks, Manner::OtherBlocks] {
        let mut world = World::new(&HONEST);
        world.settle(11);
        let peer = world.connect(&heavier, manner);
        for _ in 0..70 {
            world.settle(1);
            assert!(!world.is_held_up(), "{manner:?}");
        }
        assert_eq!(world.best(), HONEST.head());
        let dropped: Vec<_> = world.log.dropped.iter().map(|(id, _)| *id).collect();
        assert_eq!(dropped, [peer], "{manner:?}");
        assert!(world.machine.plan().is_none(), "{manner:?}");
    }
}

#[test]
fn headers_without_blocks_keep_no_lighter_chain_waiting() {
    let withheld = HONEST.clone().mine(4, 200, 2);
    for (manner, first) in [(Manner::NoBlocks, 1), (Manner::SilentBlocks, 11)] {
        let mut world = World::new(&HONEST);
        world.settle(11);
        let liar = world.connect(&withheld, manner);
        let miner = world.connect(&HONEST, Manner::Honest);
        let mut chain = HONEST.clone();
        // One block after the other, all lighter than what is withheld; only the first has to wait.
        for wait in [first, 1, 1] {
            chain = chain.mine(1, 200, 3);
            world.announce(miner, &chain);
            world.settle(wait);
            assert_eq!(world.best(), chain.head(), "{manner:?}");
        }
        // The liar has them after all.
        assert!(chain.weight() < withheld.weight());
        world.set_manner(liar, Manner::Honest);
        world.reconnect(liar);
        world.settle(12);
        assert_eq!(world.best(), withheld.head(), "{manner:?}");
    }
}

#[test]
fn other_transactions_do_not_discredit_the_true_block() {
    let heavier = HONEST.clone().mine(3, 200, 2);
    let mut world = World::new(&HONEST);
    world.connect(&heavier, Manner::OtherBlocks);
    world.settle(1);
    assert_eq!(world.best(), HONEST.head());
    world.connect(&heavier, Manner::Honest);
    world.settle(2);
    assert_eq!(world.best(), heavier.head());
}

#[test]
fn a_branch_with_an_invalid_block_is_left_for_the_next_heaviest() {
    let trunk = HONEST.clone();
    let (bad, good) = (trunk.clone().mine(30, 200, 2), trunk.mine(20, 200, 3));
    let mut world = World::new(&HONEST);
    world.invalid.insert(bad.headers[325].hash());
    let liar = world.connect(&bad, Manner::Honest);
    world.connect(&good, Manner::Honest);
    world.settle(3);
    assert_eq!(world.log.dropped, [(liar, Why::Invalid)]);
    assert!(world.best().number > 300);
    // Its return changes nothing.
    world.reconnect(liar);
    world.settle(3);
    assert_eq!(world.log.dropped.len(), 2);
}

#[test]
fn false_headers_cost_the_peer_its_place() {
    let mut chain = HONEST.clone().mine(5, 1_000, 2);
    let last = chain.headers.last_mut().unwrap();
    last.digest.logs.pop();
    let mut world = World::new(&HONEST);
    let head = Head {
        number: last.number,
        hash: last.hash(),
    };
    let peer = world.connect_claiming(&chain, Manner::Honest, head);
    world.settle(2);
    assert_eq!(world.log.dropped, [(peer, Why::Invalid)]);
    assert_eq!(world.log.executed, 0);
}

#[test]
fn a_cheap_chain_that_came_first_is_left_in_place_while_it_is_short() {
    let cheap = CHEAP.cut(1_000);
    let mut world = World::new(&Chain::new());
    world.connect(&cheap, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), cheap.head());
    world.connect(&HONEST, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), HONEST.head());
    assert!(world.log.start_over.is_empty());
}

#[test]
fn a_long_cheap_chain_that_came_first_is_left_by_starting_over() {
    let mut world = World::new(&CHEAP);
    world.finalise(4_976);
    world.connect(&HONEST, Manner::Honest);
    world.settle(30);
    let [Needed { weight }] = world.log.start_over[..] else {
        panic!("ordered {:?}", world.log.start_over);
    };
    assert!(weight > CHEAP.weight());
    assert_eq!(world.log.executed, 0);

    // After that the cheap chain does not come back, though it is offered first.
    let needed = Some(Needed { weight });
    let mut world = World::with(&Chain::new(), Default::default(), needed);
    world.connect(&CHEAP, Manner::Honest);
    world.settle(20);
    assert_eq!(world.best().number, 0);
    world.connect(&HONEST, Manner::Honest);
    world.settle(2);
    assert_eq!(world.best(), HONEST.head());
}

#[test]
fn a_node_on_its_way_to_a_heavier_chain_does_not_start_over_for_a_lighter_one() {
    let ours = Chain::new().mine(1_100, 1_000, 1);
    let whole = ours.clone().mine(500, 200, 1);
    assert!(HONEST.weight() > ours.weight() * 4);
    assert!(HONEST.weight() < whole.weight());
    for (is_shown, orders) in [(true, 0), (false, 1)] {
        let mut world = World::new(&ours);
        if is_shown {
            world.connect(&whole, Manner::SilentBlocks);
            world.settle(2);
        }
        world.connect(&HONEST, Manner::Honest);
        world.settle(3);
        assert_eq!(world.log.start_over.len(), orders, "{is_shown}");
    }
}

#[test]
fn however_late_the_heavier_chain_comes() {
    let mut world = World::new(&CHEAP);
    world.finalise(5_994);
    world.bear_witness(5_000);
    world.connect(&CHEAP, Manner::Honest);
    world.settle(700);
    world.connect(&HONEST, Manner::Honest);
    world.settle(1);
    assert!(!world.log.start_over.is_empty());
}

#[test]
fn history_that_was_watched_is_not_given_up_but_the_alarm_is_raised() {
    let trunk = Chain::new().mine(100, 1_000, 1);
    let ours = trunk.clone().mine(50, 1_000, 1);
    let theirs = trunk.mine(200, 200, 2);
    let mut world = World::new(&ours);
    world.finalise(130);
    world.bear_witness(90);
    world.connect(&theirs, Manner::Honest);
    world.settle(3);
    assert_eq!(world.best(), ours.head());
    assert!(world.log.start_over.is_empty() && world.log.dropped.is_empty());
    let seen = world.machine.take_seen();
    assert_eq!(seen.below_finality, 1);
    let (ours, theirs) = seen.fork_weight.unwrap();
    assert!(theirs > ours);
}

#[test]
fn history_that_was_told_is_given_up_only_for_four_times_its_weight() {
    let trunk = Chain::new().mine(100, 1_000, 1);
    let ours = trunk.clone().mine(50, 1_000, 1);
    let theirs = trunk.mine(80, 1_000, 2);
    let mut world = World::new(&ours);
    world.finalise(130);
    world.connect(&theirs, Manner::Honest);
    world.settle(3);
    assert!(world.log.start_over.is_empty());
    assert_eq!(world.machine.take_seen().below_finality, 1);
}

#[test]
fn peers_on_the_other_side_of_finality_keep_no_place() {
    let trunk = Chain::new().mine(100, 1_000, 1);
    let ours = trunk.clone().mine(50, 1_000, 1);
    for blocks in [20, 80] {
        let mut world = World::new(&ours);
        world.finalise(130);
        world.bear_witness(90);
        let apart = world.connect(&trunk.clone().mine(blocks, 1_000, 2), Manner::Honest);
        let behind = world.connect(&ours.cut(120), Manner::Honest);
        let near = world.connect(&ours.cut(140).mine(5, 1_000, 3), Manner::Honest);
        world.settle(58);
        assert!(world.log.dropped.is_empty());
        world.settle(60);
        assert_eq!(world.log.dropped, [(apart, Why::Apart)], "{behind} {near}");
    }
}

#[test]
fn a_peer_that_comes_over_in_time_keeps_its_place() {
    let trunk = Chain::new().mine(100, 1_000, 1);
    let ours = trunk.clone().mine(50, 1_000, 1);
    let mut world = World::new(&ours);
    world.finalise(130);
    let peer = world.connect(&trunk.mine(20, 1_000, 2), Manner::Honest);
    world.settle(50);
    world.announce(peer, &ours);
    world.settle(60);
    assert!(world.log.dropped.is_empty());
}

#[test]
fn held_headers_are_bounded() {
    let chain = Chain::new().mine(30, 1_000, 1);
    let mut world = World::new(&chain);
    world.now.unix_ms = GENESIS_MS + 30_000;
    for mark in 0..50 {
        let peer = world.connect(&chain, Manner::Honest);
        for spacing in 0..20 {
            let early = chain.clone().mine(1, 20_000 + spacing, mark);
            world.announce(peer, &early);
        }
    }
    world.settle(1);
    assert_eq!(world.machine.take_seen().held, 64);
    world.pass(Duration::from_secs(20));
    world.settle(3);
    assert_eq!(world.best().number, 31);
    assert!(world.log.executed <= 2);
}
