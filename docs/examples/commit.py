"""One client's part in one round, with nothing but a standard client of Substrate chains:

    pip install substrate-interface
    python commit.py ws://127.0.0.1:9944 FEDERATION //Bob ROWS

The account is a member of the federation. What it "trains" is the server model as it is: put your training
where `train` is. Whoever ends this program between commit and reveal loses the bond, for the salt is in its
memory alone; `fedchain train` keeps it on disk.
"""

import os
import struct
import sys
import time
from hashlib import blake2b

from substrateinterface import Keypair, SubstrateInterface

CHUNK = 16_384


def train(weights):
    return weights


def u32(value):
    return struct.pack("<I", value)


def digest(*parts):
    return blake2b(b"".join(parts), digest_size=32).digest()


def values_root(values):
    """The Merkle root over the chunks of the weights."""
    chunks = [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
    level = [digest(b"fedchain/leaf", u32(place), chunk) for place, chunk in enumerate(chunks)]
    while len(level) > 1:
        pairs = [level[place : place + 2] for place in range(0, len(level), 2)]
        level = [digest(b"fedchain/node", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return digest(b"fedchain/root", u32(len(chunks)), level[0])


def ask(method, *params):
    return chain.rpc_request(f"federation_{method}", list(params))["result"]


def phase(wanted):
    """Waits for a block at which the federation is in a phase."""
    while True:
        view = ask("get", federation)
        name = view["phase"]["name"]
        if name == wanted:
            return view
        if name in ("finished", "cancelled"):
            sys.exit(f"it is {name}")
        time.sleep(0.5)


def send(function, **params):
    """Sends a call and waits for the block that has it."""
    call = chain.compose_call("Federation", function, params)
    signed = chain.create_signed_extrinsic(call, key)
    receipt = chain.submit_extrinsic(signed, wait_for_inclusion=True)
    if not receipt.is_success:
        sys.exit(f"{function}: {receipt.error_message}")
    print(function, "in", receipt.block_hash)


url, number, uri, rows = sys.argv[1:]
federation, sample_count = int(number), int(rows)
chain = SubstrateInterface(url)
key = Keypair.create_from_uri(uri)

view = phase("commit")
if view["param_count"] > 65_536:
    sys.exit("larger models travel in parts: see docs/protocol.md")
model = ask("model", federation, None, 0, view["param_count"])
weights = train(model["values"])
width = "h" if view["spec"]["task"]["format"]["width"] == "i16" else "i"
values = struct.pack(f"<{len(weights)}{width}", *weights)
salt = os.urandom(32)
commitment = digest(
    b"fedchain/commitment",
    b"\x01",
    bytes.fromhex(chain.get_block_hash(0)[2:]),
    u32(federation),
    u32(view["round"]),
    bytes.fromhex(view["spec_hash"][2:]),
    bytes.fromhex(model["root"][2:]),
    key.public_key,
    u32(sample_count),
    b"\x00",
    u32(view["param_count"]),
    values_root(values),
    salt,
)
send(
    "commit",
    federation=federation,
    round=view["round"],
    base_root=model["root"],
    commitment="0x" + commitment.hex(),
)

phase("reveal")
send(
    "reveal",
    federation=federation,
    round=view["round"],
    sample_count=sample_count,
    privacy=None,
    salt="0x" + salt.hex(),
    # The one part there is needs no neighbours.
    part={"first": 0, "values": "0x" + values.hex(), "proof": [[]]},
)
