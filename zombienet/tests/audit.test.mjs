// The state of a running market, read by the native runtime and by its Wasm with try-runtime: every invariant holds, those of
// the SDK's pallets too.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { pathOfRuntimeWith } from '../src/chain.mjs';
import { marketNetwork, openMarket } from '../src/market.mjs';
import * as protocol from '../src/protocol.mjs';

const AUDIT = join(dirname(process.env.ONE_NODE), 'examples', 'audit');

const run = promisify(execFile);
const network = marketNetwork();
let market;
let wasm;

before(async () => {
  wasm = await pathOfRuntimeWith('try-runtime');
  market = await openMarket(network);
});
after(() => network.stop());

/** Runs the audit on the state after block `hash`. */
const audit = ({ rpc }, hash) => run(AUDIT, [`ws://127.0.0.1:${rpc}`, hash, '--try-runtime', wasm]);

test('invariants should hold in the states of a running market', { timeout: 300_000 }, async () => {
  const { workerNode, holder, info } = market;
  const { api } = workerNode;
  const { output } = await protocol.quote(api, holder, info.root, 'Hello');
  const { job } = await protocol.submitJob(api, holder, info.root, 'Hello', output);
  const receipt = await protocol.receipt(api, job);
  // With a job that waits, with one that was served, and with what has become of it.
  for (const block of [receipt.block - 2, receipt.block, await workerNode.height()]) {
    const hash = (await api.rpc.chain.getBlockHash(block)).toHex();
    const { stdout } = await audit(workerNode, hash);
    assert.match(stdout, new RegExp(`all invariants hold after block ${hash}`));
    assert.match(stdout, new RegExp(`try_state of all pallets holds after block ${hash}`));
  }
});
