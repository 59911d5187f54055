import { writeFileSync } from 'node:fs';
import { toHex } from '@sero/crypto';
import { circuitFile, loadDevelopmentKeys } from '../src/node.ts';
import { SHAPES } from '../src/shape.ts';

/**
 * Makes the development keys of all shapes, or finds them in the cache, and writes the verifying keys to
 * keys/development.data.json. To be run when a circuit changes; shape-*.test.ts compare.
 */
const entries = [];
for (const shape of SHAPES) {
  const { verifyingKey } = await loadDevelopmentKeys(await circuitFile(shape), shape.id);
  entries.push({ circuit: shape.id, verifyingKey: toHex(verifyingKey) });
}
const file = new URL('../keys/development.data.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(entries, undefined, 2)}\n`);
