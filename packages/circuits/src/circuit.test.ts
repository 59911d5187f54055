import { loadShape } from '../test/circuit.ts';
import { circuitTests } from '../test/circuit-suite.ts';
import { circuitFileTests } from '../test/shape-suite.ts';
import { SHAPE_A } from './shape.ts';

const frozen = {
  r1cs: '1e9bfff46a32036cd09f8d17db99326069dccae6605337e397a084b91430225c',
  constraints: 15_906,
  domain: 1 << 14,
} as const;

const loaded = await loadShape(SHAPE_A);

circuitTests(SHAPE_A, loaded, frozen, 'first');
circuitFileTests(SHAPE_A, loaded);
