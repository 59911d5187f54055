import { join } from 'node:path';
import { createClient, RpcError, type SeroClient, TransportError } from '@sero/api';
import { loadWitnessProgram, shapeOf } from '@sero/circuits';
import { cacheDirectory, circuitFile, loadDevelopmentKeys } from '@sero/circuits/node';
import { toHex } from '@sero/crypto';
import { SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import type { ProverBackend } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import {
  assemble,
  type CircuitTools,
  memoryWalletStore,
  openWallet,
  type ProvingTools,
  plan,
  prove,
  readPlan,
  rpcSource,
  sendViaRpc,
  sign,
  submit,
  syncWallet,
  type Wallet,
  WalletError,
} from '@sero/wallet';
import type { Ending, Payment, Read } from './history.ts';
import type { MadeNetwork, Person } from './made-network.ts';
import { draws } from './random.ts';

/** People who pay each other through nodes, whatever happens to these. */
export interface Payers {
  /** Pays on until the signal comes, then finishes what is begun. Never rejects for what a node does. */
  run(until: AbortSignal): Promise<void>;
  /** Reads the chain from a node to its head, all wallets, and says who has what. */
  ending(url: string): Promise<Omit<Ending, 'pooled'> & { readonly height: number }>;
  readonly payments: readonly Payment[];
  readonly reads: readonly Read[];
  close(): Promise<void>;
}

export interface PayersOptions {
  readonly made: MadeNetwork;
  readonly seed: string;
  /** Nodes that may be asked now, by name; dead ones may be among them. */
  readonly nodes: () => readonly { readonly name: string; readonly url: string }[];
}

/** ms until a node that does not answer counts as dead for a request. */
const PATIENCE = 8_000;

/** ms between two looks at the chain. */
const LOOK = 250;

/** ms after which a payer gives up waiting for a payment and goes on: it counts as neither final nor lost. */
const GIVEN_UP = 120_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a node does, or what it is too early for: everything else is a fault of a test or of a wallet. */
function isOfTheNode(error: unknown): boolean {
  if (error instanceof TransportError || error instanceof RpcError) return true;
  const codes: readonly string[] = [
    'node-behind',
    'node-answer-invalid',
    'node-not-final',
    'notes-too-new',
    'no-anchor',
  ];
  return error instanceof WalletError && codes.includes(error.code);
}

/** Opens a wallet for each person. */
export async function createPayers({ made, seed, nodes }: PayersOptions): Promise<Payers> {
  const backend = await openBackend({ images: join(cacheDirectory(), 'ready') });
  const tools = provingTools(backend);
  const payments: Payment[] = [];
  const reads: Read[] = [];
  const wallets = new Map<string, Wallet>();
  for (const { name, key } of made.people) {
    const wallet = await openWallet({
      key: key.proof.viewing,
      genesis: made.genesis.slice(),
      store: memoryWalletStore(),
      scanner: backend.scanner,
      traces: backend.traces,
      hasher: backend.noteHasher,
    });
    wallets.set(name, wallet);
  }
  const clientOf = (url: string): SeroClient => createClient({ url, timeoutMs: PATIENCE });

  /** Reads on from a node. */
  async function look(client: string, node: { readonly name: string; readonly url: string }): Promise<void> {
    const { height } = await syncWallet(wallets.get(client)!, rpcSource(clientOf(node.url)));
    reads.push({ client, node: node.name, height: Number(height), at: performance.now() });
  }

  async function payOnce(person: Person, next: () => number): Promise<void> {
    const { name, key } = person;
    const wallet = wallets.get(name)!;
    const known = nodes();
    const node = known[Math.floor(next() * known.length)]!;
    const others = made.people.filter((one) => one !== person);
    const to = others[Math.floor(next() * others.length)]!;
    const amount = 1n + BigInt(Math.floor(next() * 1_000)) * (SERO_UNIT / 1_000n);
    await look(name, node);
    const planned = await plan(wallet, {
      type: 'pay',
      to: to.key.proof.viewing.address,
      asset: SERO_ASSET,
      amount,
    });
    const { fee } = readPlan(planned);
    const signed = sign(planned, key);
    const proved = await prove(planned, key.proof, tools);
    const { txid: id } = assemble(signed, proved);
    const txid = toHex(id);
    const began = {
      client: name,
      txid,
      to: to.name,
      amount,
      fee,
      node: node.name,
      invokedAt: performance.now(),
    };
    let answer = 'unknown' as Payment['answer'];
    const send = sendViaRpc(clientOf(node.url));
    try {
      await submit(wallet, planned, signed, proved, async (bytes) => {
        const refused = await send(bytes);
        answer = refused instanceof Error ? 'refused' : 'taken';
        return refused;
      });
    } catch (error) {
      if (!isOfTheNode(error)) throw error;
    }
    const place = payments.push({ ...began, answer, answeredAt: performance.now() }) - 1;
    if (answer === 'refused') return;
    const final = await finalHeight(name, txid, next);
    if (final !== undefined) payments[place] = { ...payments[place]!, final };
  }

  /** Looks at any node until the payer's wallet has the transaction. */
  async function finalHeight(client: string, txid: string, next: () => number): Promise<Payment['final']> {
    const wallet = wallets.get(client)!;
    const end = performance.now() + GIVEN_UP;
    while (performance.now() < end) {
      const found = wallet.history().find((entry) => toHex(entry.txid) === txid);
      if (found !== undefined) return { height: Number(found.height), at: performance.now() };
      if (!wallet.pending().some((one) => toHex(one.txid) === txid)) return undefined;
      const known = nodes();
      await ofNodes(() => look(client, known[Math.floor(next() * known.length)]!));
      await pause(LOOK);
    }
    return undefined;
  }

  /** Does something that a node may spoil. */
  async function ofNodes(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isOfTheNode(error)) throw error;
      await pause(LOOK);
    }
  }

  return {
    payments,
    reads,
    async run(until) {
      await Promise.all(
        made.people.map(async (person) => {
          const next = draws(seed, person.name);
          while (!until.aborted) await ofNodes(() => payOnce(person, next));
        }),
      );
    },
    async ending(url) {
      const received: Ending['received'][number][] = [];
      const balances = new Map<string, bigint>();
      let height = -1;
      for (const [name, wallet] of wallets) {
        const head = await syncWallet(wallet, rpcSource(clientOf(url)));
        height = Number(head.height);
        balances.set(
          name,
          wallet.balances().reduce((sum, { total }) => sum + total, 0n),
        );
        for (const { txid, value } of wallet.notes()) {
          const id = toHex(txid);
          const payment = payments.find((one) => one.txid === id);
          // Change comes back to the payer.
          if (payment?.to === name) received.push({ client: name, txid: id, amount: value });
        }
      }
      const allocated = made.seen.allocated;
      return { allocated, balances, received, height };
    },
    close: () => backend.close(),
  };
}

/** The development keys of each circuit, loaded when it is used first. */
function provingTools(backend: ProverBackend): ProvingTools {
  const loaded = new Map<number, Promise<CircuitTools>>();
  const load = async (id: number): Promise<CircuitTools> => {
    const shape = shapeOf(id);
    if (shape === undefined) throw new Error(`there is no circuit ${id}`);
    const file = await circuitFile(shape);
    const { zkeyPath } = await loadDevelopmentKeys(file, id);
    return { program: await loadWitnessProgram(file, backend.witness), provingKey: zkeyPath };
  };
  return {
    prover: backend.prover,
    circuit(id) {
      const tools = loaded.get(id) ?? load(id);
      loaded.set(id, tools);
      return tools;
    },
  };
}
