import { readCircuit, SHAPE_A } from '@sero/circuits';
import { circuitFile } from '@sero/circuits/node';
import { DEVELOPMENT, intrinsicGas, OutputType, type Transaction } from '@sero/protocol';
import { PROOF_BYTES } from '@sero/prover';
import { counted, type Suite } from './harness.ts';

const EMPTY = new Uint8Array(32);

/** A payment of shape A as far as gas looks at it. */
function payment(memoLength: number): Transaction {
  const output = { cm: EMPTY, vpkr: EMPTY, tag: EMPTY, enc: EMPTY, out: EMPTY, memoKey: EMPTY };
  const list = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
  return {
    version: 1,
    kind: 0,
    proofSystem: 1,
    circuit: SHAPE_A.id,
    chainId: DEVELOPMENT.chainId,
    expiry: 0n,
    gasLimit: 0n,
    gasPrice: 0n,
    from: EMPTY,
    shielded: {
      anchor: 0n,
      rk: EMPTY,
      nullifiers: list(SHAPE_A.inputs, EMPTY),
      traces: list(SHAPE_A.inputs, EMPTY),
      outputs: list(SHAPE_A.outputs, output),
    },
    memo: new Uint8Array(memoLength),
    pub: { asset: EMPTY, pubOut: [0n, 0n] },
    call: [],
    recipients: [],
    body: new Uint8Array(0),
  };
}

/** What is counted rather than timed. */
export const sizeSuite: Suite = {
  prefix: 'size.',
  async prepare() {
    const { constraints } = readCircuit(await circuitFile(SHAPE_A));
    const gas = (memoLength: number): number => Number(intrinsicGas(DEVELOPMENT.gas, payment(memoLength)));
    return [
      counted(
        'size.circuitA.constraints',
        'R1CS constraints of shape A (2 in, 3 out).',
        constraints.length,
        'constraints',
      ),
      counted('size.circuitA.publicInputs', 'Public inputs of shape A.', SHAPE_A.publicInputs, 'elements'),
      counted('size.proof', 'A proof on the wire.', PROOF_BYTES, 'bytes'),
      counted('size.output', 'A shielded output on the wire.', OutputType.fixedSize ?? 0, 'bytes'),
      counted('size.payment.gas', 'Gas of a shape-A payment without a memo.', gas(0), 'gas'),
      counted('size.paymentWithMemo.gas', 'The same with a memo.', gas(528), 'gas'),
    ].map((figure) => ({ figure }));
  },
};
