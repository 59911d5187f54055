import { LedgerError } from '@sero/ledger';
import { type ExecutedBlock, genesisHash, type Header } from '@sero/protocol';
import { emptyGenesis, settle } from '../test-support.ts';
import type { CheckTurns } from './check-turns.ts';
import { readEntry } from './entry.ts';
import { createMempool, type MempoolOptions } from './mempool.ts';

const genesis = emptyGenesis();
export const hash = genesisHash(genesis);

/** A check that is being done: the test decides how it ends. */
interface Pending {
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
  pass(): void;
  fail(error: Error): void;
}

/** A mempool over a chain whose checks the test answers by hand. */
/** @param turns when checks may begin; undefined: at once */
export function scene(options: MempoolOptions = {}, turns?: CheckTurns) {
  const checks: Pending[] = [];
  const refused: string[] = [];
  const time = { now: 0 };
  const head = { height: 0n, baseFee: genesis.fees.baseFeeStart, gasUsed: 0n };
  const chain = {
    genesis,
    genesisHash: hash,
    head: () => head,
    check: (bytes: Uint8Array, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        checks.push({ bytes, signal, pass: () => resolve(), fail: reject });
      }),
    ...(turns === undefined ? {} : { turns }),
  };
  const mempool = createMempool(chain, () => time.now, options, { refused: (code) => refused.push(code) });
  return {
    mempool,
    checks,
    refused,
    time,
    /** Lets the last check pass. */
    async pass() {
      checks.at(-1)!.pass();
      await settle();
    },
    async add(bytes: Uint8Array, source = 'a') {
      const done = mempool.submit(bytes, source);
      checks.at(-1)!.pass();
      return done;
    },
  };
}

/** A block of these transactions, as far as a mempool looks at it. */
export function blockOf(height: bigint, ...transactions: Uint8Array[]): ExecutedBlock {
  const header = { height, baseFee: genesis.fees.baseFeeStart, gasUsed: 0n } as Header;
  const receipts = transactions.map((bytes) => ({ txid: readEntry(bytes, hash)!.txid }));
  return { block: { header, transactions }, receipts: receipts as ExecutedBlock['receipts'] };
}

/** For assert.rejects: an error with this code. */
export const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;
export const proofInvalid = (): LedgerError => new LedgerError('proof-invalid', 'the proof does not hold');
