// What the users of ONE do, in stock @polkadot/api calls.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Keyring } from '@polkadot/api';
import { base58Decode, cryptoWaitReady } from '@polkadot/util-crypto';
import { stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { fail, until } from './network.mjs';
import { allEvents, eventOf, eventsIn, nameOf, nextEvent, nextNonce, submit } from './transactions.mjs';

const run = promisify(execFile);

export const ONE = 10n ** 12n;
export const USDC = 1337;
export const DEFAULT_MODEL = fileURLToPath(
  new URL('../../offchain-worker/engine/models/one-guide', import.meta.url),
);
/** New tokens that a prompt asks for, as `one-node model run` does. */
export const MAX_OUTPUT = 256;
/** MiB of device memory that a demonstration worker declares. */
const VRAM = 1024;

/** Signers from development phrases such as `//Alice`. */
export async function keyring() {
  await cryptoWaitReady();
  return new Keyring({ type: 'sr25519' });
}

/** Runs `one-node model ... --json` and returns what it prints. */
export async function model(...args) {
  const { stdout } = await run(process.env.ONE_NODE, ['model', ...args, '--json'], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

/** Imports the published folder or container at `path` and tells what it is. */
export async function importModel(path) {
  const [info] = await model('list', '--models', path);
  return info ?? fail(`no model in ${path}`);
}

/** What the CPU path answers to `prompt`. */
export const recompute = (path, prompt, maxTokens) =>
  model('run', '--model', path, '--prompt', prompt, '--max-tokens', String(maxTokens), '--device', 'cpu');

// Balances and pots.

export const free = async (api, who) => (await api.query.system.account(who)).data.free.toBigInt();

export async function usdc(api, who) {
  const account = await api.query.assets.account(USDC, who);
  return account.isSome ? account.unwrap().balance.toBigInt() : 0n;
}

/** The pots, as bigints by name. */
export async function pots(api) {
  const status = await api.call.settlementApi.pots();
  return Object.fromEntries([...status.entries()].map(([name, value]) => [name, value.toBigInt()]));
}

export const credits = (api, who) => api.call.creditsApi.credits(who);

// Holders.

/** Transfers `amount` of ONE from `from` to each of `accounts`; resolves when all are in blocks. */
export async function fund(api, from, accounts, amount = 2_000n * ONE) {
  const first = await nextNonce(api, from);
  const transfer = ({ address }, index) =>
    submit(api, from, api.tx.balances.transferKeepAlive(address, amount), { nonce: first + index });
  await Promise.all(accounts.map(transfer));
}

/** Stakes `amount`. */
export const stake = (api, holder, amount) => submit(api, holder, api.tx.access.stake(amount));

/** Stakes all that `holder` has but `rest`. */
export async function stakeAllBut(api, holder, rest) {
  const amount = await free(api, holder.address);
  const { partialFee } = await api.tx.access.stake(amount).paymentInfo(holder);
  await stake(api, holder, amount - partialFee.toBigInt() * 2n - rest);
}

/** Waits until `holder` can pay for `prompt` from its credits, with `room` milliseconds of the credit day left. */
export async function quote(api, holder, root, prompt, room = 0) {
  const bytes = Buffer.byteLength(prompt);
  const output = await outputFor(api, root, bytes);
  const affordable = async () => {
    const status = await credits(api, holder.address);
    const left = status.resetsAt.toNumber() - (await api.query.timestamp.now()).toNumber();
    const asked = await api.call.jobsApi.quote(holder.address, root, 'Included', bytes, output);
    if (!asked.isOk || left <= room) return null;
    const { cu, available } = asked.asOk;
    return { cu: cu.toBigInt(), available: available.toBigInt(), day: status.day.toNumber(), output };
  };
  return until('enough credits for the prompt', affordable, 300, 1000);
}

/** New tokens that fit the context behind a prompt of `bytes`. */
async function outputFor(api, root, bytes) {
  const { record } = (await api.call.modelsApi.model(root)).unwrap();
  const room = record.shape.context.toNumber() - record.templateTokens.toNumber() - bytes;
  if (room < 1) fail('the prompt fills the context of the model');
  return Math.min(MAX_OUTPUT, room);
}

/** Sends the prompt; resolves with the job and the block that it is in. */
export async function submitJob(api, holder, root, prompt, output, options) {
  const call = api.tx.jobs.submitJob(0, root, 'Included', output, u8aToHex(stringToU8a(prompt)));
  const { block, events } = await submit(api, holder, call, options);
  const { job, reserved } = eventOf(events, 'jobs.JobSubmitted').data;
  const number = (await api.rpc.chain.getHeader(block)).number.toNumber();
  return { job: job.toNumber(), reserved: reserved.toBigInt(), block: number, hash: block };
}

/** Follows the answer of `job` on the worker's node; calls `onText` with each piece. */
export function streamAnswer(node, job, onText = () => {}, seconds = 180) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
    let text = '';
    const onUpdate = (error, update) => {
      if (error) return reject(error);
      text += update.text;
      onText(update.text);
      if (!update.done) return undefined;
      clearTimeout(timer);
      return resolve(text);
    };
    node.provider
      .subscribe('inference_answerUpdate', 'inference_subscribeAnswer', [job], onUpdate)
      .catch(reject);
  });
}

