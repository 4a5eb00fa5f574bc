// A runtime upgrade while jobs are under way.

import { stringToHex, u8aToBn } from '@polkadot/util';
import { xxhashAsHex } from '@polkadot/util-crypto';
import { fail, until } from './network.mjs';
import { SERVED, historiesOf, withoutAcceptance } from './protocol.mjs';
import { allEvents, nameOf, submit } from './transactions.mjs';

const PROMPT = 'What is ONE?';
/** New tokens that each job asks for. */
const OUTPUT = 32;
/** Job slots that jobs take before the upgrade, in its migration, and after it. */
const BEFORE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const DURING = [12, 13, 14, 15];
const AFTER = [0, 1, 2, 3];
/** Jobs that are served before the upgrade. */
const SERVED_BEFORE = 2;
/** Where the migration of the next version counts the jobs that it has written. */
const REWRITTEN = xxhashAsHex('NextVersion', 128) + xxhashAsHex('RewrittenJobs', 128).slice(2);

const sum = (amounts) => amounts.reduce((total, amount) => total + amount.toBigInt(), 0n);

/** Submits a job in each of `slots` by one transaction; resolves with their numbers. */
async function submitJobs(api, { holder, root }, slots) {
  const calls = slots.map((slot) => api.tx.jobs.submitJob(slot, root, 'Included', OUTPUT, stringToHex(PROMPT)));
  const { events } = await submit(api, holder, api.tx.utility.batchAll(calls));
  return events.filter((candidate) => nameOf(candidate) === 'jobs.JobSubmitted').map(({ data }) => data.job.toNumber());
}

/** Waits until a day's credits pay for `count` jobs. */
function enoughCredits(api, { holder, root }, count) {
  return until('credits for all jobs', async () => {
    const asked = await api.call.jobsApi.quote(holder.address, root, 'Included', PROMPT.length, OUTPUT);
    return asked.isOk && asked.asOk.available.toBigInt() >= asked.asOk.cu.toBigInt() * BigInt(count);
  }, 180, 1000);
}

/** How many of `jobs` no worker has served. */
async function unserved(api, jobs) {
  const states = await api.query.jobs.jobs.multi(jobs);
  return states.filter((job) => job.isSome && !job.unwrap().state.isCompleted).length;
}

const isMigrating = async (api) => (await api.query.multiBlockMigrations.cursor()).isSome;

const specVersion = async ({ api }) => (await api.rpc.state.getRuntimeVersion()).specVersion.toNumber();

/** Waits for a block of a version above `before`; resolves with that. */
async function upgraded(node, before) {
  const isTaken = async () => (await specVersion(node)) > before;
  await until('the chain to take the code', isTaken, 180);
  const taken = await node.height();
  // Not if another fork wins, which has not taken it yet.
  await until('a block of the new version', async () => (await node.height()) > taken && isTaken(), 180);
  // An API that lives on mixes the types of both versions.
  await node.reconnect();
  return specVersion(node);
}

/** Waits until `jobs` are final and `worker` is paid all that it earned; resolves with the last block. */
async function settled(api, { worker }, jobs) {
  const areFinal = async () => (await api.query.jobs.jobs.multi(jobs)).every((job) => job.isNone);
  await until('all jobs to be final', areFinal, 180, 1000);
  await until('the worker to be paid', async () => {
    const { accrued, payable } = await api.call.settlementApi.statement(worker.address);
    return accrued.isZero() && payable.isZero();
  }, 120, 1000);
  return (await api.rpc.chain.getHeader()).number.toNumber();
}

/** Fails unless the market served each of `jobs` once, and did nothing while the runtime migrated; tells what was paid. */
async function account(api, { worker }, jobs, last) {
  const found = await allEvents(api, last);
  const histories = historiesOf(found);
  const served = String(withoutAcceptance(SERVED));
  for (const job of jobs) {
    const names = histories.get(job) ?? [];
    if (String(withoutAcceptance(names)) !== served) fail(`job ${job} went through ${names}`);
  }
  const dataOf = (name) => found.filter(({ event }) => nameOf(event) === name).map(({ event: { data } }) => data);
  const payments = dataOf('settlement.Paid').filter(({ who }) => who.eq(worker.address));
  const steps = found.filter(({ event }) => /^Migration(Advanced|Completed)$/.test(event.method));
  const migrating = new Set(steps.map(({ block }) => block));
  const busy = found.find(({ event, block }) => migrating.has(block) && event.section === 'jobs');
  if (busy) fail(`${nameOf(busy.event)} while the runtime migrated, in block ${busy.block}`);
  const { hash: taken } = found.find(({ event }) => nameOf(event) === 'system.CodeUpdated');
  return {
    jobs_stored: (await (await api.at(taken)).query.jobs.jobs.keys()).length,
    migration_blocks: migrating.size,
    earned: sum(dataOf('receipts.ReceiptAccepted').map(({ price }) => price)).toString(),
    paid: sum(payments.map(({ amount }) => amount)).toString(),
    receipts_paid: Number(sum(payments.map(({ receipts }) => receipts))),
  };
}

/** How many jobs the migration has written; none if the runtime counts none. */
async function rewritten(api) {
  const count = await api.rpc.state.getStorage(REWRITTEN);
  return u8aToBn(count.toU8a(true)).toNumber();
}

/** Has `apply` upgrade the chain of `node` while jobs of the holder are under way; resolves with what became of them. */
export async function upgradeUnderLoad(node, market, apply) {
  await enoughCredits(node.api, market, BEFORE.length + DURING.length);
  const before = await submitJobs(node.api, market, BEFORE);
  const someServed = async () => (await unserved(node.api, before)) <= BEFORE.length - SERVED_BEFORE;
  await until('the first jobs to be served', someServed, 120);
  const version = await specVersion(node);
  await apply();
  const next = await upgraded(node, version);

  const { api } = node;
  const migrating = await isMigrating(api);
  const during = await submitJobs(api, market, DURING);
  await until('all jobs to be served', async () => (await unserved(api, [...before, ...during])) === 0, 180);
  await enoughCredits(api, market, AFTER.length);
  const jobs = [...before, ...during, ...(await submitJobs(api, market, AFTER))];
  const last = await settled(api, market, jobs);
  return {
    spec_version_before: version,
    spec_version_after: next,
    jobs: jobs.length,
    jobs_rewritten: await rewritten(api),
    submitted_in_migration: migrating,
    ...(await account(api, market, jobs, last)),
    offences: (await api.query.workers.ladders(market.worker.address)).length,
  };
}
