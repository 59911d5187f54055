import { blake2b256 } from '@sero/crypto';
import {
  anchorHeight,
  batchMessage,
  batchOf,
  compareValues,
  type EphemeralSignature,
  type Evidence,
  encodeEvidenceTransaction,
  leafMessage,
  leafOf,
  proveRows,
  STEP,
  type Value,
  voteMessage,
} from '@sero/protocol';
import { hashEd25519, type Participant, type TestNetwork } from './participants-test-support.ts';
import { filler } from './test-support.ts';

/** Participants who vote twice. */

/** Two votes of one round. */
interface Pair {
  readonly round: bigint;
  readonly period?: number;
  readonly step?: number;
  /** Of the two values; different ones make another pair of the same votes. */
  readonly salt?: number;
}

/** A value by number. */
function someValue(salt: number): Value {
  return { period: 0, proposer: filler(salt, 32), digest: filler(salt + 1, 32) };
}

/** A vote's signature. */
function signed(chain: TestNetwork, by: Participant, at: Required<Pair>, value: Value): EphemeralSignature {
  const { round, period, step } = at;
  const [batch, leaf] = [batchOf(round), leafOf(round, period, step)];
  const [batchSeed, leafSeed] = [blake2b256('test batch', by.secret), blake2b256('test leaf', by.secret)];
  const [batchKey, leafKey] = [hashEd25519.publicKey(batchSeed), hashEd25519.publicKey(leafSeed)];
  const message = voteMessage(chain.ledger.genesisHash, { sender: by.id, round, period, step, value });
  return {
    batchKey,
    batchSignature: hashEd25519.sign(by.secret, batchMessage(batch, batchKey)),
    leafKey,
    leafSignature: hashEd25519.sign(batchSeed, leafMessage(batch, leaf, leafKey)),
    signature: hashEd25519.sign(leafSeed, message),
  };
}

/** Two votes of a participant, with all that shows them, as of the chain's head. */
export function evidenceOf(chain: TestNetwork, by: Participant, pair: Pair): Evidence {
  const at = { period: 0, step: STEP.soft as number, salt: 40, ...pair };
  const values = [someValue(at.salt), someValue(at.salt + 2)].sort(compareValues);
  const height = anchorHeight(at.round, chain.genesis.stake.balanceLookback);
  const { salt, ...ballot } = at;
  return {
    votes: [
      {
        record: by.id,
        ...ballot,
        values,
        signatures: values.map((value) => signed(chain, by, at, value)),
        anchor: chain.ledger.proveHeader(height)!,
        row: proveRows(chain.ledger.stakeTable(at.round)!, [by.id]),
      },
    ],
    checkpoint: [],
  };
}

/** As a transaction. */
export const bytesOf = (chain: TestNetwork, by: Participant, pair: Pair): Uint8Array =>
  encodeEvidenceTransaction(evidenceOf(chain, by, pair), chain.genesis.chainId);
