import type { Committees, Parameters } from '@sero/protocol';

/**
 * Everything that agreement depends on, of one protocol version: a part of the genesis file (design 9). Nothing else configures the
 * machine, so two nodes with one genesis file behave alike.
 */
export interface ConsensusParams {
  /** Protocol version that these belong to. */
  readonly version: number;
  readonly committees: Committees;
  /** Times in ms. */
  readonly pace: Parameters['pace'];
  /** m: from this period on whoever would propose a new block takes the empty block instead. */
  readonly emptyBlockPeriod: number;
}

/** The parameters of a network. `PRODUCTION` and `DEVELOPMENT` of @sero/protocol are the two profiles. */
export function consensusParams(parameters: Parameters): ConsensusParams {
  const { version, committees, pace, stake } = parameters;
  return { version, committees, pace, emptyBlockPeriod: stake.emptyBlockPeriod };
}
