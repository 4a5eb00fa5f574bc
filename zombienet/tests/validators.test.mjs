// A validator that joins a running network, and is run twice. Sessions are half a minute long.

import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { u8aToHex } from '@polkadot/util';
import { changeFirstState, runtimeWith } from '../src/chain.mjs';
import { Network, until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';
import { nameOf, nextEvent, submit } from '../src/transactions.mjs';
import { startValidators } from '../src/validators.mjs';

const BOND = 50_000n * protocol.ONE;

const network = new Network('local');
let api;
let eve;
let eveNode;

before(async () => {
  const code = await runtimeWith('fast-sessions');
  await changeFirstState(network, null, (state) => state.putCode(code));
  const [alice] = await startValidators(network);
  ({ api } = alice);
  eve = (await protocol.keyring()).addFromUri('//Eve');
});
after(() => network.stop());

const sessionAt = async (at) => (await at.query.session.currentIndex()).toNumber();
const isValidator = async () => (await api.query.session.validators()).some((who) => who.eq(eve.address));

test('whoever bonds should make blocks from a later session on', { timeout: 600_000 }, async (context) => {
  eveNode = await network.add('eve', '--validator');
  const { keys, proof } = await eveNode.send('author_rotateKeysWithOwner', u8aToHex(eve.publicKey));
  await submit(api, eve, api.tx.session.setKeys(keys, proof));
  await submit(api, eve, api.tx.validators.bond(BOND));
  const { block } = await submit(api, eve, api.tx.validators.validate());
  const asked = await sessionAt(await api.at(block));
  await until('a session in which it is a validator', isValidator, 180);
  const joined = await sessionAt(api);
  context.diagnostic(`stood for election in session ${asked}, validates in session ${joined}`);
  assert.equal(joined, asked + 2);
  await until('a block of its own', async () => !(await api.query.validators.authored(eve.address)).isZero(), 180);
  const height = await eveNode.height();
  await until('that to be final', async () => (await eveNode.finalized()) >= height, 60);
});

/** Starts a second node with the session keys of `node`. */
async function addTwin(node) {
  const [chain] = await readdir(join(node.base, 'chains'));
  const keystoreOf = (name) => join(network.folder, name, 'chains', chain, 'keystore');
  await cp(keystoreOf(node.name), keystoreOf('twin'), { recursive: true });
  return network.add('twin', '--validator');
}

/** The validators that may make no blocks in block `hash`. */
async function disabledAt(hash) {
  const { session } = (await api.at(hash)).query;
  const validators = await session.validators();
  return (await session.disabledValidators()).map(([seat]) => validators[seat.toNumber()].toString());
}

const isSlashOf = ({ address }) => (event) => nameOf(event) === 'validators.Slashed' && event.data.who.eq(address);

/** The slashes of `who` in block `hash`, all of them pending, and what they come to. */
async function slashesAt(hash, who) {
  const { system, validators } = (await api.at(hash)).query;
  const events = (await system.events()).map(({ event }) => event).filter(isSlashOf(who));
  const slashes = await Promise.all(events.map(({ data }) => validators.slashes(data.slash)));
  const pending = slashes.map((slash) => slash.unwrap());
  return { pending, total: pending.reduce((sum, { amount }) => sum + amount.toBigInt(), 0n) };
}

test('one that runs twice should be slashed, disabled and dropped', { timeout: 600_000 }, async (context) => {
  const from = await eveNode.height();
  await addTwin(eveNode);
  const { block, hash } = await nextEvent(api, from, isSlashOf(eve), 180);
  assert.deepEqual(await disabledAt(hash), [eve.address]);

  // A block may bring what was done in two sessions, of which each is an offence.
  const { pending, total } = await slashesAt(hash, eve);
  const sessions = pending.map(({ session }) => session.toNumber());
  context.diagnostic(`slashed by ${total} in block ${block}, for sessions ${sessions}`);
  assert.equal(new Set(sessions).size, pending.length);
  // One offender of five: the square of three fifths.
  for (const { amount } of pending) assert.equal(amount.toBigInt(), (BOND * 9n) / 25n);

  const { validators, balances } = (await api.at(hash)).query;
  const { bond, slashed, status } = (await validators.ledgers(eve.address)).unwrap();
  assert.deepEqual([bond.toBigInt(), slashed.toBigInt()], [BOND - total, total]);
  assert.equal(status.type, 'Convicted');
  const held = (await balances.holds(eve.address)).filter(({ id }) => id.isValidators);
  assert.equal(held.reduce((sum, hold) => sum + hold.amount.toBigInt(), 0n), BOND);

  await until('a session without it', async () => !(await isValidator()), 180);
  const height = await network.nodes[0].height();
  await until('the others to finalise on', async () => (await network.nodes[0].finalized()) > height, 90);
});
