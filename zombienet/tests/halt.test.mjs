// The whole network stops while a job is under way, and starts again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { marketNetwork, openMarket } from '../src/market.mjs';
import { sleep, until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';
import { eventsIn, nameOf } from '../src/transactions.mjs';

/** How long nothing runs. */
const HALT_MS = 1000 * Number(process.env.ONE_HALT_SECONDS ?? 75);
const PROMPT = 'Tell me a story about a cat.';
/** New tokens; few, so that the deadline is the shortest there is. */
const OUTPUT = 32;
/** Events that say that a validator did wrong. */
const BLAME = ['offences.Offence', 'validators.Convicted', 'validators.Slashed'];

const network = marketNetwork();
let market;

before(async () => {
  market = await openMarket(network);
});
after(() => network.stop());

/** A job that its worker has accepted; one that was served before it was seen so is followed by another. */
async function acceptedJob({ workerNode: { api }, holder, info }) {
  await protocol.quote(api, holder, info.root, PROMPT);
  for (;;) {
    const { job } = await protocol.submitJob(api, holder, info.root, PROMPT, OUTPUT);
    const state = await until('the acceptance', async () => {
      const { state: now } = (await api.call.jobsApi.job(job)).unwrapOr({ state: {} });
      return (now.isAccepted || now.isCompleted) && now;
    }, 120, 50);
    if (state.isAccepted) return job;
  }
}

/** The clocks in block `number`. */
async function clocks(api, number) {
  const { timestamp, clock } = (await api.at(await api.rpc.chain.getBlockHash(number))).query;
  return { utc: (await timestamp.now()).toNumber(), elapsed: (await clock.elapsed()).toNumber() };
}

/** Numbers of the last block before the halt and of the first after it. */
async function aroundHalt(api) {
  let last = await clocks(api, 1);
  for (let number = 2; ; number += 1) {
    const next = await clocks(api, number);
    if (next.utc - last.utc >= HALT_MS) return [number - 1, number];
    last = next;
  }
}

/** What the chain says in block `number` of its clocks, of `job`, and of its worker. */
async function look(api, number, job, worker) {
  const { call } = await api.at(await api.rpc.chain.getBlockHash(number));
  const [status, record] = [await call.jobsApi.job(job), await call.workersApi.worker(worker.address)];
  return { number, ...(await clocks(api, number)), status: status.unwrap(), worker: record.unwrap() };
}

/** What a halt must not cost a worker; it may report in the first block after it. */
const standing = ({ record: { state, bond, late }, alive }) => [state, bond, late, alive].map(String);

test('the halt should be longer than the deadlines of a job', async () => {
  const { api } = market.workerNode;
  for (const name of ['AcceptPeriod', 'CompletionFloor', 'LivenessTimeout']) {
    const period = await protocol.parameter(api, 'Time', name);
    assert.ok(period < HALT_MS, `${name} is ${period} ms`);
  }
});

test('a job should end as if the network had not stopped', { timeout: 600_000 + HALT_MS }, async (context) => {
  const { workerNode, worker } = market;
  const job = await acceptedJob(market);
  await network.kill();
  await sleep(HALT_MS);
  await network.restart();
  const { api } = workerNode;
  const receipt = await protocol.receipt(api, job);

  const numbers = await aroundHalt(api);
  const [stopped, resumed] = await Promise.all(numbers.map((number) => look(api, number, job, worker)));
  const { state } = stopped.status;
  assert.ok(state.isAssigned || state.isAccepted, `the job was ${state.type} at the halt`);
  const left = state.value.due.toNumber() - stopped.elapsed;
  assert.ok(left < HALT_MS, `the deadline was ${left} ms away`);
  assert.deepEqual(standing(resumed.worker), standing(stopped.worker));

  const ended = async () => (await api.call.jobsApi.job(job)).isNone && workerNode.height();
  const last = await until('the job to be final', ended, 120, 1000);
  await until('the chain to finalise that', async () => (await workerNode.finalized()) >= last, 120);
  // The first block of an epoch moves no clock, so protocol time is compared over all blocks since.
  const { utc, elapsed } = await clocks(api, last);
  const lost = elapsed - stopped.elapsed - (utc - resumed.utc);
  context.diagnostic(`${resumed.utc - stopped.utc} ms without a block took ${lost} ms of protocol time`);
  assert.ok(lost <= 2 * api.consts.clock.slotDuration.toNumber());
  const names = await protocol.history(api, job, last);
  assert.deepEqual(protocol.withoutAcceptance(names), protocol.withoutAcceptance(protocol.SERVED));
  assert.equal(resumed.status.attempts.toNumber(), 1);
  assert.equal(receipt.data.outcome.type, 'Served');
  for await (const { event, block: number } of eventsIn(api, stopped.number, last)) {
    assert.ok(!BLAME.includes(nameOf(event)), `${nameOf(event)} in block ${number}`);
  }
});
