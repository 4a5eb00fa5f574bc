// Signing and following transactions with stock @polkadot/api.

import { fail, finalized, sleep, until } from './network.mjs';

/** `section.method` of an event or a call. */
export const nameOf = ({ section, method }) => `${section}.${method}`;

/** A readable form of what the chain said no with. */
export function describe(api, error) {
  if (!error.isModule) return error.toString();
  const { section, name, docs } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}: ${docs.join(' ')}`;
}

/** The next nonces by what is in blocks: a node whose best chain has just changed may answer with an older one. */
const nonces = new Map();
const accountOf = (api, { address }) => `${api.genesisHash}/${address}`;

/** The nonce of the next transaction of `signer`. */
export async function nextNonce(api, signer) {
  const asked = await api.rpc.system.accountNextIndex(signer.address);
  return Math.max(asked.toNumber(), nonces.get(accountOf(api, signer)) ?? 0);
}

function used(api, signer, nonce) {
  const account = accountOf(api, signer);
  nonces.set(account, Math.max(nonce + 1, nonces.get(account) ?? 0));
}

/** Waits until `block` is in the best chain, or that no longer matters. */
async function joinBest(api, block, isMoot) {
  const number = (await api.rpc.chain.getHeader(block)).number.toNumber();
  const isBest = async () => (await api.rpc.chain.getBlockHash(number)).eq(block);
  await until('a block to be in the best chain', async () => isMoot() || isBest(), 120);
}

/** Signs and sends `call`; resolves when it is in a block of the best chain, with its events; fails if it failed. */
export async function submit(api, signer, call, options = {}) {
  const nonce = options.nonce ?? (await nextNonce(api, signer));
  const what = nameOf(call.method);
  let isSettled = false;
  const sent = new Promise((resolve, reject) => {
    const follow = async (result) => {
      const { status, dispatchError, events } = result;
      if (result.isError) fail(status.type);
      if (!status.isInBlock) return;
      // Blocks of other forks are told of, too.
      await joinBest(api, status.asInBlock, () => isSettled);
      used(api, signer, nonce);
      if (dispatchError) fail(describe(api, dispatchError));
      resolve({ block: status.asInBlock, events: events.map(({ event }) => event), hash: result.txHash });
    };
    const refuse = (error) => reject(new Error(`${what}: ${error.message}`));
    call.signAndSend(signer, { ...options, nonce }, (result) => follow(result).catch(refuse)).catch(refuse);
  });
  return sent.finally(() => {
    isSettled = true;
  });
}

/** The first event `name` of `events`. */
export const eventOf = (events, name) => events.find((event) => nameOf(event) === name) ?? fail(`no event ${name}`);

/** The events of the blocks `first..=last`, as far as there are any, in order, each with the number and the hash of its block. */
export async function* eventsIn(api, first, last) {
  for (let block = first; block <= last; block += 1) {
    const hash = await api.rpc.chain.getBlockHash(block);
    if (hash.isEmpty) return;
    const records = await (await api.at(hash)).query.system.events();
    for (const record of records) yield { event: record.event, block, hash };
  }
}

/** The events of the blocks `1..=last`, in order, each with the number and the hash of its block. */
export async function allEvents(api, last) {
  const found = [];
  for await (const entry of eventsIn(api, 1, last)) found.push(entry);
  return found;
}

/** The first event of the blocks `first..=last` that `wanted` accepts, and its block. */
async function firstEvent(api, first, last, wanted) {
  for await (const found of eventsIn(api, first, last)) {
    if (wanted(found.event)) return found;
  }
  return null;
}

/** Follows best blocks from `from` and resolves with the first event that `wanted` accepts, and its block. */
export async function nextEvent(api, from, wanted, seconds = 120) {
  const deadline = Date.now() + seconds * 1000;
  for (let first = from; ; ) {
    const final = await finalized(api);
    const best = (await api.rpc.chain.getHeader()).number.toNumber();
    const found = await firstEvent(api, first, best, wanted);
    if (found) return found;
    if (Date.now() > deadline) fail(`no such event within ${seconds} s`);
    // Blocks that are not final may give way to others.
    first = Math.max(from, final + 1);
    await sleep(500);
  }
}
