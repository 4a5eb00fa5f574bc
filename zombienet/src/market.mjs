// The smallest market: two validators, a worker with an open model, and a holder whose credits come with the next day.

import { Network, until } from './network.mjs';
import * as protocol from './protocol.mjs';

/** What makes a node a worker's. */
export const workerFlags = (model = protocol.DEFAULT_MODEL, device = 'cpu') => [
  '--offchain-worker', 'always', '--inference-models', model, '--inference-device', device,
];
/** ONE that the holder stakes: enough for the lowest tier. */
const STAKE = 2_000n * protocol.ONE;
/** Transfers whose fees fill the credit pot. */
const TRANSFERS = 30;

/** A network with the shortest credit days and settlement windows that there are. */
export const marketNetwork = () => new Network('demo', { DayLength: 30_000, WindowLength: 30_000 });

/** Starts the nodes of `network` and does what everyone does before the first prompt; Charlie is the holder, Dave the worker. */
export async function openMarket(network) {
  const info = await protocol.importModel(protocol.DEFAULT_MODEL);
  const nodes = await startNodes(network);
  const { aliceNode: { api }, workerNode } = nodes;
  const keys = await protocol.keyring();
  const [alice, bob, holder, worker] = ['//Alice', '//Bob', '//Charlie', '//Dave'].map((uri) => keys.addFromUri(uri));
  await Promise.all([protocol.activateModel(api, alice, info), protocol.stake(api, holder, STAKE)]);
  await Promise.all([
    protocol.registerWorker(api, workerNode, keys, worker, [info.root]),
    protocol.ordinaryTransfers(api, alice, bob, TRANSFERS),
  ]);
  const isKnown = async () => (await workerNode.api.query.workers.workers(worker.address)).isSome;
  await until("the worker's node to see it registered", isKnown);
  return { ...nodes, keys, info, holder, worker };
}

async function startNodes(network) {
  const aliceNode = await network.add('alice', '--alice', '--validator');
  const [bobNode, workerNode] = await Promise.all([
    network.add('bob', '--bob', '--validator'),
    network.add('worker', ...workerFlags()),
  ]);
  // A transaction that no other node has heard of is lost for a while when another's block wins.
  const isConnected = async () => (await aliceNode.api.rpc.system.health()).peers.eqn(2) && (await aliceNode.height()) > 0;
  await until('the nodes to connect and make a block', isConnected, 120);
  return { aliceNode, bobNode, workerNode };
}
