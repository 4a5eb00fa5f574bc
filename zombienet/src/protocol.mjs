// What the users of ONE do, in stock @polkadot/api calls.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Keyring } from '@polkadot/api';
import { cryptoWaitReady } from '@polkadot/util-crypto';
import { u8aConcat, stringToU8a } from '@polkadot/util';
import { until, sleep } from './network.mjs';
import { submit, event, nextEvent } from './transactions.mjs';

const run = promisify(execFile);

export const ONE = 10n ** 12n;
export const USDC = 1337;
export const DEFAULT_MODEL = fileURLToPath(new URL('../../offchain-worker/engine/models/one-guide', import.meta.url));

/** Signers from development phrases such as `//Alice`. */
export async function keyring() {
  await cryptoWaitReady();
  return new Keyring({ type: 'sr25519' });
}

/** Runs `one-node model ...` and returns what it prints as JSON. */
export async function model(...args) {
  const { stdout } = await run(process.env.ONE_NODE, ['model', ...args, '--json'], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

export const free = async (api, who) => (await api.query.system.account(who)).data.free.toBigInt();

export async function usdc(api, who) {
  const account = await api.query.assets.account(USDC, who);
  return account.isSome ? account.unwrap().balance.toBigInt() : 0n;
}
