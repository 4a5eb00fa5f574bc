// A reorganisation that drops the block in which a job was assigned.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isCanonical, lastCommon, outweighs, plusPrimary, weigh } from '../src/forks.mjs';
import { marketNetwork, openMarket } from '../src/market.mjs';
import { until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';
import { eventsIn, nameOf, nextEvent } from '../src/transactions.mjs';

const PROMPT = 'Tell me a story about a cat.';

const network = marketNetwork();
let market;

before(async () => {
  market = await openMarket(network);
});
after(() => network.stop());

/** Ends Alice's chain behind the assignment of a job that Bob has not heard of; tells where that is. */
async function assignWithoutBob({ aliceNode, bobNode, workerNode, holder, info }) {
  const { api } = workerNode;
  const quote = await protocol.quote(api, holder, info.root, PROMPT);
  await bobNode.stop();
  // A mortal transaction could name a block that is dropped, and would be with it.
  const { job, block } = await protocol.submitJob(api, holder, info.root, PROMPT, quote.output, { era: 0 });
  const assigned = await nextEvent(api, block, assignmentOf(job));
  await aliceNode.stop('SIGKILL');
  return { job, ...assigned };
}

/** Waits until the best chain of `node` above `fork` outweighs the weight `other`; resolves with its own. */
function outgrow(node, fork, other) {
  const isHeavier = async () => {
    const weight = await weigh(node, fork);
    return outweighs(weight, other) && weight;
  };
  return until('a heavier chain', isHeavier, 600, 1000);
}

const assignmentOf = (job) => (event) => nameOf(event) === 'jobs.JobAssigned' && event.data.job.eq(job);
const submittedBy = ({ address }) => (event) => nameOf(event) === 'jobs.JobSubmitted' && event.data.who.eq(address);

/** All that was paid to `worker` up to block `last`. */
async function payments(api, worker, last) {
  const paid = [];
  for await (const { event } of eventsIn(api, 1, last)) {
    if (nameOf(event) === 'settlement.Paid' && event.data.who.eq(worker.address)) paid.push(event.data.amount.toBigInt());
  }
  return paid;
}

test('a job whose assignment is dropped should end in one receipt, paid once', { timeout: 900_000 }, async (context) => {
  const { aliceNode, bobNode, workerNode, holder, worker } = market;
  const { api } = workerNode;
  const dropped = await assignWithoutBob(market);
  await bobNode.startAlone();
  const fork = await lastCommon(bobNode, workerNode);
  assert.ok(fork < dropped.block, `the chains part at ${fork}, before the assignment in ${dropped.block}`);
  assert.ok(await isCanonical(workerNode, dropped));
  const abandoned = await weigh(workerNode, fork);
  const heavier = await outgrow(bobNode, fork, abandoned);
  context.diagnostic(`above block ${fork}: ${JSON.stringify(abandoned)} is dropped for ${JSON.stringify(heavier)}`);

  await workerNode.link(bobNode);
  await until('the worker to reorganise', async () => !(await isCanonical(workerNode, dropped)), 120);
  const again = await nextEvent(api, fork + 1, submittedBy(holder));
  context.diagnostic(`the pool brought the submission back in block ${again.block}`);
  const job = again.event.data.job.toNumber();
  const receipt = await protocol.receipt(api, job);
  // Alice may make one more block on the chain that she knows before she hears of the other.
  await outgrow(bobNode, fork, plusPrimary(abandoned));
  await aliceNode.start();
  const paid = await protocol.payout(api, worker, receipt.block);
  await until('the payout to be final', async () => (await workerNode.finalized()) >= paid.block, 120);
  assert.ok(!(await isCanonical(aliceNode, dropped)));
  const names = await protocol.history(api, job, paid.block);
  assert.deepEqual(protocol.withoutAcceptance(names), protocol.withoutAcceptance(protocol.SERVED));
  assert.deepEqual(await payments(api, worker, paid.block), [receipt.data.price.toBigInt()]);
});
