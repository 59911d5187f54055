import { joinSplitWitness, SHAPE_A } from '@sero/circuits';
import { randomizer, randomizeSecret, SIGNING_RANDOMNESS, sign, toAffine, toField } from '@sero/crypto';
import {
  encodeAddress,
  encodeEnvelope,
  encodeOneTimeAddress,
  GROTH16_BLS12_381,
  hashNodesWith,
  KIND,
  MEMO_KEY_LENGTH,
  ownAddress,
  SERO_ASSET,
  TREE_CAPACITY,
  type WitnessTree,
  witnessTree,
} from '@sero/protocol';
import {
  accountFromWords,
  buildTransaction,
  type PlannedInput,
  type PlannedOutput,
  systemRandom,
  type TransactionPlan,
} from '@sero/wallet';
import type { DevelopmentTools } from '../tools/demo/network.ts';
import { AMOUNT, GAS_PRICE, leavesOf, type PaymentChain, paymentGas } from './network-chain.ts';

/** Words of the person who is paid. */
const PAYEE_WORDS = `${'zoo '.repeat(23)}vote`;

/** Makes payments, each out of a note of its own, as a wallet makes them: its builder, its circuit, one input a dummy, change and an output of value 0. */
export interface PaymentMaker {
  /** The signed and proved bytes of payment number `n`, 0 to one less than the notes. */
  make(n: number): Promise<Uint8Array>;
}

/** Prepares for a chain: hashes its notes and the tree over them. */
export function paymentMaker(chain: PaymentChain, tools: DevelopmentTools): PaymentMaker {
  const tree: WitnessTree = witnessTree(hashNodesWith(tools.noteHasher));
  tree.append([...leavesOf(chain)]);
  const size = tree.size();
  const root = tree.rootAt(size);
  const { genesis, payer } = chain;
  const { viewing } = payer.proof;
  const payee = accountFromWords(PAYEE_WORDS).proof.viewing.address;
  const gasLimit = paymentGas();
  const fee = gasLimit * GAS_PRICE;
  const field = (): bigint => toField(systemRandom(64));

  function planOf(n: number): TransactionPlan {
    const { value, owner, rcm } = chain.note(n);
    const position = BigInt(n);
    const real: PlannedInput = {
      asset: SERO_ASSET,
      value,
      vpkrU: toAffine(owner.vpkr).u,
      r: chain.r,
      rcm,
      position,
      path: tree.pathAt(position, size),
    };
    const dummy: PlannedInput = {
      asset: SERO_ASSET,
      value: 0n,
      vpkrU: field(),
      r: field(),
      rcm: field(),
      position: field() % TREE_CAPACITY,
      path: real.path.map(() => [field(), field(), field()] as const),
    };
    const output = (to: typeof payee, amount: bigint): PlannedOutput => ({
      to: encodeAddress(to),
      asset: SERO_ASSET,
      value: amount,
      rseed: systemRandom(32),
      readsMemo: false,
      memoFiller: systemRandom(MEMO_KEY_LENGTH),
    });
    const sender = ownAddress(viewing, genesis.chainId, 'once', position);
    return {
      version: 1,
      genesisHash: chain.hash,
      tx: {
        kind: KIND.pay,
        proofSystem: GROTH16_BLS12_381,
        circuit: SHAPE_A.id,
        chainId: genesis.chainId,
        // As late as the rules allow: the run may begin when its chain has stood for hours.
        expiry: genesis.anchor.window,
        gasLimit,
        gasPrice: GAS_PRICE,
        from: encodeOneTimeAddress(sender),
        pub: { asset: new Uint8Array(32), pubOut: [fee, 0n] },
        call: [],
        body: new Uint8Array(0),
      },
      anchor: { height: 0n, size, root },
      rFrom: sender.shared.r,
      alpha: randomizer(systemRandom(SIGNING_RANDOMNESS)),
      slotAssets: Array.from({ length: SHAPE_A.slots - 1 }, () => SERO_ASSET),
      inputs: n % 2 === 0 ? [real, dummy] : [dummy, real],
      outputs: [output(payee, AMOUNT), output(viewing.address, value - fee - AMOUNT), output(payee, 0n)],
      spends: [position],
      fee,
    };
  }

  return {
    async make(n) {
      const plan = planOf(n);
      const { tx, hashE, assignment } = buildTransaction(plan, payer.proof);
      const signature = sign(randomizeSecret(payer.ask, plan.alpha), hashE, systemRandom(SIGNING_RANDOMNESS));
      const { program, provingKey } = await tools.circuit(SHAPE_A.id);
      const { wtns } = await joinSplitWitness(program, SHAPE_A, assignment);
      const proof = await tools.prover.prove(provingKey, wtns);
      return encodeEnvelope({ tx, authorization: { proof, signature } });
    },
  };
}
