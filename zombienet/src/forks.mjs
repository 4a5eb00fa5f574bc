// Which of two chains BABE prefers.

/** First byte of a BABE pre-digest of a slot's primary author. */
const PRIMARY = 1;

const hashAt = async (node, number) => (await node.api.rpc.chain.getBlockHash(number)).toHex();

/** Whether `number` is in the best chain of `node` with this hash. */
export const isCanonical = async (node, { block, hash }) => (await hashAt(node, block)) === hash.toHex();

/** Number of the last block that the best chains of both nodes share. */
export async function lastCommon(one, other) {
  let number = Math.min(await one.height(), await other.height());
  while ((await hashAt(one, number)) !== (await hashAt(other, number))) number -= 1;
  return number;
}

/** What BABE weighs of the best chain of `node` above block `fork`: primary blocks first, then all. */
export async function weigh(node, fork) {
  const height = await node.height();
  let primaries = 0;
  for (let number = fork + 1; number <= height; number += 1) {
    const { digest } = await node.api.rpc.chain.getHeader(await node.api.rpc.chain.getBlockHash(number));
    const [, slot] = digest.logs.find((log) => log.isPreRuntime).asPreRuntime;
    if (slot[0] === PRIMARY) primaries += 1;
  }
  return { primaries, height };
}

/** Whether BABE prefers the first of two chains by their weights. */
export function outweighs(one, other) {
  return one.primaries === other.primaries ? one.height > other.height : one.primaries > other.primaries;
}

/** The weight of a chain after one more primary block. */
export const plusPrimary = ({ primaries, height }) => ({ primaries: primaries + 1, height: height + 1 });
