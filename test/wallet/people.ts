import { SHAPE_A, type Shape } from '@sero/circuits';
import { fieldToBytes } from '@sero/crypto';
import {
  DEVELOPMENT,
  decodeExecutedBlock,
  deriveSpendingKey,
  encodeOneTimeAddress,
  ownAddress,
  type Receipt,
  SERO_ASSET,
  type SpendingKey,
  viewingKeyFromText,
  viewingKeyToText,
} from '@sero/protocol';
import type { NoteHasher } from '@sero/prover';
import {
  assemble,
  memoryWalletStore,
  openWallet,
  type Plan,
  plan,
  prove,
  type ReadyTransaction,
  type Request,
  sign,
  submit,
  type Wallet,
} from '@sero/wallet';
import { type Network, startNetwork } from '../../tools/demo/network.ts';
import {
  chosenBackend,
  provingToolsDouble,
  rememberingHasher,
  verifierDouble,
  verifyingKeyDouble,
} from './doubles.ts';

/**
 * People with wallets on a chain whose ledger checks everything but the pairing. Signatures, points and traces are checked and notes are
 * found by the prover that the run has chosen.
 */

export interface Person {
  readonly key: SpendingKey;
  readonly wallet: Wallet;
}

export interface Town {
  readonly network: Network;
  readonly people: readonly Person[];
  /** Every block with its receipts, serialised. */
  readonly blocks: Uint8Array[];
  readonly hasher: NoteHasher;
  /** Makes a block of what was sent and gives its bytes to every wallet. Returns its receipts. */
  mine(): Promise<readonly Receipt[]>;
}

/** Keys of the n-th person of every town. */
function keyOf(n: number): SpendingKey {
  return deriveSpendingKey(Uint8Array.from({ length: 32 }, (_, i) => (17 * n + 5 * i + 3) & 0xff));
}

/** A town of people who own these amounts of SERO in the genesis block. @param circuits those with verifying keys */
export async function foundTown(
  amounts: readonly bigint[],
  circuits: readonly Shape[] = [SHAPE_A],
): Promise<Town> {
  const keys = amounts.map((_, n) => keyOf(n));
  const hasher = rememberingHasher();
  const allocations = amounts.flatMap((value, n) => {
    const address = ownAddress(keys[n]!.proof.viewing, DEVELOPMENT.chainId, 'owner', 0n);
    return value === 0n
      ? []
      : [{ pkr: encodeOneTimeAddress(address), asset: fieldToBytes(SERO_ASSET), value }];
  });
  const network = startNetwork(circuits.map(verifyingKeyDouble), allocations, {
    ...(await chosenBackend()),
    verifier: verifierDouble,
    noteHasher: hasher,
  });
  const blocks: Uint8Array[] = [];
  const people: Person[] = [];
  for (const key of keys) {
    const { viewing } = key.proof;
    people.push({
      key,
      wallet: await openView(network, hasher, viewingKeyToText(viewing, 'development'), false),
    });
  }
  const deliver = async (block: Uint8Array): Promise<readonly Receipt[]> => {
    blocks.push(block);
    for (const { wallet } of people) await wallet.addBlock(block.slice());
    return decodeExecutedBlock(block.slice()).receipts;
  };
  await deliver(network.ledger.executedBlock(0n));
  return { network, people, blocks, hasher, mine: async () => deliver(await network.mine()) };
}

/** A wallet from the text of a TK and nothing else. */
export async function openView(
  { genesis }: Network,
  hasher: NoteHasher,
  viewingKey: string,
  audit: boolean,
): Promise<Wallet> {
  const key = viewingKeyFromText(viewingKey, 'development');
  const { scanner, traces } = await chosenBackend();
  return openWallet({
    key,
    genesis: genesis.slice(),
    store: memoryWalletStore(),
    scanner,
    traces,
    hasher,
    audit,
  });
}

/** An auditor who has a TK as text and the chain's bytes. */
export async function auditorOf(town: Town, { key }: Person): Promise<Wallet> {
  const text = viewingKeyToText(key.proof.viewing, 'development');
  const auditor = await openView(town.network, town.hasher, text, true);
  for (const block of town.blocks) await auditor.addBlock(block.slice());
  return auditor;
}

/** Signs, proves and submits a plan to the town's network. */
export async function send(town: Town, person: Person, planned: Plan): Promise<ReadyTransaction> {
  const signed = sign(planned, person.key);
  const proved = await prove(planned, person.key.proof, provingToolsDouble);
  return submit(person.wallet, planned, signed, proved, (bytes) =>
    town.network.send(bytes).catch((error) => error),
  );
}

/** Plans, signs, proves and submits a request. */
export async function ask(town: Town, person: Person, request: Request): Promise<ReadyTransaction> {
  return send(town, person, await plan(person.wallet, request));
}

/** A transaction that was never sent. */
export async function unsent(
  { wallet, key }: Person,
  request: Request,
): Promise<{ planned: Plan; ready: ReadyTransaction }> {
  const planned = await plan(wallet, request);
  const proved = await prove(planned, key.proof, provingToolsDouble);
  return { planned, ready: assemble(sign(planned, key), proved) };
}

/** A token of the first person: commit, a block between, issue. */
export async function issueToken(town: Town, person: Person, name: string, supply: bigint): Promise<void> {
  await ask(town, person, { type: 'commit', name });
  await town.mine();
  await town.mine();
  await ask(town, person, { type: 'issue', name, kind: 1, supply });
  await town.mine();
}

/** A repeatable source of choices (mulberry32): the same seed, the same story. */
export function choices(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}
