import { constants, setPriority } from 'node:os';
import { loadDevelopmentKeys } from '../src/node.ts';
import { SHAPE_B, SHAPE_C } from '../src/shape.ts';
import { compileShape } from './compile.ts';

/**
 * Makes the development keys of shapes C and B where the cache does not have them: minutes of work, for test runs, which
 * start it in the background. It gives way to everything else; threads and programs that it starts inherit that.
 */
setPriority(constants.priority.PRIORITY_LOW);
for (const shape of [SHAPE_C, SHAPE_B]) {
  const { r1cs } = await compileShape(shape);
  await loadDevelopmentKeys(r1cs, shape.id, { warn: () => undefined });
}
