// The local network of four: it lives without one validator, and takes it back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Network, until } from '../src/network.mjs';
import { startValidators } from '../src/validators.mjs';

const network = new Network('local');
let nodes;

before(async () => {
  nodes = await startValidators(network);
});
after(() => network.stop());

test('three of four should finalise on, and the fourth should catch up', { timeout: 300_000 }, async () => {
  const [alice, , , dave] = nodes;
  await dave.stop();
  const stopped = await alice.finalized();
  await until('five more finalised blocks', async () => (await alice.finalized()) >= stopped + 5, 120);
  await dave.start();
  const target = await alice.finalized();
  await until('the fourth to catch up', async () => (await dave.finalized()) >= target, 120);
  const hash = async (node) => (await node.api.rpc.chain.getBlockHash(target)).toHex();
  assert.equal(await hash(dave), await hash(alice));
});
