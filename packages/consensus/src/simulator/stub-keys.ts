import type { Ed25519 } from '@sero/crypto';
import {
  batchMessage,
  batchOf,
  type EphemeralSignature,
  leafInRound,
  leafMessage,
  leafOf,
} from '@sero/protocol';
import type { EphemeralKeys } from '../ephemeral-keys.ts';
import type { Later } from '../memory-disk.ts';
import { secretOf } from './stub-crypto.ts';

/** Ephemeral keys that a crash can hit and a thief can take. */
export interface StolenKeys extends EphemeralKeys {
  /** The machine stops: of what is not durable a part stays. */
  crash(isKept: () => boolean): void;
  /**
   * Signs with what a thief finds who takes memory and disk now: leaves whose erasure is not durable are there for him.
   *
   * @returns undefined where there is nothing left to sign with
   */
  steal(round: bigint, period: number, step: number, message: Uint8Array): EphemeralSignature | undefined;
}

/** Leaves and rounds that are erased. */
interface Erased {
  readonly leaves: Set<string>;
  /** All rounds before it. */
  floor: bigint;
}

type Erasure = { readonly leaf: string } | { readonly floor: bigint };

function erase(from: Erased, what: Erasure): void {
  if ('leaf' in what) from.leaves.add(what.leaf);
  else if (what.floor > from.floor) from.floor = what.floor;
}

/**
 * Keys of the form that votes need, derived as they are used: the ones of EphemeralKeys in all that can be seen from outside, without thousands
 * of leaves made for a run of twenty rounds. Erasures wait for the next sync, and a crash tears them.
 *
 * @param number of the stake record in its run
 * @param later delays syncs
 */
export function stubKeys(number: number, ed25519: Ed25519, later: Later): StolenKeys {
  const rootSeed = secretOf(1, number);
  const written: Erased = { leaves: new Set(), floor: 0n };
  const durable: Erased = { leaves: new Set(), floor: 0n };
  let waiting: Erasure[] = [];
  let life = 0;

  function write(erasure: Erasure): void {
    erase(written, erasure);
    waiting.push(erasure);
  }

  function isErased({ leaves, floor }: Erased, round: bigint, leaf: number): boolean {
    return round < floor || leaves.has(`${round}/${leaf}`);
  }

  function signed(round: bigint, period: number, step: number, message: Uint8Array): EphemeralSignature {
    const [batch, leaf] = [batchOf(round), leafOf(round, period, step)];
    const batchSeed = secretOf(2, number, Number(batch));
    const leafSeed = secretOf(3, number, Number(batch), leaf);
    const [batchKey, leafKey] = [ed25519.publicKey(batchSeed), ed25519.publicKey(leafSeed)];
    return {
      batchKey,
      batchSignature: ed25519.sign(rootSeed, batchMessage(batch, batchKey)),
      leafKey,
      leafSignature: ed25519.sign(batchSeed, leafMessage(batch, leaf, leafKey)),
      signature: ed25519.sign(leafSeed, message),
    };
  }

  return {
    range: { first: 0n, last: (1n << 40n) - 1n },
    root: ed25519.publicKey(rootSeed),
    sign: (round, period, step, message) =>
      isErased(written, round, leafInRound(period, step)) ? undefined : signed(round, period, step, message),
    erase: (leaves) => {
      for (const { round, leaf } of leaves) write({ leaf: `${round}/${leaf}` });
    },
    eraseBefore: (round) => {
      if (round > written.floor) write({ floor: round });
    },
    isReady: (round) => round >= written.floor,
    *prepare() {},
    sync(done) {
      const [covered, born] = [waiting.length, life];
      const these = new Set(waiting.slice(0, covered));
      later(() => {
        if (born !== life) return;
        for (const erasure of these) erase(durable, erasure);
        waiting = waiting.filter((erasure) => !these.has(erasure));
        done();
      });
    },
    crash(isKept) {
      life++;
      for (const erasure of waiting) if (isKept()) erase(durable, erasure);
      waiting = [];
      written.leaves.clear();
      for (const leaf of durable.leaves) written.leaves.add(leaf);
      written.floor = durable.floor;
    },
    steal: (round, period, step, message) => {
      const leaf = leafInRound(period, step);
      return isErased(written, round, leaf) && isErased(durable, round, leaf)
        ? undefined
        : signed(round, period, step, message);
    },
  };
}
