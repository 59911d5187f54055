import { loadShape } from '../test/circuit.ts';
import { circuitTests } from '../test/circuit-suite.ts';
import { SHAPE_A } from './shape.ts';

const frozen = {
  r1cs: '1e9bfff46a32036cd09f8d17db99326069dccae6605337e397a084b91430225c',
  constraints: 15_906,
  domain: 1 << 14,
} as const;

circuitTests(SHAPE_A, await loadShape(SHAPE_A), frozen, 'first');
