// Signing and following transactions with stock @polkadot/api.

import { fail, sleep } from './network.mjs';

/** A readable form of what the chain said no with. */
export function describe(api, error) {
  if (!error.isModule) return error.toString();
  const { section, name, docs } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}: ${docs.join(' ')}`;
}

/** Signs and sends `call`; resolves when it is in a block, with its events; fails if it failed. */
export function submit(api, signer, call, options = {}) {
  return new Promise((resolve, reject) => {
    call
      .signAndSend(signer, { nonce: -1, ...options }, (result) => {
        const { status, dispatchError, events } = result;
        if (result.isError) return reject(new Error(`${call.method.section}.${call.method.method}: ${status.type}`));
        if (!status.isInBlock) return undefined;
        if (dispatchError) {
          return reject(new Error(`${call.method.section}.${call.method.method}: ${describe(api, dispatchError)}`));
        }
        return resolve({ block: status.asInBlock, events: events.map(({ event }) => event), hash: result.txHash });
      })
      .catch(reject);
  });
}

/** The first event `section.method` of `events`. */
export function event(events, section, method) {
  return (
    events.find((candidate) => candidate.section === section && candidate.method === method) ??
    fail(`no event ${section}.${method}`)
  );
}

/** Blocks that are looked at again, in case the best chain became another one. */
const REORG_DEPTH = 6;

/** Follows best blocks from `from` and resolves with the first event that `wanted` accepts, and its block. */
export async function nextEvent(api, from, wanted, seconds = 120) {
  const deadline = Date.now() + seconds * 1000;
  for (let first = from; ; ) {
    const best = (await api.rpc.chain.getHeader()).number.toNumber();
    for (let number = first; number <= best; number += 1) {
      const found = await eventIn(api, number, wanted);
      if (found) return found;
    }
    if (Date.now() > deadline) fail(`no such event within ${seconds} s`);
    first = Math.max(from, best - REORG_DEPTH);
    await sleep(500);
  }
}

async function eventIn(api, number, wanted) {
  const hash = await api.rpc.chain.getBlockHash(number);
  const records = await (await api.at(hash)).query.system.events();
  const found = records.find((record) => wanted(record.event));
  return found && { event: found.event, block: number, hash };
}
