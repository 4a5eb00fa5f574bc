// Everything on chain decodes with stock @polkadot/api.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stringCamelCase, u8aToHex } from '@polkadot/util';
import { Network, until } from '../src/network.mjs';
import * as protocol from '../src/protocol.mjs';

const PALLETS = ['clock', 'access', 'credits', 'models', 'workers', 'jobs', 'receipts', 'settlement', 'capacity', 'validators', 'pauses'];

let network;
let api;

before(async () => {
  network = new Network('dev');
  const alice = await network.add('alice', '--alice', '--validator', '--force-authoring');
  ({ api } = alice);
  // The first block opens the clocks.
  await until('a few blocks', async () => (await alice.height()) >= 3);
});
after(() => network.stop());

test('every storage item should decode', async () => {
  let items = 0;
  for (const [section, entries] of Object.entries(api.query)) {
    for (const [name, entry] of Object.entries(entries)) {
      if (section === 'substrate' || !entry.creator) continue;
      const isMap = entry.creator.meta.type.isMap;
      const value = isMap ? await entry.entriesPaged({ args: [], pageSize: 5 }).catch((error) => error) : await entry();
      assert.ok(!(value instanceof Error), `query.${section}.${name}: ${value.message}`);
      items += 1;
    }
  }
  for (const pallet of PALLETS.filter((name) => name !== 'credits')) assert.ok(api.query[pallet], `query.${pallet}`);
  assert.ok(items > 100, `walked ${items} storage items`);
});

test('every call, event, error and constant should have a decodable type and docs', () => {
  for (const { name, calls, events, errors, constants } of api.runtimeMetadata.asLatest.pallets) {
    for (const part of [calls, events, errors]) {
      if (part.isSome) assert.ok(api.registry.createLookupType(part.unwrap().type), `${name}`);
    }
    for (const constant of constants) {
      const value = api.registry.createType(api.registry.createLookupType(constant.type), constant.value);
      assert.ok(value !== undefined, `consts.${name}.${constant.name}`);
    }
  }
  for (const pallet of ['access', 'models', 'workers', 'jobs', 'capacity', 'validators', 'pauses']) {
    for (const [name, call] of Object.entries(api.tx[pallet])) {
      assert.ok(call.meta.docs.length > 0, `tx.${pallet}.${name} has no docs`);
    }
  }
});

// They make blocks, decode what only a node has, or stop the runtime on purpose.
const NOT_A_QUERY = new Set([
  'core.executeBlock', 'core.initializeBlock',
  'blockBuilder.applyExtrinsic', 'blockBuilder.finalizeBlock', 'blockBuilder.inherentExtrinsics', 'blockBuilder.checkInherents',
  'taggedTransactionQueue.validateTransaction', 'offchainWorkerApi.offchainWorker',
  'genesisBuilder.buildState', 'sessionKeys.generateSessionKeys',
  'babeApi.submitReportEquivocationUnsignedExtrinsic', 'grandpaApi.submitReportEquivocationUnsignedExtrinsic',
]);

/** An extrinsic where one is asked for (a runtime takes none that it cannot decode), else zeros. */
function argument({ name, type }) {
  if (name.toString() === 'uxt') return u8aToHex(api.tx.system.remark('0x').toU8a(true));
  return api.registry.createType(api.registry.createLookupType(type));
}

test('every method of every runtime API should take its arguments and decode its answer', async () => {
  const answered = [];
  for (const { name, methods } of api.runtimeMetadata.asLatest.apis) {
    const section = stringCamelCase(name.toString());
    for (const { name: method, inputs } of methods) {
      const path = `${section}.${stringCamelCase(method.toString())}`;
      if (NOT_A_QUERY.has(path)) continue;
      const call = api.call[section]?.[stringCamelCase(method.toString())];
      assert.ok(call, `call.${path} is not known`);
      await assert.doesNotReject(call(...inputs.map(argument)), `call.${path}`);
      answered.push(path);
    }
  }
  for (const pallet of ['credits', 'models', 'workers', 'jobs', 'receipts', 'settlement']) {
    assert.ok(answered.some((path) => path.startsWith(`${pallet}Api.`)), `${pallet}Api did not answer`);
  }
});

test('every runtime API of the protocol should answer', async () => {
  const who = (await protocol.keyring()).addFromUri('//Nobody').address;
  const model = `0x${'00'.repeat(32)}`;
  const credits = await api.call.creditsApi.credits(who);
  assert.equal(credits.available.toNumber(), 0);
  assert.ok(credits.resetsAt.toNumber() > Date.now() - 120_000);
  const refusal = await api.call.jobsApi.quote(who, model, 'Included', 10, 10);
  assert.ok(refusal.isErr && refusal.asErr.isUnknownModel, refusal.toString());
  assert.ok((await api.call.jobsApi.job(0)).isNone);
  assert.equal((await api.call.jobsApi.openJobs(who)).length, 0);
  assert.ok((await api.call.modelsApi.model(model)).isNone);
  assert.equal((await api.call.modelsApi.models()).length, 0);
  assert.ok((await api.call.receiptsApi.receipt(0)).isNone);
  assert.equal((await api.call.settlementApi.statement(who)).payable.toNumber(), 0);
  assert.equal((await api.call.settlementApi.payments(who)).length, 0);
  assert.equal((await protocol.pots(api)).credit, 0n);
  assert.ok((await api.call.workersApi.worker(who)).isNone);
  assert.ok((await api.call.workersApi.penaltyPreview(who, 'Late')).isNone);
  const offer = { models: [model], slots: 1, vram: 1024, peerId: '0x01', addresses: [] };
  assert.ok((await api.call.workersApi.bondQuote(who, offer)).isErr, 'the model is unknown');
  const { price, forSale } = await api.call.capacityApi.price();
  const { worth, premium, cost } = await api.call.capacityApi.quotePurchase(who, 10n ** 9n);
  assert.ok(price.eq(worth) && cost.eq(worth.add(premium)) && forSale.gtn(0));
  assert.equal((await api.call.capacityApi.openClasses()).length, 0);
  assert.ok((await api.call.capacityApi.class(0)).isNone);
  assert.equal((await api.call.capacityApi.spendable(who)).available.toNumber(), 0);
  assert.ok((await api.call.capacityApi.quoteThroughput(who, model, 1, 60_000)).isErr);
  assert.equal((await api.call.capacityApi.bookings(who)).length, 0);
  const either = await api.call.jobsApi.quote(who, model, 'IncludedFirst', 10, 10);
  assert.ok(either.isErr && either.asErr.isUnknownModel, either.toString());
});

test('a submission below the threshold should be refused with its code, and with numbers', async () => {
  const keys = await protocol.keyring();
  const bob = keys.addFromUri('//Bob');
  const call = api.tx.jobs.submitJob(0, `0x${'00'.repeat(32)}`, 'Included', 10, '0x6869');
  await assert.rejects(call.signAndSend(bob), /Custom error: 5/);
  assert.equal((await api.rpc.author.pendingExtrinsics()).length, 0);
});
