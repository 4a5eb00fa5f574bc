// The validators of the preset `local`.

import { until } from './network.mjs';

const NAMES = ['alice', 'bob', 'charlie', 'dave'];

/** Starts them in `network`; resolves with their nodes when they finalise blocks. */
export async function startValidators(network) {
  const nodes = [];
  for (const name of NAMES) nodes.push(await network.add(name, `--${name}`, '--validator'));
  await until('the first finalised block', async () => (await nodes[0].finalized()) > 0, 120);
  return nodes;
}
