// The books of the settlement: a state in which workers are owed, and the invariants that hold in every state.

import assert from 'node:assert/strict';
import { USDC } from './protocol.mjs';

/** What balances mark every account record with. */
const ACCOUNT_FLAGS = 1n << 127n;

const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0n);

/** Owes to each of `debts`, pairs of address and amount, in this order; the USDC came by transfers. */
export function owe(api, state, debts) {
  const { settlement } = api.query;
  const total = sum(debts.map(([, amount]) => amount));
  const least = state.get(api.query.assets.asset, USDC).minBalance.toBigInt();
  giveUsdc(api, state, api.consts.settlement.usdcAccount, total + least);
  state.put({ earnings: total }, settlement.pots);
  state.put({ fromTransfers: total }, settlement.flows);
  state.put({ tail: debts.length }, settlement.queue);
  debts.forEach(([who, payable], index) => {
    state.put({ payable, waiting: true }, settlement.earnings, who);
    state.put(who, settlement.payees, index);
  });
}

/** Gives `who`, an account that is not there yet, new USDC. */
export function giveUsdc(api, state, who, balance, status = 'Liquid') {
  const { assets, system } = api.query;
  const asset = state.get(assets.asset, USDC);
  state.put({
    ...asset.toJSON(),
    supply: asset.supply.toBigInt() + balance,
    accounts: asset.accounts.toNumber() + 1,
    sufficients: asset.sufficients.toNumber() + 1,
  }, assets.asset, USDC);
  state.put({ balance, status, reason: 'Sufficient' }, assets.account, USDC, who);
  state.put({ sufficients: 1, data: { flags: ACCOUNT_FLAGS } }, system.account, who);
}

/** Everything the settlement holds in the state that `api` is of, as bigints. */
async function read(api) {
  const { settlement, assets } = api.query;
  const [pots, flows, queue, round, lastWindow, days, earnings, payees, accounts, asset] = await Promise.all([
    settlement.pots(), settlement.flows(), settlement.queue(), settlement.round(), settlement.lastWindow(),
    settlement.dayPots.entries(), settlement.earnings.entries(), settlement.payees.entries(),
    assets.account.entries(USDC), assets.asset(USDC),
  ]);
  const values = (record) => Object.fromEntries([...record.entries()].map(([name, value]) => [name, value.toBigInt()]));
  return {
    pots: values(pots),
    flows: values(flows),
    queue: values(queue),
    round: round.isSome ? values(round.unwrap()) : null,
    lastWindow: lastWindow.isSome ? lastWindow.unwrap().toBigInt() : null,
    days: days.map(([, pot]) => pot.toBigInt()),
    earnings: new Map(earnings.map(([key, record]) => [key.args[0].toString(), record])),
    payees: new Map(payees.map(([key, who]) => [key.args[0].toBigInt(), who.toString()])),
    balances: new Map(accounts.map(([key, account]) => [key.args[1].toString(), account.unwrap().balance.toBigInt()])),
    supply: asset.unwrap().supply.toBigInt(),
    least: asset.unwrap().minBalance.toBigInt(),
    holders: asset.unwrap().accounts.toNumber(),
  };
}

/** Reads the books in block `hash` and checks the invariants 1 to 7 of `pallet-settlement`, and that USDC adds up. */
export async function audit(api, hash) {
  const books = await read(await api.at(hash));
  const { pots, flows, queue, round, days, earnings, payees, balances } = books;
  const promised = sum(Object.values(pots));
  const { paid, ...received } = flows;
  const held = balances.get(api.consts.settlement.usdcAccount.toString());
  assert.ok(promised <= held - books.least, '1: the account backs the pots');
  assert.equal(sum(Object.values(received)), paid + promised, '2: USDC in = USDC out + pots');
  assert.equal(sum(days), pots.days, '3: the pots of days');
  const records = [...earnings.values()];
  assert.equal(sum(records.map(({ accrued, payable }) => accrued.toBigInt() + payable.toBigInt())), pots.earnings, '4: debts');
  assert.equal(sum(records.map((record) => record.paid.toBigInt())), paid, '5: payments');
  checkQueue(queue, payees, earnings);
  if (round) {
    assert.ok(queue.head < round.end && round.end <= queue.tail, '7: the round ends in the queue');
    assert.equal(books.lastWindow, round.window, '7: the round is of the last window');
  }
  assert.equal(sum([...balances.values()]), books.supply, 'the supply of USDC');
  assert.equal(balances.size, books.holders, 'the holders of USDC');
  return { ...books, held };
}

function checkQueue(queue, payees, earnings) {
  const waiting = [...earnings].filter(([, record]) => record.waiting.isTrue).map(([who]) => who);
  assert.deepEqual([...payees.values()].sort(), waiting.sort(), '6: who waits has a place, once');
  const owed = [...earnings].filter(([, { payable }]) => !payable.isZero());
  for (const [who, { waiting: waits }] of owed) assert.ok(waits.isTrue, `6: ${who} is owed and does not wait`);
  assert.equal(queue.tail - queue.head, BigInt(payees.size), '6: the queue has no gaps');
  for (const index of payees.keys()) assert.ok(index >= queue.head && index < queue.tail, '6: a place outside of the queue');
}
