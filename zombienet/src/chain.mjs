// Chain specifications, and what is written into the first state of a chain.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bnToU8a, stringToHex, u8aToHex } from '@polkadot/util';

const run = promisify(execFile);

/** Builds the runtime with one more feature. */
const WASM = fileURLToPath(new URL('../../scripts/wasm', import.meta.url));
/** Where the code of the runtime is in the state. */
const CODE = stringToHex(':code');

/** Index of the group `Time` among the governed parameters, and its first members in their order. */
const TIME = 1;
const PERIODS = ['DayLength', 'WindowLength'];

async function edit(path, change) {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** `specification` with the period `name` of so many milliseconds; as text, since JavaScript rounds balances. */
function setPeriod(specification, [name, milliseconds]) {
  const value = u8aToHex(bnToU8a(milliseconds, { bitLength: 64 }), -1, false);
  const parameter = u8aToHex(Uint8Array.of(TIME, PERIODS.indexOf(name), 1)) + value;
  // Of several values of a parameter the last one counts.
  const set = specification.replace(/("genesisParameters": {\s*"values": \[[^\]]*")/, `$1, "${parameter}"`);
  if (set === specification) throw new Error('the preset sets no parameters');
  return set;
}

const exportSpecification = (chain, path, ...flags) =>
  run(process.env.ONE_NODE, ['export-chain-spec', '--chain', chain, '--output', path, ...flags]);

/** Where the code of the runtime with `feature` is, which is built unless it has been. */
export async function pathOfRuntimeWith(feature) {
  const { stdout } = await run(WASM, [feature], { maxBuffer: 1 << 26 });
  return stdout.trim();
}

/** The code of the runtime with `feature`. */
export const runtimeWith = async (feature) => readFile(await pathOfRuntimeWith(feature));

/** Writes the raw specification of the preset `chain` with these `periods` into `folder`; returns its path. */
export async function exportChain(chain, periods, folder) {
  const [plain, raw] = ['plain.json', 'chain.json'].map((name) => join(folder, name));
  await exportSpecification(chain, plain);
  await edit(plain, (specification) => Object.entries(periods).reduce(setPeriod, specification));
  await exportSpecification(plain, raw, '--raw');
  return raw;
}

/** The type of what a storage entry holds. */
function typeOf(api, { creator: { meta } }) {
  return api.registry.createLookupType(meta.type.isMap ? meta.type.asMap.value : meta.type.asPlain);
}

/** The first state in a raw specification, read and written by the entries of `api.query`. */
class FirstState {
  constructor(api, top) {
    Object.assign(this, { api, top });
  }

  get(entry, ...keys) {
    return this.api.createType(typeOf(this.api, entry), this.top[entry.key(...keys)]);
  }

  putCode(code) {
    this.top[CODE] = u8aToHex(code);
  }

  put(value, entry, ...keys) {
    this.top[entry.key(...keys)] = u8aToHex(this.api.createType(typeOf(this.api, entry), value).toU8a());
  }
}

/** Lets `change` write into the first state of `network`, whose nodes have not started; `api` knows its entries. */
export async function changeFirstState(network, api, change) {
  await edit(await network.specification(), (text) => {
    const specification = JSON.parse(text);
    change(new FirstState(api, specification.genesis.raw.top));
    return JSON.stringify(specification);
  });
}
