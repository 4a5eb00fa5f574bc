// A real network on this machine: processes of one-node, their ports, keys and logs.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiPromise, WsProvider } from '@polkadot/api';
import { exportChain } from './chain.mjs';

const NODE = process.env.ONE_NODE ?? fail('ONE_NODE is not set: start through scripts/demo or scripts/test');
const STOP_GRACE_MS = 10_000;

/** Throws with `message`. */
export function fail(message) {
  throw new Error(message);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls `probe` until it returns something truthy; fails naming `what` after `seconds`. */
export async function until(what, probe, seconds = 60, every = 250) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) fail(`timed out after ${seconds} s waiting for ${what}`);
    await sleep(every);
  }
}

/** Number of the last finalised block. */
export async function finalized(api) {
  return (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber();
}

/** Whether nobody listens on the TCP port `port`. */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The next port to try: each process has its own, below those that systems give to connections. */
let nextPort = 12_000 + 50 * (process.pid % 400);

/** A TCP port that is free, and that no other node is given, here or by another process of tests. */
async function freePort() {
  while (!(await isFree(nextPort))) nextPort += 1;
  nextPort += 1;
  return nextPort - 1;
}

/** One process of one-node, with a folder that outlives restarts. */
export class Node {
  constructor(network, name, flags) {
    Object.assign(this, { network, name, flags, base: join(network.folder, name) });
  }

  /** Starts the process, with these bootnodes and flags besides its own, and connects to it. */
  async start(bootnodes = this.network.bootnodes(this), ...flags) {
    this.p2p ??= await freePort();
    this.rpc ??= await freePort();
    this.prometheus ??= await freePort();
    const chain = await this.network.specification();
    this.log = createWriteStream(join(this.network.folder, `${this.name}.log`), { flags: 'a' });
    this.exited = false;
    this.process = spawn(NODE, [...this.arguments(chain, bootnodes), ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout.pipe(this.log, { end: false });
    this.process.stderr.pipe(this.log, { end: false });
    this.process.once('exit', (code, signal) => {
      this.exited = `code ${code}, signal ${signal}`;
    });
    await this.connect();
    return this;
  }

  /** Starts where no other node finds it: on another port, knowing nobody. A validator makes blocks all the same. */
  startAlone() {
    this.p2p = undefined;
    return this.start([], '--force-authoring');
  }

  /** Connects to `other`, and stays so. */
  link(other) {
    return this.send('system_addReservedPeer', other.address);
  }

  arguments(chain, bootnodes) {
    return [
      '--chain', chain,
      '--base-path', this.base,
      '--name', this.name,
      '--listen-addr', `/ip4/127.0.0.1/tcp/${this.p2p}`,
      '--rpc-port', this.rpc,
      '--rpc-methods', 'unsafe',
      '--prometheus-port', this.prometheus,
      '--unsafe-force-node-key-generation',
      '--allow-private-ip', '--no-mdns', '--no-telemetry',
      // What happened is read from the first block on.
      '--state-pruning', 'archive',
      ...(bootnodes.length ? ['--bootnodes', ...bootnodes] : []),
      ...this.flags,
    ].map(String);
  }

  /** Waits for the RPC port first: the API gives up for good when its first connection is refused. */
  async connect() {
    await until(`${this.name} to answer`, () => this.answers(), 120);
    this.provider = new WsProvider(`ws://127.0.0.1:${this.rpc}`, 500, {}, 60_000);
    this.api = await ApiPromise.create({ provider: this.provider, noInitWarn: true });
    this.peerId = (await this.api.rpc.system.localPeerId()).toString();
  }

  /** Connects anew. */
  async reconnect() {
    await this.api.disconnect();
    await this.connect();
  }

  async answers() {
    if (this.exited) fail(`${this.name} ended (${this.exited}); its log: ${this.network.keep(this.name)}`);
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system_health', params: [] }),
    };
    return fetch(`http://127.0.0.1:${this.rpc}`, request).then((response) => response.ok, () => false);
  }

  get address() {
    return `/ip4/127.0.0.1/tcp/${this.p2p}/p2p/${this.peerId}`;
  }

  /** Sends a JSON-RPC request as it is. */
  send(method, ...parameters) {
    return this.provider.send(method, parameters);
  }

  async height() {
    return (await this.api.rpc.chain.getHeader()).number.toNumber();
  }

  finalized() {
    return finalized(this.api);
  }

  /** Ends the process: politely by default, at once with `SIGKILL`. */
  async stop(signal = 'SIGTERM') {
    await this.api?.disconnect().catch(() => {});
    if (!this.process || this.exited) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_GRACE_MS);
    await gone;
    clearTimeout(timer);
    this.log.end();
  }
}

/** Nodes of one chain in a temporary folder; `periods` are governed times, in milliseconds, that differ from the preset's. */
export class Network {
  constructor(chain, periods = {}) {
    this.chain = chain;
    this.periods = periods;
    this.nodes = [];
    this.folder = mkdtempSync(join(tmpdir(), 'one-network-'));
    this.kept = Boolean(process.env.ONE_KEEP);
  }

  /** The file that describes the chain, first state included: to build that at each start takes longer than all the rest. */
  specification() {
    this.exported ??= exportChain(this.chain, this.periods, this.folder);
    return this.exported;
  }

  async add(name, ...flags) {
    const node = new Node(this, name, flags);
    this.nodes.push(node);
    return node.start();
  }

  /** Where the others are, or were: nodes that start at the same time find each other by these too. */
  bootnodes(node) {
    return this.nodes.filter((other) => other !== node && other.peerId).map((other) => other.address);
  }

  /** Kills every node at once, as a power cut would. */
  async kill() {
    await Promise.all(this.nodes.map((node) => node.stop('SIGKILL')));
  }

  /** Starts every node again on what it left. */
  async restart() {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /** Keeps the folder for whoever looks for the reason; returns the log of `name`. */
  keep(name) {
    this.kept = true;
    return join(this.folder, `${name}.log`);
  }

  /** Stops everything and removes the folder, unless it is kept. */
  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()));
    if (!this.kept) rmSync(this.folder, { recursive: true, force: true });
  }
}
