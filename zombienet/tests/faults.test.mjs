// A worker that is killed, a copy of one, and a holder that floods the pool.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Network, sleep, until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';

const PROMPT = 'Tell me a story about a cat.';
const FLAGS = ['--offchain-worker', 'always', '--inference-models', protocol.DEFAULT_MODEL, '--inference-device', 'cpu'];

let network;
let api;
let workerNode;
let keys;
let info;
let holder;
let worker;

before(async () => {
  info = await protocol.importModel(protocol.DEFAULT_MODEL);
  network = new Network('demo');
  ({ api } = await network.add('alice', '--alice', '--validator'));
  await network.add('bob', '--bob', '--validator');
  workerNode = await network.add('worker', ...FLAGS);
  keys = await protocol.keyring();
  const alice = keys.addFromUri('//Alice');
  [holder, worker] = ['//Holder', '//Worker'].map((uri) => keys.addFromUri(uri));
  await protocol.fund(api, alice, [holder, worker]);
  await protocol.stakeAllBut(api, holder, protocol.ONE);
  await protocol.activateModel(api, alice, info);
  await protocol.buyUsdc(api, worker);
  await protocol.registerWorker(api, workerNode, keys, worker, [info.root]);
  await protocol.ordinaryTransfers(api, alice, keys.addFromUri('//Bob'), 30);
});
after(() => network.stop());

/** Receipts and payouts of `job` in all blocks so far. */
async function outcomes(job) {
  const best = (await api.rpc.chain.getHeader()).number.toNumber();
  const found = { receipts: 0, matured: 0 };
  for (let number = 1; number <= best; number += 1) {
    const at = await api.at(await api.rpc.chain.getBlockHash(number));
    for (const { event: { section, method, data } } of await at.query.system.events()) {
      if (section === 'receipts' && method === 'ReceiptAccepted' && data.job.toNumber() === job) found.receipts += 1;
      if (section === 'jobs' && method === 'JobFinalized' && data.job.toNumber() === job) found.matured += 1;
    }
  }
  return found;
}

test('a worker killed in the middle of a job should end in one receipt, paid once', { timeout: 420_000 }, async () => {
  const quote = await protocol.quote(api, holder, info.root, PROMPT);
  const { job, block } = await protocol.submitJob(api, holder, info.root, PROMPT, quote.output);
  await until('the assignment', async () => {
    const status = await api.call.jobsApi.job(job);
    return status.isSome && !status.unwrap().state.isQueued;
  }, 60, 100);
  await workerNode.stop('SIGKILL');
  await sleep(3_000);
  await workerNode.start();
  const receipt = await protocol.receipt(api, job, block);
  assert.equal(receipt.data.outcome.toString(), 'Served');
  await until('the job to be final', async () => (await api.call.jobsApi.job(job)).isNone, 120, 1000);
  assert.deepEqual(await outcomes(job), { receipts: 1, matured: 1 });
});

test('a twin with the same key but another peer id should refuse to work', { timeout: 420_000 }, async () => {
  await workerNode.stop();
  const twin = await network.add('twin', ...FLAGS);
  const uri = `//${workerNode.name}//onew`;
  await twin.send('author_insertKey', 'onew', uri, `0x${Buffer.from(keys.addFromUri(uri).publicKey).toString('hex')}`);
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
