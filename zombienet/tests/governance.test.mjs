// Holders govern a local network of four, without sudo.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REFERENDUM = fileURLToPath(new URL('../src/referendum.mjs', import.meta.url));

test('referenda should set a price, activate a model, cancel, pardon, and upgrade under load', { timeout: 1_800_000 }, async (context) => {
  const { stdout } = await run(process.execPath, [REFERENDUM, '--json'], { maxBuffer: 1 << 24 });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1));
  context.diagnostic(JSON.stringify(summary));
  assert.notEqual(summary.price_before, summary.price_after);
  assert.equal(summary.price_after, '120000');
  assert.match(summary.model, /^0x[0-9a-f]{64}$/);
  assert.equal(summary.cancelled, 2);
  assert.ok(BigInt(summary.slashed) > 0n, 'a slash was pending');

  assert.equal(summary.spec_version_after, summary.spec_version_before + 1);
  assert.ok(summary.jobs_stored > 0, 'jobs were under way');
  assert.equal(summary.jobs_rewritten, summary.jobs_stored);
  assert.ok(summary.migration_blocks > 1, `the migration took ${summary.migration_blocks} blocks`);
  assert.ok(summary.submitted_in_migration, 'jobs were submitted while the runtime migrated');
  assert.equal(summary.receipts_paid, summary.jobs, 'each receipt is paid once');
  assert.equal(summary.paid, summary.earned);
  assert.equal(summary.offences, 0, 'the worker did nothing wrong');
});
