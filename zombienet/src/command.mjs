// What the commands of this folder share: options, a clock, and an orderly end.

import { parseArgs } from 'node:util';

const started = Date.now();
const elapsed = () => Math.round((Date.now() - started) / 1000);

/** The command `name`, which takes `--json` besides `options`: what was asked for, where to tell what happens, and how to run it. */
export function command(name, options) {
  const { values } = parseArgs({ options: { ...options, json: { type: 'boolean', default: false } } });
  // With --json the standard output is one line for machines; what happens is told beside it.
  const out = values.json ? process.stderr : process.stdout;
  const say = (line) => out.write(`${String(elapsed()).padStart(4)} s  ${line}\n`);
  const conclude = (summary) => {
    say('done; everything is cleaned up');
    if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, seconds: elapsed() })}\n`);
  };
  return { options: values, out, say, run: (network, main) => run(name, network, main, conclude) };
}

/** Runs `main` on `network`, hands what it resolves with to `conclude`, and ends the process; an interrupt leaves nothing behind. */
async function run(name, network, main, conclude) {
  const interrupt = () => network.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const summary = await main(network);
    await network.stop();
    conclude(summary);
    process.exit(0);
  } catch (error) {
    network.keep('');
    await network.stop();
    process.stderr.write(`${name} failed: ${error.message}\nThe nodes' logs are in ${network.folder}\n`);
    process.exit(1);
  }
}
