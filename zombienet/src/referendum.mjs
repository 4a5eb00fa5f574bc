// Holders of a local network govern it: see scripts/referendum --help.

import { readFile } from 'node:fs/promises';
import { blake2AsHex } from '@polkadot/util-crypto';
import { u8aToHex } from '@polkadot/util';
import { runtimeWith } from './chain.mjs';
import { command } from './command.mjs';
import * as governance from './governance.mjs';
import { workerFlags } from './market.mjs';
import { Network, fail } from './network.mjs';
import * as protocol from './protocol.mjs';
import { eventsIn, nameOf } from './transactions.mjs';
import { upgradeUnderLoad } from './upgrade.mjs';
import { startValidators } from './validators.mjs';

const VOTERS = ['//Alice', '//Bob', '//Charlie', '//Dave', '//Eve', '//Ferdie'];
/** What each of them votes with; one of them has staked it. */
const BALANCE = 9_000_000n * protocol.ONE;
/** The new price of the Dedicated lane, in micro-USDC per 10^9 CU. */
const PRICE = 120_000n;
const ROOT = { system: 'Root' };

/** Share of the credit pot that a day gets, in millionths: the most there is. */
const BUDGET_SHARE = 500_000;
/** Milliseconds for which a receipt can be challenged. */
const CHALLENGE = 30_000;
/** Jobs that the worker computes at once. */
const SLOTS = 4;

const { options, say, run } = command('referendum', { wasm: { type: 'string' } });

const one = (amount) => `${amount / protocol.ONE} ONE`;

async function main(network) {
  const code = await (options.wasm ? readFile(options.wasm) : runtimeWith('next-version'));
  const info = await protocol.importModel(protocol.DEFAULT_MODEL);
  const { api, nodes, workerNode } = await startNetwork(network);
  const keys = await protocol.keyring();
  const voters = VOTERS.map((uri) => keys.addFromUri(uri));
  const [, holder, offender, , worker, proposer] = voters;
  const electorate = { proposer, voters, balance: BALANCE };
  await protocol.stake(api, holder, BALANCE);
  say('six holders can vote; one of them has staked what it votes with');

  const price = await changePrice(api, electorate);
  // Tracks do not wait for each other.
  const model = await governance.vote(api, electorate, { Origins: 'Models' }, activation(api, info));
  const cancelled = await cancel(api, electorate);
  await activated(api, model, info);
  await protocol.registerWorker(api, nodes[2], keys, offender, [info.root]);
  await protocol.registerWorker(api, workerNode, keys, worker, [info.root], SLOTS);
  const slash = await convict(api, electorate, offender);
  const authorize = api.tx.system.authorizeUpgrade(blake2AsHex(code));
  const authorization = await governance.vote(api, electorate, ROOT, authorize);
  await pardon(api, electorate, offender, slash);
  await authorized(api, authorization, code);
  const market = { holder, worker, root: info.root };
  const upgrade = await upgradeUnderLoad(nodes[0], market, () => apply(api, proposer, code));
  tell(upgrade);
  return { ...price, model: info.root, ...cancelled, slashed: slash.amount.toString(), ...upgrade };
}

async function startNetwork(network) {
  const nodes = await startValidators(network);
  const workerNode = await network.add('worker', ...workerFlags());
  const [{ api }] = nodes;
  if ((await api.query.sudo.key()).isSome) fail('the local network has a sudo key');
  say('four validators and a worker run; there is no sudo key');
  return { api, nodes, workerNode };
}

const setParameter = (api, parameter) => api.tx.parameters.setParameter(parameter);

async function priceOf(api) {
  const key = { Credits: { PricePerGiga: null } };
  const value = await api.query.parameters.parameters(key);
  return value.isSome ? value.unwrap().asCredits.asPricePerGiga.toBigInt() : null;
}

