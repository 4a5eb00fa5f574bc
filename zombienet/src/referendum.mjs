// Holders of a local network govern it: see scripts/referendum --help.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { stringToU8a, u8aToHex } from '@polkadot/util';
import * as governance from './governance.mjs';
import { Network, fail, until } from './network.mjs';
import * as protocol from './protocol.mjs';
import { submit } from './transactions.mjs';

const VALIDATORS = ['alice', 'bob', 'charlie', 'dave'];
const VOTERS = ['//Alice', '//Bob', '//Charlie', '//Dave', '//Eve', '//Ferdie'];
/** What each of them votes with; one of them has staked it. */
const BALANCE = 9_000_000n * protocol.ONE;
/** The new price of the Dedicated lane, in micro-USDC per 10^9 CU. */
const PRICE = 120_000n;
const ROOT = { system: 'Root' };

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: protocol.DEFAULT_MODEL },
    wasm: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const started = Date.now();
const elapsed = () => Math.round((Date.now() - started) / 1000);
// With --json the standard output is one line for machines; what happens is told beside it.
const out = options.json ? process.stderr : process.stdout;
const say = (line) => out.write(`${String(elapsed()).padStart(4)} s  ${line}\n`);

async function main(network) {
  const info = await protocol.importModel(options.model);
  const api = await startNetwork(network);
  const keys = await protocol.keyring();
  const voters = VOTERS.map((uri) => keys.addFromUri(uri));
  const electorate = { proposer: voters.at(-1), voters, balance: BALANCE };
  await submit(api, voters[1], api.tx.access.stake(BALANCE));
  say('six holders can vote; one of them has staked what it votes with');

  const price = await changePrice(api, electorate);
  await activateModel(api, electorate, info);
  const cancelled = await cancel(api, electorate);
  const version = await upgrade(api, electorate);
  return { ...price, model: info.root, ...cancelled, ...version };
}

async function startNetwork(network) {
  const nodes = [];
  for (const name of VALIDATORS) nodes.push(await network.add(name, `--${name}`, '--validator'));
  const [{ api }] = nodes;
  await until('the first finalised block', async () => (await nodes[0].finalized()) > 0, 120);
  if ((await api.query.sudo.key()).isSome) fail('the local network has a sudo key');
  say('four validators run; there is no sudo key');
  return api;
}

const setParameter = (api, parameter) => api.tx.parameters.setParameter(parameter);

async function priceOf(api) {
  const key = { Credits: { PricePerGiga: null } };
  const value = await api.query.parameters.parameters(key);
  return value.isSome ? value.unwrap().asCredits.asPricePerGiga.toBigInt() : null;
}

/** One referendum sets a price, and lets models be activated without a timelock. */
async function changePrice(api, electorate) {
  const before = await priceOf(api);
  const call = api.tx.utility.batchAll([
    setParameter(api, { Credits: { PricePerGiga: [null, PRICE] } }),
    setParameter(api, { Time: { ModelTimelock: [null, 0] } }),
  ]);
  const { index, block } = await governance.pass(api, electorate, { Origins: 'Parameters' }, call);
  const after = await priceOf(api);
  if (after !== PRICE) fail(`the price is ${after}`);
  say(`referendum ${index}, enacted in block ${block}: a price is now ${PRICE} micro-USDC`);
  return { price_before: before?.toString() ?? null, price_after: after.toString() };
}

async function activateModel(api, electorate, info) {
  const steps = protocol.modelSteps(api, info);
  const call = api.tx.utility.batchAll(steps);
  const { index, block } = await governance.pass(api, electorate, { Origins: 'Models' }, call);
  await protocol.requireOpen(api, info.root);
  say(`referendum ${index}, enacted in block ${block}: the model ${info.name} takes jobs`);
}

/** A referendum that would do harm is cancelled by another one. */
async function cancel(api, electorate) {
  const harm = api.tx.system.setHeapPages(1);
  const target = await governance.propose(api, electorate.proposer, ROOT, harm);
  const call = api.tx.referenda.cancel(target);
  const { index, block } = await governance.pass(api, electorate, { Origins: 'Emergency' }, call);
  const status = (await api.query.referenda.referendumInfoFor(target)).unwrap();
  if (!status.isCancelled) fail(`referendum ${target} is ${status.type}`);
  say(`referendum ${index}, enacted in block ${block}: referendum ${target} is cancelled`);
  return { cancelled: target };
}

/**
 * A referendum authorizes a runtime, and anyone brings its code. With --wasm the chain has to take it; without, the
 * code is no runtime, and the chain has to refuse it although it was voted for.
 */
async function upgrade(api, electorate) {
  const code = options.wasm ? readFileSync(options.wasm) : stringToU8a('no runtime');
  const authorize = api.tx.system.authorizeUpgrade(blake2AsHex(code));
  const { index, block } = await governance.pass(api, electorate, ROOT, authorize);
  say(`referendum ${index}, enacted in block ${block}: a runtime of ${code.length} bytes is authorized`);
  const before = await specVersion(api);
  const { events } = await submit(api, electorate.voters[0], api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)));
  const has = (method) => events.some((event) => event.section === 'system' && event.method === method);
  if (!options.wasm) {
    if (!has('RejectedInvalidAuthorizedUpgrade')) fail('the chain took what is no runtime');
    say('it is none: the chain refuses it all the same');
    return { spec_version_before: before, spec_version_after: await specVersion(api), upgrade: 'refused' };
  }
  if (!has('CodeUpdated')) fail('the chain did not take the authorized runtime');
  const after = await until('the new version', async () => {
    const now = await specVersion(api);
    return now > before && now;
  });
  say(`the runtime is upgraded from version ${before} to ${after}`);
  return { spec_version_before: before, spec_version_after: after, upgrade: 'applied' };
}

const specVersion = async (api) => (await api.rpc.state.getRuntimeVersion()).specVersion.toNumber();

const network = new Network('local');
const interrupt = () => network.stop().finally(() => process.exit(130));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
try {
  const summary = await main(network);
  await network.stop();
  say('done; everything is cleaned up');
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, seconds: elapsed() })}\n`);
  process.exit(0);
} catch (error) {
  network.keep('');
  await network.stop();
  process.stderr.write(`referendum failed: ${error.message}\nThe nodes' logs are in ${network.folder}\n`);
  process.exit(1);
}
