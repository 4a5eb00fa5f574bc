// A settlement of thousands of workers, over several blocks and a killed node.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blake2AsU8a, encodeAddress } from '@polkadot/util-crypto';
import { audit, giveUsdc, owe } from '../src/books.mjs';
import { changeFirstState } from '../src/chain.mjs';
import { Network, until } from '../src/network.mjs';
import { eventsIn, nameOf } from '../src/transactions.mjs';

const WORKERS = 5_000;
/** Micro-USDC that an account has at the least: the asset's minimum balance. */
const LEAST = 10_000n;

const addressOf = (name) => encodeAddress(blake2AsU8a(name));
/** What each worker is owed; another amount each, so that a mix-up shows. */
const debts = Array.from({ length: WORKERS }, (_, index) => [addressOf(`worker ${index}`), LEAST + BigInt(index)]);
/** Owed, too, but the issuer blocked it. */
const blocked = [addressOf('blocked'), 123_456n];

const network = new Network('dev', { WindowLength: 30_000 });
let alice;

before(async () => {
  // A node of the plain preset knows the storage of the chain.
  const scribe = await network.add('scribe');
  await changeFirstState(network, scribe.api, (state) => {
    owe(scribe.api, state, debts.toSpliced(WORKERS / 2, 0, blocked));
    giveUsdc(scribe.api, state, blocked[0], LEAST, 'Blocked');
  });
  await scribe.stop();
  alice = await network.add('alice', '--alice', '--validator');
});
after(() => network.stop());

/** Waits until some were paid and kills the node; tells the block it had come to. */
async function killBetween() {
  const head = await until('the first payouts', async () => {
    const { hash, number } = await alice.api.rpc.chain.getHeader();
    const queue = await (await alice.api.at(hash)).query.settlement.queue();
    return queue.head.toNumber() > 0 && { number: number.toNumber(), queue: queue.toJSON() };
  }, 180, 100);
  await alice.stop('SIGKILL');
  assert.ok(head.queue.head < WORKERS, `${head.queue.head} were paid`);
  return head.number;
}

/** The events of the first round, and the block that closes it. */
async function firstRound(api) {
  const isClosed = async () => {
    const { round, lastWindow, queue } = (await api.at(await api.rpc.chain.getFinalizedHead())).query.settlement;
    return (await lastWindow()).isSome && (await round()).isNone && (await queue()).head.toNumber() > WORKERS;
  };
  await until('the end of the round', isClosed, 300, 1000);
  const events = [];
  for await (const found of eventsIn(api, 1, Infinity)) {
    if (found.event.section === 'settlement') events.push(found);
    if (nameOf(found.event) === 'settlement.WindowSettled' && !found.event.data.payees.isZero()) break;
  }
  return events;
}

const named = (events, method) => events.filter(({ event }) => event.method === method);

test('thousands should each be paid once, over several blocks and a restart', { timeout: 600_000 }, async (context) => {
  const killed = await killBetween();
  await alice.start();
  const { api } = alice;
  const events = await firstRound(api);
  const settled = events.at(-1);

  const payments = named(events, 'Paid');
  const paid = payments.map(({ event: { data } }) => [data.who.toString(), data.amount.toBigInt()]);
  assert.deepEqual(paid, debts, 'each once, in the order in which they waited');
  const blocks = new Set(payments.map(({ block }) => block));
  context.diagnostic(`blocks with payouts: ${[...blocks]}; killed in block ${killed}`);
  assert.ok(blocks.size >= WORKERS / api.consts.settlement.maxPayouts.toNumber());
  assert.ok(Math.min(...blocks) <= killed && Math.max(...blocks) > killed, 'some before the stop, some after it');

  const skipped = named(events, 'PayoutSkipped').map(({ event: { data } }) =>
    [data.who.toString(), data.amount.toBigInt(), data.error.asToken.type]);
  assert.deepEqual(skipped, [[...blocked, 'Blocked']]);
  const { payees, carried, paid: sum } = settled.event.data;
  assert.deepEqual([payees.toNumber(), carried.toNumber()], [WORKERS, 1]);

  const books = await audit(api, settled.hash);
  assert.equal(books.least, LEAST);
  for (const [who, due] of debts) assert.equal(books.balances.get(who), due);
  assert.equal(books.balances.get(blocked[0]), LEAST);
  assert.deepEqual([...books.payees.values()], [blocked[0]]);
  assert.equal(books.pots.earnings, blocked[1]);
  assert.equal(books.flows.paid, sum.toBigInt());
  assert.equal(books.held, books.least + blocked[1]);
  const between = await audit(api, await api.rpc.chain.getBlockHash(Math.min(...blocks)));
  assert.ok(between.round && between.payees.size > 1 && between.payees.size <= WORKERS);
});
