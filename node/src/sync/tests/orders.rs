//! Whatever happens in whatever order, the node ends on the heaviest chain that an honest peer has.

use super::world::*;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Step,
    Wait(u32),
    Leave(usize),
    Return(usize),
    Silence(usize),
    Wake(usize),
    Grow(usize),
    Mine,
}

fn event() -> impl Strategy<Value = Event> {
    let peer = 0..3usize;
    prop_oneof![
        4 => Just(Event::Step),
        1 => (1..8u32).prop_map(Event::Wait),
        1 => peer.clone().prop_map(Event::Leave),
        2 => peer.clone().prop_map(Event::Return),
        1 => peer.clone().prop_map(Event::Silence),
        1 => peer.clone().prop_map(Event::Wake),
        3 => peer.prop_map(Event::Grow),
        1 => Just(Event::Mine),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_node_is_never_stuck(
        shared in 0..40u32,
        lengths in prop::array::uniform3(0..300u32),
        ours in 0..200u32,
        events in prop::collection::vec(event(), 0..60),
    ) {
        let trunk = Chain::new().mine(shared, 1_000, 1);
        let mut own = trunk.clone().mine(ours, 1_100, 9);
        let mut chains: Vec<Chain> = (2..5u8)
            .zip(lengths)
            .map(|(mark, blocks)| trunk.clone().mine(blocks, 700 + 200 * u64::from(mark), mark))
            .collect();
        let mut world = World::new(&own);
        let peers: Vec<_> = chains
            .iter()
            .map(|chain| world.connect(chain, Manner::Honest))
            .collect();
        let mut is_here = [true; 3];
        for event in events {
            match event {
                Event::Step => {
                    world.step();
                }
                Event::Wait(seconds) => world.pass(std::time::Duration::from_secs(seconds.into())),
                Event::Leave(peer) => {
                    world.disconnect(peers[peer]);
                    is_here[peer] = false;
                }
                Event::Return(peer) if !is_here[peer] => {
                    world.reconnect(peers[peer]);
                    is_here[peer] = true;
                }
                Event::Return(_) => {}
                Event::Silence(peer) => world.set_manner(peers[peer], Manner::Silent),
                Event::Wake(peer) => world.set_manner(peers[peer], Manner::Honest),
                Event::Grow(peer) => {
                    chains[peer] = chains[peer].clone().mine(1, 900, peer as u8 + 2);
                    world.announce(peers[peer], &chains[peer]);
                }
                Event::Mine => {
                    if world.best() == own.head() {
                        own = own.mine(1, 1_000, 9);
                        let header = own.headers.last().unwrap().clone();
                        world.execute(&header);
                    }
                }
            }
        }
        for (peer, id) in peers.iter().enumerate() {
            world.set_manner(*id, Manner::Honest);
            world.disconnect(*id);
            is_here[peer] = true;
            world.reconnect(*id);
        }
        world.settle(40);
        let heaviest = chains.iter().map(Chain::weight).chain([own.weight()]).max().unwrap();
        let ours = crate::sync::ledger::Ledger::weight(&world.memory, world.best().hash);
        prop_assert_eq!(ours, Some(heaviest));
    }
}
