// Holders govern a local network of four, without sudo.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REFERENDUM = fileURLToPath(new URL('../src/referendum.mjs', import.meta.url));

test('referenda should set a price, activate a model, cancel and upgrade', { timeout: 900_000 }, async () => {
  const { stdout } = await run(process.execPath, [REFERENDUM, '--json'], { maxBuffer: 1 << 24 });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1));
  assert.notEqual(summary.price_before, summary.price_after);
  assert.equal(summary.price_after, '120000');
  assert.match(summary.model, /^0x[0-9a-f]{64}$/);
  assert.equal(summary.cancelled, 2);
  // What is no runtime is refused, although it was voted for.
  assert.equal(summary.upgrade, 'refused');
  assert.equal(summary.spec_version_after, summary.spec_version_before);
});
