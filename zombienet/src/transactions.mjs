// Signing and following transactions with stock @polkadot/api.

import { fail } from './network.mjs';

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

/** Follows best blocks from `from` and resolves with the first event that `wanted` accepts, and its block number. */
export async function nextEvent(api, from, wanted, seconds = 120) {
  const deadline = Date.now() + seconds * 1000;
  let number = from;
  for (;;) {
    const best = (await api.rpc.chain.getHeader()).number.toNumber();
    for (; number <= best; number += 1) {
      const hash = await api.rpc.chain.getBlockHash(number);
      const records = await (await api.at(hash)).query.system.events();
      const found = records.find(({ event: candidate }) => wanted(candidate));
      if (found) return { event: found.event, block: number, hash };
    }
    if (Date.now() > deadline) fail(`no such event within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
