// One prompt through the whole protocol: see scripts/demo --help.

import { command } from './command.mjs';
import { workerFlags } from './market.mjs';
import { Network, fail, until } from './network.mjs';
import * as protocol from './protocol.mjs';

/** Time that the prompt is given before the credit day ends. */
const ROOM_MS = 45_000;
/** Transfers by other accounts whose fees pay for the prompt. */
const TRANSFERS = 20;

const { options, out, say, run } = command('demo', {
  prompt: { type: 'string', default: 'What is ONE?' },
  model: { type: 'string', default: protocol.DEFAULT_MODEL },
});

const one = (amount) => `${Number(amount) / 1e12} ONE`;
const dollars = (amount) => `${Number(amount) / 1e6} USDC`;

async function main(network) {
  const info = await protocol.importModel(options.model);
  say(`model ${info.name}, container root ${info.root}`);
  const { api, workerNode, device } = await startNetwork(network);
  const keys = await protocol.keyring();
  const [alice, holder, worker] = ['//Alice', '//Holder', '//Worker'].map((uri) => keys.addFromUri(uri));
  await prepare(api, workerNode, keys, { alice, holder, worker }, info);

  const quote = await protocol.quote(api, holder, info.root, options.prompt, ROOM_MS);
  say(`credit day ${quote.day}: the holder has ${quote.available} CU; the prompt can cost ${quote.cu} CU at the most`);
  const before = await snapshot(api, holder, worker);
  const job = await protocol.submitJob(api, holder, info.root, options.prompt, quote.output);
  say(`job ${job.job} is in block ${job.block}; no fee was paid`);
  const answer = await tell(workerNode, job.job);

  const receipt = await protocol.receipt(api, job.job);
  const { charged, price, resultRoot, requestRoot } = receipt.data;
  say(`signed receipt in block ${receipt.block}: ${charged} CU, ${dollars(price)}, result ${resultRoot}`);
  const local = await protocol.recompute(options.model, options.prompt, quote.output);
  if (local.result_hash !== resultRoot.toHex()) fail(`the CPU path gives ${local.result_hash}, the receipt says ${resultRoot}`);
  say('the same prompt on the CPU path here gives the same result hash');

  const paid = await protocol.payout(api, worker, receipt.block);
  say(`settlement in block ${paid.block}: the worker got ${dollars(paid.amount)}`);
  const after = await snapshot(api, holder, worker, { credits: receipt.hash, balances: paid.hash });
  const pots = await protocol.pots(api);
  return {
    prompt: options.prompt,
    answer,
    model_hash: info.root,
    request_hash: requestRoot.toHex(),
    result_hash: resultRoot.toHex(),
    job: job.job,
    worker: worker.address,
    device,
    receipt_block: receipt.block,
    credits_before: before.credits,
    credits_after: after.credits,
    credits_charged: charged.toString(),
    holder_free_before: before.free,
    holder_free_after: after.free,
    fees_paid_one: (await protocol.feesPaid(api, paid.block)).toString(),
    credit_pot_from_fees_usdc: pots.fromFeesTotal.toString(),
    worker_usdc_before: before.usdc,
    worker_usdc_after: after.usdc,
    price_usdc: price.toString(),
    settlement_block: paid.block,
  };
}

/** Two validators and one worker. */
async function startNetwork(network) {
  const alice = await network.add('alice', '--alice', '--validator');
  await network.add('bob', '--bob', '--validator');
  const workerNode = await network.add('worker', ...workerFlags(options.model, 'gpu'));
  const [{ name: device }] = await workerNode.send('inference_devices');
  say(`two validators and one worker run; the worker computes on ${device}`);
  await until('the first finalised block', async () => (await alice.finalized()) > 0, 90);
  return { api: alice.api, workerNode, device };
}

/** Everything before the prompt; each step pays the ordinary fee, and nothing else fills the credit pot. */
async function prepare(api, workerNode, keys, { alice, holder, worker }, info) {
  const { credit } = await protocol.pots(api);
  if (credit !== 0n) fail(`the credit pot holds ${dollars(credit)} at the start`);
  say('the credit pot is empty');
  await protocol.fund(api, alice, [holder, worker]);
  await protocol.stakeAllBut(api, holder, protocol.ONE);
  say('the holder staked; it counts from the next credit day');
  await protocol.activateModel(api, alice, info);
  say('governance registered and activated the model');
  await protocol.buyUsdc(api, worker);
  await protocol.registerWorker(api, workerNode, keys, worker, [info.root]);
  say('the worker registered with its bond and a key of its own');
  await protocol.ordinaryTransfers(api, alice, keys.addFromUri('//Bob'), TRANSFERS);
  say(`other accounts made ${TRANSFERS} transfers and paid their fees`);
  const filled = await until('fees to be sold for USDC', async () => {
    const pots = await protocol.pots(api);
    return pots.fromFeesTotal > 0n && pots;
  }, 120);
  say(`fees were sold in the pool: ${dollars(filled.fromFeesTotal)} so far`);
}

/** Prints the answer as it comes. */
async function tell(workerNode, job) {
  if (options.json) return protocol.streamAnswer(workerNode, job);
  out.write('\n        ');
  const answer = await protocol.streamAnswer(workerNode, job, (text) => out.write(text.replaceAll('\n', '\n        ')));
  out.write('\n\n');
  return answer;
}

/** Credits and balances now, or at the blocks given. */
async function snapshot(api, holder, worker, at = {}) {
  const creditsAt = at.credits ? await api.at(at.credits) : api;
  const balancesAt = at.balances ? await api.at(at.balances) : api;
  return {
    credits: (await protocol.credits(creditsAt, holder.address)).available.toString(),
    free: (await protocol.free(balancesAt, holder.address)).toString(),
    usdc: (await protocol.usdc(balancesAt, worker.address)).toString(),
  };
}

await run(new Network('demo'), main);
