import { SHAPE_B } from '@sero/circuits';
import { SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { addressOf } from '../../tools/demo/actor.ts';
import { realProofTests } from './shape-suite.ts';

/** Five notes pay one amount. */
realProofTests({
  shape: SHAPE_B,
  notes: Array.from({ length: 5 }, () => SERO_UNIT),
  request: ({ address }) => ({
    type: 'pay',
    to: addressOf(address),
    asset: SERO_ASSET,
    amount: 4n * SERO_UNIT + SERO_UNIT / 2n,
    memo: 'out of five notes',
  }),
  received: 4n * SERO_UNIT + SERO_UNIT / 2n,
});
