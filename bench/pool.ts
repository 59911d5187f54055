import { decodeEnvelope } from '@sero/protocol';
import { developmentTools } from '../tools/demo/network.ts';
import type { Suite } from './harness.ts';
import { fundedWallet, proofItems } from './payment.ts';

/** Figures of a private payment beside its proof, which prover.ts has. */
export const poolSuite: Suite = {
  prefix: 'pool.',
  async prepare() {
    const tools = await developmentTools();
    const { actor, network } = await fundedWallet(tools);
    const { bytes } = await proofItems(actor, network, tools);
    await tools.close();
    return [
      {
        what: 'The bytes of a payment decoded; points, signature and proof are not looked at.',
        unit: 'ms',
        better: 'lower',
        runs: 7,
        subject: { name: 'pool.decodeTransaction', operations: 1, run: () => decodeEnvelope(bytes) },
      },
    ];
  },
};