/** One referendum sets a price, and terms with which a network of minutes has models, jobs and payouts. */
async function changePrice(api, electorate) {
  const before = await priceOf(api);
  const call = api.tx.utility.batchAll([
    setParameter(api, { Credits: { PricePerGiga: [null, PRICE] } }),
    setParameter(api, { Credits: { BudgetShare: [null, BUDGET_SHARE] } }),
    setParameter(api, { Time: { ModelTimelock: [null, 0] } }),
    setParameter(api, { Time: { ChallengeWindow: [null, CHALLENGE] } }),
    setParameter(api, { Workers: { ProbationJobs: [null, 0] } }),
  ]);
  const { index, block } = await governance.pass(api, electorate, { Origins: 'Parameters' }, call);
  const after = await priceOf(api);
  if (after !== PRICE) fail(`the price is ${after}`);
  say(`referendum ${index}, enacted in block ${block}: a price is now ${PRICE} micro-USDC`);
  return { price_before: before?.toString() ?? null, price_after: after.toString() };
}

const activation = (api, info) => api.tx.utility.batchAll(protocol.modelSteps(api, info));

async function activated(api, referendum, info) {
  const { index, block } = await governance.enacted(api, referendum);
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

/** A referendum convicts a worker of malice: all of its bond is set aside. Resolves with the slash that is pending. */
async function convict(api, electorate, offender) {
  const before = await protocol.held(api, offender);
  const call = api.tx.workers.convict(offender.address, 'Malicious', blake2AsHex('evidence'));
  const { index, block } = await governance.pass(api, electorate, ROOT, call);
  const { id, amount } = await convictionIn(api, block);
  const after = await protocol.held(api, offender);
  if (before.bond === 0n || after.bond !== 0n || after.slashed !== before.bond) fail('the bond is not set aside');
  say(`referendum ${index}, enacted in block ${block}: a worker is convicted, ${one(after.slashed)} are set aside`);
  return { id, amount: amount.toBigInt() };
}

async function convictionIn(api, block) {
  for await (const { event } of eventsIn(api, block, block)) {
    if (nameOf(event) === 'workers.WorkerConvicted') return event.data;
  }
  return fail(`nobody is convicted in block ${block}`);
}

/** Another referendum cancels the pending slash: the bond is whole again. */
async function pardon(api, electorate, offender, { id, amount }) {
  const call = api.tx.workers.cancelSlash(offender.address, id);
  const { index, block } = await governance.pass(api, electorate, ROOT, call);
  const { bond, slashed } = await protocol.held(api, offender);
  if (bond !== amount || slashed !== 0n) fail(`${one(bond)} are bonded, ${one(slashed)} are set aside`);
  if ((await api.query.workers.slashes(id)).isSome) fail('the slash is still pending');
  say(`referendum ${index}, enacted in block ${block}: the slash is cancelled, ${one(bond)} are bonded again`);
}

async function authorized(api, referendum, code) {
  const { index, block } = await governance.enacted(api, referendum);
  say(`referendum ${index}, enacted in block ${block}: a runtime of ${code.length} bytes is authorized`);
}

/** Anyone brings the code that was authorized. Its events are not waited for: the API could not tell the types of which version. */
async function apply(api, anyone, code) {
  await api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)).signAndSend(anyone);
  say('jobs are under way; the code is sent');
}

function tell(upgrade) {
  const { spec_version_before: before, spec_version_after: after, migration_blocks: blocks } = upgrade;
  say(`the runtime went from version ${before} to ${after}; its migration took ${blocks} blocks`);
  say(`it wrote ${upgrade.jobs_rewritten} of ${upgrade.jobs_stored} stored jobs; all ${upgrade.jobs} were served once`);
  say(`the worker earned ${upgrade.earned} micro-USDC and was paid ${upgrade.paid} for ${upgrade.receipts_paid} receipts`);
}

await run(new Network('local', { DayLength: 30_000, WindowLength: 30_000 }), main);
