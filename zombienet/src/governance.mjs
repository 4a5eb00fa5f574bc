// What voters do, in stock @polkadot/api calls.

import { blake2AsHex } from '@polkadot/util-crypto';
import { bnToU8a, compactAddLength, stringToU8a, u8aConcat } from '@polkadot/util';
import { fail } from './network.mjs';
import { describe, eventOf, nameOf, nextEvent, submit } from './transactions.mjs';

/** Has `proposer` put `call` up for a vote as `origin`, and up for a decision; resolves with its index. */
export async function propose(api, proposer, origin, call) {
  const { hash, encodedLength: len } = call.method;
  const put = [api.tx.referenda.submit(origin, { Lookup: { hash, len } }, { After: 0 })];
  if ((await api.query.preimage.requestStatusFor(hash)).isNone) put.unshift(api.tx.preimage.notePreimage(call.method.toHex()));
  const { events } = await submit(api, proposer, api.tx.utility.batchAll(put));
  const index = eventOf(events, 'referenda.Submitted').data.index.toNumber();
  await submit(api, proposer, api.tx.referenda.placeDecisionDeposit(index));
  return index;
}

/** Has each of `voters` say aye with `balance` of its ONE, free or staked. */
export async function agree(api, voters, index, balance) {
  const aye = { Standard: { vote: { aye: true, conviction: 'Locked1x' }, balance } };
  await Promise.all(voters.map((voter) => submit(api, voter, api.tx.convictionVoting.vote(index, aye))));
}

/** The name under which the enactment of referendum `index` is scheduled. */
export function enactment(index) {
  const name = compactAddLength(stringToU8a('enactment'));
  return blake2AsHex(u8aConcat(stringToU8a('assembly'), name, bnToU8a(index, { bitLength: 32, isLe: true })));
}

/** Has `proposal` put up for a vote as `origin`, and all voters agree; resolves with its index and a block before. */
export async function vote(api, { proposer, voters, balance }, origin, proposal) {
  const from = (await api.rpc.chain.getHeader()).number.toNumber();
  const index = await propose(api, proposer, origin, proposal);
  await agree(api, voters, index, balance);
  return { index, from };
}

/** Waits until the referendum is enacted; resolves with index and block, fails if its call failed. */
export async function enacted(api, { index, from }, seconds = 180) {
  const id = enactment(index);
  const wanted = (event) =>
    nameOf(event) === 'scheduler.Dispatched' && event.data.id.isSome && event.data.id.unwrap().toHex() === id;
  const { event: { data: { result } }, block } = await nextEvent(api, from, wanted, seconds);
  if (result.isErr) fail(`referendum ${index} came to nothing: ${describe(api, result.asErr)}`);
  return { index, block };
}

/** Has `proposal` done as `origin` by a referendum that all voters agree to; resolves with index and block. */
export const pass = async (api, electorate, origin, proposal) =>
  enacted(api, await vote(api, electorate, origin, proposal));
