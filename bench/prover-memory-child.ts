// A process that does nothing but prove: `prover-memory-child.ts bare`, or `native ZKEY WTNS IMAGES` or `snarkjs ZKEY WTNS`. Says on its
// last line the most bytes of memory that it ever held. Everything is imported where it is needed: `bare` loads nothing.

import { readFile } from 'node:fs/promises';

/** Proofs in a row: what is kept from one to the next must not grow. */
const PROOFS = 5;
const [kind = 'bare', zkey = '', wtns = '', images = ''] = process.argv.slice(2);

async function largestResidentSet(): Promise<number> {
  // Where Linux says it of this program; what `resourceUsage` says begins with the process that started it.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return 1_024 * (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes));
}

if (kind === 'native') {
  const { openBackend } = await import('@sero/prover/node');
  const backend = await openBackend({ backend: 'native', images });
  const witness = await readFile(wtns);
  for (let i = 0; i < PROOFS; i++) await backend.prover.prove(zkey, witness);
  await backend.close();
} else if (kind === 'snarkjs') {
  const { createSnarkjsProver } = await import('@sero/prover/test/snarkjs');
  const prover = createSnarkjsProver();
  await prover.prove(zkey, await readFile(wtns));
  await prover.close();
}
console.log(await largestResidentSet());
