// A worker that is killed, a copy of one, and a holder that floods the pool.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { marketNetwork, openMarket, workerFlags } from '../src/market.mjs';
import { sleep, until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';

const PROMPT = 'Tell me a story about a cat.';

const network = marketNetwork();
let api;
let aliceNode;
let workerNode;
let keys;
let info;
let holder;
let worker;

before(async () => {
  ({ aliceNode, workerNode, keys, info, holder, worker } = await openMarket(network));
  ({ api } = aliceNode);
});
after(() => network.stop());

test('a worker killed in the middle of a job should end in one receipt, paid once', { timeout: 420_000 }, async () => {
  const quote = await protocol.quote(api, holder, info.root, PROMPT);
  const { job } = await protocol.submitJob(api, holder, info.root, PROMPT, quote.output);
  await until('the assignment', async () => {
    const status = await api.call.jobsApi.job(job);
    return status.isSome && !status.unwrap().state.isQueued;
  }, 60, 100);
  await workerNode.stop('SIGKILL');
  await sleep(3_000);
  await workerNode.start();
  const receipt = await protocol.receipt(api, job);
  assert.equal(receipt.data.outcome.toString(), 'Served');
  await until('the job to be final', async () => (await api.call.jobsApi.job(job)).isNone, 120, 1000);
  const names = await protocol.history(api, job, (await api.rpc.chain.getHeader()).number.toNumber());
  for (const once of ['receipts.ReceiptAccepted', 'jobs.JobFinalized']) {
    assert.equal(names.filter((name) => name === once).length, 1, `${once} in ${names}`);
  }
});

test('a twin with the same key but another peer id should refuse to work', { timeout: 420_000 }, async () => {
  await workerNode.stop();
  const twin = await network.add('twin', ...workerFlags());
  await protocol.insertWorkerKey(twin, keys, workerNode.name);
  const height = await aliceNode.height();
  await until('the twin to know the chain', async () => (await twin.height()) >= height, 120);
  const before = (await api.query.workers.workers(worker.address)).unwrap().pulse.toString();
  await sleep(30_000);
  const after = (await api.query.workers.workers(worker.address)).unwrap().pulse.toString();
  assert.equal(after, before, 'the twin reported');
  await twin.stop();
});

test('an account should hold no more entries of the pool than job slots', { timeout: 420_000 }, async () => {
  const { output } = await protocol.quote(api, holder, info.root, 'hi');
  const { slots } = await protocol.credits(api, holder.address);
  const next = (await api.rpc.system.accountNextIndex(holder.address)).toNumber();
  const extrinsics = [];
  for (let index = 0; index < 2 * slots.toNumber(); index += 1) {
    const call = api.tx.jobs.submitJob(index % slots.toNumber(), info.root, 'Included', output, '0x6869');
    // Some ahead of their turn, some in the place of another.
    for (const nonce of [next, next + index, next + 2 * index]) extrinsics.push(await call.signAsync(holder, { nonce }));
  }
  const sent = await Promise.allSettled(extrinsics.map((extrinsic) => api.rpc.author.submitExtrinsic(extrinsic)));
  assert.ok(sent.some(({ status }) => status === 'fulfilled'));
  const pending = (await api.rpc.author.pendingExtrinsics()).filter(({ signer }) => signer.toString() === holder.address);
  assert.ok(pending.length <= slots.toNumber(), `${pending.length} entries for ${slots} slots`);
  await sleep(10_000);
  const open = await api.call.jobsApi.openJobs(holder.address);
  assert.ok(open.length <= slots.toNumber(), `${open.length} jobs in ${slots} slots`);
});