/** The receipt of `job`. */
export async function receipt(api, job, seconds = 180) {
  const wanted = (candidate) => nameOf(candidate) === 'receipts.ReceiptAccepted' && candidate.data.job.toNumber() === job;
  const found = await nextEvent(api, 1, wanted, seconds);
  return { data: found.event.data, block: found.block, hash: found.hash };
}

/** The first payout to `worker` from block `from` on. */
export async function payout(api, worker, from, seconds = 300) {
  const wanted = (candidate) => nameOf(candidate) === 'settlement.Paid' && candidate.data.who.eq(worker.address);
  const found = await nextEvent(api, from, wanted, seconds);
  return { amount: found.event.data.amount.toBigInt(), block: found.block, hash: found.hash };
}

/** Names of the events of each job among `found`, in order, by the number of the job. */
export function historiesOf(found) {
  const histories = new Map();
  for (const { event: candidate } of found) {
    const job = candidate.data.job?.toNumber();
    if (job !== undefined) histories.set(job, [...(histories.get(job) ?? []), nameOf(candidate)]);
  }
  return histories;
}

/** Names of all events of `job` up to block `last`, in order. */
export const history = async (api, job, last) => historiesOf(await allEvents(api, last)).get(job) ?? [];

/** What happens to a job that all goes well with, once each. */
export const SERVED = [
  'jobs.JobSubmitted', 'jobs.JobAssigned', 'jobs.JobAccepted', 'jobs.JobCompleted', 'receipts.ReceiptAccepted',
  'settlement.Matured', 'jobs.JobFinalized', 'receipts.ReceiptSettled',
];

/** A worker that has the answer already needs not accept the job before. */
export const withoutAcceptance = (names) => names.filter((name) => name !== 'jobs.JobAccepted');

// Workers.

/** Gives `node` the key that the worker node `name` signs with; returns its pair. */
export async function insertWorkerKey(node, keys, name = node.name) {
  const uri = `//${name}//onew`;
  const pair = keys.addFromUri(uri);
  await node.send('author_insertKey', 'onew', uri, u8aToHex(pair.publicKey));
  return pair;
}

/** Makes the worker's node sign with a key of its own, and registers `worker` with it. */
export async function registerWorker(api, node, keys, worker, roots, slots = 2) {
  const pair = await insertWorkerKey(node, keys);
  const offer = {
    models: roots,
    slots,
    vram: VRAM,
    peerId: u8aToHex(base58Decode(node.peerId)),
    addresses: [u8aToHex(stringToU8a(node.address))],
  };
  const message = u8aConcat(api.genesisHash, stringToU8a('register'), worker.publicKey);
  await submit(api, worker, api.tx.workers.register(offer, pair.publicKey, pair.sign(message)));
}

/** Buys one USDC in the pool: an account that holds USDC can be paid any amount. */
export async function buyUsdc(api, who, amount = 1_000_000n) {
  const path = ['Native', { WithId: USDC }];
  const call = api.tx.assetConversion.swapTokensForExactTokens(path, amount, 2n * ONE, who.address, true);
  await submit(api, who, call);
}

/** What is held of `worker`'s balance: its bond, and what convictions took of it. */
export async function held(api, worker) {
  const holds = await api.query.balances.holds(worker.address);
  const amount = (reason) => {
    const hold = holds.find(({ id }) => id.isWorkers && id.asWorkers.type === reason);
    return hold?.amount.toBigInt() ?? 0n;
  };
  return { bond: amount('Bond'), slashed: amount('Slashed') };
}

// Governance.

/** A governed parameter as it was set; fails if it never was. */
export async function parameter(api, group, name) {
  const value = await api.query.parameters.parameters({ [group]: { [name]: null } });
  return value.unwrap().inner.inner.toBigInt();
}

/** The calls that register, stage and activate a model. */
export function modelSteps(api, info) {
  const record = {
    name: info.name,
    tokenizer: info.tokenizer_hash,
    template: info.template_hash,
    calibration: info.calibration_hash,
    arithmetic: info.arithmetic,
    shape: info.shape,
    templateTokens: info.template_tokens,
    minVram: 64,
    minTier: 0,
    canary: 0,
    retiresAt: null,
  };
  return [api.tx.models.register(info.root, record), api.tx.models.stage(info.root), api.tx.models.activate(info.root)];
}

/** Registers, stages and activates a model, by sudo. */
export async function activateModel(api, sudo, info) {
  await submit(api, sudo, api.tx.sudo.sudo(api.tx.utility.batchAll(modelSteps(api, info))));
  await requireOpen(api, info.root);
}

/** Fails unless the model takes jobs. */
export async function requireOpen(api, root) {
  const model = await api.call.modelsApi.model(root);
  if (!model.isSome || !model.unwrap().open.isTrue) fail(`the model ${root} is not open for jobs`);
}

// Everyone else.

/** `count` ordinary transfers, whose fees fill the credit pot. */
export const ordinaryTransfers = (api, from, to, count) => fund(api, from, Array(count).fill(to), ONE);

/** ONE paid in fees by all transactions of the blocks `1..=last`. */
export async function feesPaid(api, last) {
  let sum = 0n;
  for await (const { event: paid } of eventsIn(api, 1, last)) {
    if (nameOf(paid) === 'transactionPayment.TransactionFeePaid') sum += paid.data.actualFee.toBigInt();
  }
  return sum;
}

