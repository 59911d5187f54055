import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  type Bundle,
  batchMessage,
  batchOf,
  encodeBundle,
  type Header,
  HeaderType,
  headerHash,
  leafMessage,
  leafOf,
  STEP,
  type Value,
  valueOfHeader,
  voteMessage,
} from '@sero/protocol';

/** Somebody with stake, whose keys sign anything. */
export interface Voter {
  readonly id: Uint8Array;
  readonly voteRoot: Buffer;
  readonly units: number;
  readonly root: KeyObject;
}

interface Key {
  readonly secret: KeyObject;
  readonly public: Buffer;
}

function newKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { secret: privateKey, public: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}

/** As many voters of one unit each. */
export function newVoters(count: number): Voter[] {
  return Array.from({ length: count }, (_, i) => {
    const { secret, public: voteRoot } = newKey();
    return { id: Buffer.alloc(32, i + 1), voteRoot, units: 1, root: secret };
  });
}

export const GENESIS_HASH = Buffer.alloc(32, 7);

/** A header that is right as far as one can tell from outside. */
export function madeHeader(height: number, parent?: Header, change: Partial<Header> = {}): Header {
  const hash = (text: string): Uint8Array => new Uint8Array(Buffer.alloc(32, `${text} ${height}`));
  return {
    version: 1,
    genesisHash: new Uint8Array(GENESIS_HASH),
    height: BigInt(height),
    period: 0,
    parent: parent === undefined ? new Uint8Array(32) : headerHash(parent),
    time: 1_767_225_600_000n + 1_000n * BigInt(height),
    proposer: height === 0 ? [] : [hash('proposer')],
    vrfProof: height === 0 ? [] : [new Uint8Array(Buffer.alloc(80, height))],
    seed: hash('seed'),
    transactionsRoot: hash('transactions'),
    receiptsRoot: hash('receipts'),
    logsBloom: new Uint8Array(256),
    stateRoot: hash('state'),
    notesRoot: hash('notes'),
    validatorsRoot: hash('validators'),
    gasUsed: 0n,
    gasLimit: 120_000_000n,
    baseFee: 123_456_789_123n,
    versionVote: [],
    disableVote: [],
    absent: [],
    ...change,
  };
}

export const headerBytes = (header: Header): Buffer => Buffer.from(HeaderType.serialize(header));

/** What may be wrong with a certificate. */
export interface Forgery {
  readonly value?: Value;
  readonly step?: number;
  readonly round?: bigint;
  /** Period of the votes. Default: 0. */
  readonly period?: number;
  /** The step whose leaves sign. Default: that of the votes. */
  readonly leafStep?: number;
  /** Voters, by place, who sign this value too. */
  readonly liars?: readonly number[];
  readonly other?: Value;
  /** Takes what was signed and gives what stands there instead. */
  readonly sender?: (id: Uint8Array, place: number) => Uint8Array;
}

/** A certificate of a header by these voters. */
export function certificateOf(header: Header, voters: readonly Voter[], forgery: Forgery = {}): Buffer {
  const { value = valueOfHeader(header), step = STEP.cert, round = header.height, period = 0 } = forgery;
  const { leafStep = step, sender = (id) => id, liars = [], other = value } = forgery;
  const batch = batchOf(round);
  const leaf = leafOf(round, period, leafStep);
  const member = ({ id, root }: Voter, place: number, values: readonly Value[]) => {
    const claimed = sender(id, place);
    const signatures = values.map((one) => {
      const [batchKey, leafKey] = [newKey(), newKey()];
      const subject = { sender: claimed, round, period, step, value: one };
      return {
        batchKey: batchKey.public,
        batchSignature: sign(null, batchMessage(batch, batchKey.public), root),
        leafKey: leafKey.public,
        leafSignature: sign(null, leafMessage(batch, leaf, leafKey.public), batchKey.secret),
        signature: sign(null, voteMessage(header.genesisHash, subject), leafKey.secret),
      };
    });
    return { sender: claimed, proof: [], values: [...values], signatures };
  };
  const bundle: Bundle = { round, period, step, value, votes: [], equivocations: [] };
  for (const [place, voter] of voters.entries()) {
    if (liars.includes(place)) bundle.equivocations.push(member(voter, place, [other, value]));
    else {
      const { signatures, values: _, ...vote } = member(voter, place, [value]);
      bundle.votes.push({ ...vote, signature: signatures[0]! });
    }
  }
  return Buffer.from(encodeBundle(bundle));
}
