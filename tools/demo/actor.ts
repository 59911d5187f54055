import {
  type Address,
  addressFromText,
  addressToText,
  encodeOneTimeAddress,
  ownAddress,
  type SpendingKey,
  type ViewingKey,
  viewingKeyFromText,
  viewingKeyToText,
} from '@sero/protocol';
import { createReferenceBackend } from '@sero/prover';
import {
  accountFromWords,
  assemble,
  memoryWalletStore,
  newWords,
  openWallet,
  type Plan,
  type ProvingTools,
  plan,
  prove,
  type ReadyTransaction,
  type Request,
  readPlan,
  sign,
  submit,
  type Wallet,
} from '@sero/wallet';
import { Refused } from './chain.ts';
import type { Backends } from './network.ts';

/** One person's side: words in, serialised blocks in, transactions out. Nothing of it is shared with another actor. */
export interface Actor {
  readonly name: string;
  /** PK as text. */
  readonly address: string;
  /** TK as text, for an auditor. */
  readonly viewingKey: string;
  readonly wallet: Wallet;
  readonly key: SpendingKey;
}

/** Keys from words, before there is a chain: allocations need an own address. */
export function keysFromWords(words: string): { words: string; key: SpendingKey } {
  const chosen = words === 'new' ? newWords() : words;
  return { words: chosen, key: accountFromWords(chosen) };
}

/** The address that a genesis file credits: the owner address number 0. */
export function allocationAddress(key: SpendingKey, chainId: bigint): Uint8Array {
  return encodeOneTimeAddress(ownAddress(key.proof.viewing, chainId, 'owner', 0n));
}

/** What reads a chain for a wallet. */
type Reader = Pick<Backends, 'scanner' | 'traces' | 'noteHasher'>;

/** Opens a wallet from its words and the genesis file's bytes. */
export async function openActor(
  name: string,
  words: string,
  genesis: Uint8Array,
  reader: Reader = createReferenceBackend(),
): Promise<Actor> {
  const key = accountFromWords(words);
  const wallet = await open(key.proof.viewing, genesis, reader, false);
  return {
    name,
    address: addressToText(key.proof.viewing.address, 'development'),
    viewingKey: viewingKeyToText(key.proof.viewing, 'development'),
    wallet,
    key,
  };
}

/** Opens an auditor's wallet from the text of a TK. */
export function openAuditor(
  viewingKey: string,
  genesis: Uint8Array,
  reader: Reader = createReferenceBackend(),
): Promise<Wallet> {
  return open(viewingKeyFromText(viewingKey, 'development'), genesis, reader, true);
}

function open(
  key: ViewingKey,
  genesis: Uint8Array,
  { scanner, traces, noteHasher }: Reader,
  audit: boolean,
): Promise<Wallet> {
  return openWallet({
    key,
    genesis: genesis.slice(),
    store: memoryWalletStore(),
    scanner,
    traces,
    hasher: noteHasher,
    audit,
  });
}

/** Where the time of one transaction went, ms. */
export interface Timing {
  readonly planMs: number;
  readonly signMs: number;
  readonly proveMs: number;
}

/** A transaction that is ready to send, with its parts. */
export interface Prepared {
  readonly plan: Plan;
  readonly ready: ReadyTransaction;
  readonly fee: bigint;
  readonly timing: Timing;
  /** Sends it and reserves its notes. */
  send(to: (transaction: Uint8Array) => Promise<void>): Promise<void>;
}

/** Plans, signs and proves one request. */
export async function prepare(actor: Actor, request: Request, tools: ProvingTools): Promise<Prepared> {
  const start = performance.now();
  const planned = await plan(actor.wallet, request);
  return authorize(actor, planned, tools, performance.now() - start);
}

/** A refusal by the rules is an answer; anything else that goes wrong is not known to be one. */
function refusalOnly(error: unknown): unknown {
  if (error instanceof Refused) return error;
  throw error;
}

/** Signs and proves a plan. */
export async function authorize(
  actor: Actor,
  planned: Plan,
  tools: ProvingTools,
  planMs: number,
): Promise<Prepared> {
  const start = performance.now();
  const signed = sign(planned, actor.key);
  const signMs = performance.now() - start;
  const proved = await prove(planned, actor.key.proof, tools);
  const proveMs = performance.now() - start - signMs;
  return {
    plan: planned,
    ready: assemble(signed, proved),
    fee: readPlan(planned).fee,
    timing: { planMs, signMs, proveMs },
    send: async (to) => {
      await submit(actor.wallet, planned, signed, proved, (bytes) => to(bytes).catch(refusalOnly));
    },
  };
}

/** PK of another actor, from its text. */
export function addressOf(text: string): Address {
  return addressFromText(text, 'development');
}
