import { loadShape } from '../test/circuit.ts';
import { circuitTests } from '../test/circuit-suite.ts';
import { determinismTests } from '../test/determinism-suite.ts';
import { circuitFileTests, developmentKeyTests } from '../test/shape-suite.ts';
import { SHAPE_C } from './shape.ts';

const frozen = {
  r1cs: 'fc058800f6bab15d3f5eb8d47718e93313ecc14f656611657dc15d6772c2d34f',
  constraints: 22_031,
  domain: 1 << 15,
} as const;

const loaded = await loadShape(SHAPE_C);

circuitTests(SHAPE_C, loaded, frozen, 'last');
determinismTests(SHAPE_C, loaded, {
  'a note in every place': [],
  'a dummy in the first place': [0],
});
circuitFileTests(SHAPE_C, loaded);
developmentKeyTests(SHAPE_C, loaded);
