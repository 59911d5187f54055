import { SHAPE_C } from '@sero/circuits';
import { SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { addressOf } from '../../tools/demo/actor.ts';
import { realProofTests } from './shape-suite.ts';

/** Fifteen payments out of one note. */
realProofTests({
  shape: SHAPE_C,
  notes: [130n * SERO_UNIT],
  request: ({ address }) => ({
    type: 'payMany',
    payments: Array.from({ length: 15 }, (_, i) => ({
      to: addressOf(address),
      asset: SERO_ASSET,
      amount: BigInt(i + 1) * SERO_UNIT,
    })),
    memo: 'wages',
  }),
  received: 120n * SERO_UNIT,
});
