// One client's part in one round, with nothing but a standard client of Substrate chains:
//
//     npm install @polkadot/api@16
//     node commit.mjs ws://127.0.0.1:9944 FEDERATION //Bob ROWS
//
// The account is a member of the federation. What it "trains" is the server model as it is: put your training
// where `train` is. Whoever ends this program between commit and reveal loses the bond, for the salt is in its
// memory alone; `fedchain train` keeps it on disk.

import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';

const CHUNK = 16_384;
const [url, number, uri, rows] = process.argv.slice(2);
const federation = Number(number);
const sampleCount = Number(rows);

const train = (weights) => weights;

const tag = (text) => stringToU8a(text);
const u32 = (value) => new Uint8Array(new Uint32Array([value]).buffer);
const hash = (...parts) => blake2AsU8a(u8aConcat(...parts));

/** Weights in the federation's width, little-endian. */
function encode(weights, width) {
    const values = width === 'i16' ? new Int16Array(weights) : new Int32Array(weights);
    return new Uint8Array(values.buffer);
}

/** The Merkle root over the chunks of the weights. */
function valuesRoot(bytes) {
    let level = [];
    for (let start = 0; start < bytes.length; start += CHUNK) {
        level.push(hash(tag('fedchain/leaf'), u32(level.length), bytes.subarray(start, start + CHUNK)));
    }
    const leaves = level.length;
    while (level.length > 1) {
        const pairs = level.filter((_, place) => place % 2 === 0);
        level = pairs.map((left, pair) => {
            const right = level[2 * pair + 1];
            return right ? hash(tag('fedchain/node'), left, right) : left;
        });
    }
    return hash(tag('fedchain/root'), u32(leaves), level[0]);
}

/** Sends a call and waits for the block that has it. */
function send(call, key) {
    return new Promise((resolve, reject) => {
        call.signAndSend(key, ({ status, dispatchError }) => {
            if (dispatchError?.isModule) {
                const { name, docs } = api.registry.findMetaError(dispatchError.asModule);
                reject(new Error(`${name}: ${docs.join(' ')}`));
            } else if (dispatchError) {
                reject(new Error(dispatchError.toString()));
            } else if (status.isInBlock) {
                resolve(status.asInBlock.toHex());
            }
        }).catch(reject);
    });
}

/** Waits for a block at which the federation is in a phase. */
async function phase(wanted) {
    for (;;) {
        const view = (await api.rpc.federation.get(federation)).toJSON();
        if (view.phase.name === wanted) return view;
        if (['finished', 'cancelled'].includes(view.phase.name)) throw new Error(`it is ${view.phase.name}`);
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
}

const definitions = JSON.parse(readFileSync(new URL('../polkadot-js.json', import.meta.url), 'utf8'));
const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true, ...definitions });
const key = new Keyring({ type: 'sr25519' }).addFromUri(uri);

const view = await phase('commit');
if (view.param_count > 65_536) throw new Error('larger models travel in parts: see docs/protocol.md');
const model = (await api.rpc.federation.model(federation, null, 0, view.param_count)).toJSON();
const bytes = encode(train(model.values), view.spec.task.format.width);
const salt = new Uint8Array(randomBytes(32));
const commitment = hash(
    tag('fedchain/commitment'), u32(1).subarray(0, 1), api.genesisHash, u32(federation), u32(view.round),
    hexToU8a(view.spec_hash), hexToU8a(model.root), key.publicKey, u32(sampleCount), new Uint8Array([0]),
    u32(view.param_count), valuesRoot(bytes), salt,
);
const { commit, reveal } = api.tx.federation;
console.log('committed in', await send(commit(federation, view.round, model.root, commitment), key));

await phase('reveal');
// The one part there is needs no neighbours.
const part = { first: 0, values: u8aToHex(bytes), proof: [] };
const opening = reveal(federation, view.round, sampleCount, null, salt, part);
console.log('revealed in', await send(opening, key));
await api.disconnect();
