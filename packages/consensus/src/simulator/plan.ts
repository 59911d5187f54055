import type { Parameters } from '@sero/protocol';
import type { ClockError } from './clock.ts';
import type { Foundation } from './foundation.ts';
import type { HostilePlan } from './hostile.ts';
import type { Weather } from './network.ts';
import type { Simulation } from './simulation.ts';

/** A node of a run. */
export interface NodePlan {
  /** Units of its stake records; none: it only follows. */
  readonly weights: readonly number[];
  readonly clock: ClockError;
  /** What it does instead of what it should. Default: it is honest. */
  readonly hostile?: HostilePlan;
}

/** How many transactions come. */
export type Load = 'none' | 'sparse' | 'steady' | 'full';

/** A world and what happens in it. Two phases: in the first the script does what it likes; in the second nothing fails any more. */
export interface Plan {
  readonly parameters: Parameters;
  readonly nodes: readonly NodePlan[];
  readonly weather: Weather;
  readonly load: Load;
  /** Bounds of the time that a disk takes to sync, ms. */
  readonly disk: readonly [number, number];
  /** Neighbours that each node has at least. Default: everybody. */
  readonly degree?: number;
  /** Messages go through their bytes. */
  readonly isEncoded: boolean;
  /** Real cryptography and key files, or keys files alone. Default: neither. */
  readonly real?: 'crypto' | 'keys';
  /** The last round that real key files cover. Default: 40. */
  readonly keyRounds?: bigint;
  /** What holds the chain. Default: a light one (chain.ts). */
  readonly foundation?: Foundation;
  /** Transactions change weights of honest records. */
  readonly changesStake: boolean;
  /** Length of the first phase, virtual ms, and the height at which it ends earlier. */
  readonly faulty: { readonly ms: number; readonly height?: bigint };
  /** What happens in the first phase. */
  readonly script: (simulation: Simulation) => void;
  /** The script's own trouble has an end, when it heals the network. Default: it ends with the first phase. */
  readonly isScripted?: boolean;
  /** In the second phase every honest node makes so many rounds final within the bound (progress-bound.ts). */
  readonly progress: { readonly rounds: number };
  /** What must hold at the end. */
  readonly atEnd?: (simulation: Simulation) => void;
}
