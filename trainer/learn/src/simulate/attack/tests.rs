//! Every attack is one that the chain would accept, and the simple ones do what they say.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use fedchain_fl::{Format, Width};

use super::{ALL, Round, by_name};

const NARROW: Format = Format {
    frac_bits: 8,
    width: Width::I16,
};

fn sent(name: &str, format: Format) -> Vec<Vec<i32>> {
    by_name(name).expect(name).updates(&Round {
        base: &[100, -100],
        honest: &[vec![110, -120], vec![130, -120]],
        own: &[vec![105, -90], vec![100, -30_000]],
        format,
        seed: 1,
    })
}

#[test]
fn there_is_a_valid_update_from_each_attacker() {
    for format in [NARROW, Format::default()] {
        for attack in ALL {
            let updates = sent(attack.name(), format);
            assert_eq!(updates.len(), 2, "{}", attack.name());
            for update in updates {
                assert_eq!(update.len(), 2, "{}", attack.name());
                assert!(format.encode(&update).is_ok(), "{}", attack.name());
            }
        }
    }
}

#[test]
fn attacks_send_what_they_say() {
    for (name, expected) in [
        ("copier", [[110, -120], [110, -120]]),
        ("sign_flipper", [[95, -110], [100, 29_800]]),
        ("scaler", [[-400, -1_100], [100, 32_767]]),
        ("label_flipper", [[105, -90], [100, -30_000]]),
        ("overflow", [[32_767, -32_768]; 2]),
        ("minimum_integer", [[-32_768; 2]; 2]),
        ("sample_count_inflator", [[95, -110], [100, 29_800]]),
    ] {
        assert_eq!(sent(name, NARROW), expected, "{name}");
    }
}

#[test]
fn without_honest_clients_attackers_still_send_something_valid() {
    for attack in ALL {
        let updates = attack.updates(&Round {
            base: &[100, -100],
            honest: &[],
            own: &[vec![105, -90]],
            format: NARROW,
            seed: 1,
        });
        assert_eq!(updates.len(), 1, "{}", attack.name());
        assert!(NARROW.encode(&updates[0]).is_ok(), "{}", attack.name());
    }
}

#[test]
fn names_are_found_as_people_type_them() {
    for name in ["sign_flipper", "sign-flipper"] {
        assert_eq!(
            by_name(name).map(|attack| attack.name()),
            Some("sign_flipper")
        );
    }
    assert!(by_name("flipper").is_none());
}
