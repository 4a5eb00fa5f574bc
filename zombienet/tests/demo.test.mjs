// The main job, end to end, on real nodes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEMO = fileURLToPath(new URL('../src/demo.mjs', import.meta.url));
/** CU that `AdmissionCharge` takes. */
const ADMISSION = 100_000n;

test('one prompt should go from stake to payout', { timeout: 600_000 }, async () => {
  const { stdout } = await run(process.execPath, [DEMO, '--json'], { maxBuffer: 1 << 24 });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1));
  const amount = (name) => BigInt(summary[name]);

  assert.equal(summary.holder_free_after, summary.holder_free_before, 'the prompt cost the holder nothing');
  const spent = amount('credits_before') - amount('credits_after');
  assert.equal(spent, amount('credits_charged') + ADMISSION, 'credits fell by the receipt and the admission');
  const paid = amount('worker_usdc_after') - amount('worker_usdc_before');
  assert.equal(paid, amount('price_usdc'), 'the worker got the price of the receipt');
  assert.ok(paid >= 1n);
  assert.ok(paid <= amount('credit_pot_from_fees_usdc'), 'fees of this network covered it');
  assert.ok(amount('fees_paid_one') > 0n);
  assert.ok(summary.answer.length > 0);
  assert.match(summary.result_hash, /^0x[0-9a-f]{64}$/);
});
