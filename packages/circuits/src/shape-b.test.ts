import { loadShape } from '../test/circuit.ts';
import { circuitTests } from '../test/circuit-suite.ts';
import { determinismTests } from '../test/determinism-suite.ts';
import { circuitFileTests, developmentKeyTests } from '../test/shape-suite.ts';
import { SHAPE_B } from './shape.ts';

const frozen = {
  r1cs: 'd68799ca9a8113d1b86b0c038426169d3aaca3f219abcb4d37948a9737e3d324',
  constraints: 54_551,
  domain: 1 << 16,
} as const;

const loaded = await loadShape(SHAPE_B);

circuitTests(SHAPE_B, loaded, frozen, 'last');
determinismTests(SHAPE_B, loaded, {
  'a note in every place': [],
  'a dummy in the first place': [0, 2, 3, 4, 5, 6, 7],
});
circuitFileTests(SHAPE_B, loaded);
developmentKeyTests(SHAPE_B, loaded);
