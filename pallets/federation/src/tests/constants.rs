//! What the metadata tells clients.

use codec::Encode;

use crate::{mock::*, pallet::Config};

#[test]
fn the_metadata_has_prices_and_bounds() {
    let constants = Federation::pallet_constants_metadata();
    let told: Vec<_> = constants
        .into_iter()
        .map(|constant| (constant.name, constant.value))
        .collect();
    let expected = [
        ("ByteDeposit", 1u128.encode()),
        ("UploadBytesPerBlock", 1_000_000u32.encode()),
        ("StagingBytesMax", 8_000_000u32.encode()),
        (
            "AggregationWeight",
            <Test as Config>::AggregationWeight::get().encode(),
        ),
        ("FeaturesMax", 1_024u32.encode()),
        ("ClientsMax", 1_024u32.encode()),
        ("RoundsMax", 1_000u32.encode()),
        ("WindowBlocksMax", 1_000_000u32.encode()),
        ("SampleCountMax", (1u32 << 20).encode()),
        ("UpdateBytesMax", (8u32 << 20).encode()),
        ("ChunkBytes", 16_384u32.encode()),
        ("PartBytesMax", (256u32 << 10).encode()),
        ("EvaluatorsMax", 16u32.encode()),
        ("LeftOutMax", 16u32.encode()),
    ];
    assert_eq!(told, expected);
}
