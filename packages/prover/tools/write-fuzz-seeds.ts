/**
 * Writes what fuzzing of proving keys begins with:  node packages/prover/tools/write-fuzz-seeds.ts DIRECTORY
 *
 * One input for build/harness/fuzz_key: the length of a .zkey, the .zkey, a .wtns that it proves.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('write-fuzz-seeds.ts DIRECTORY');
  process.exit(2);
}
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../src/fixtures/product-chain.${name}`, import.meta.url));
const [zkey, wtns] = [fixture('zkey'), fixture('wtns')];
const seed = new Uint8Array(4 + zkey.length + wtns.length);
new DataView(seed.buffer).setUint32(0, zkey.length, true);
seed.set(zkey, 4);
seed.set(wtns, 4 + zkey.length);
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'product-chain'), seed);
