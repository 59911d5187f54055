import { type Bls, blake2b256, concat, equalBytes, portableBls } from '@sero/crypto';
import {
  type Participant,
  participant,
  startNetwork,
  type TestNetwork,
} from '@sero/ledger/test/participants';
import {
  type Checkpoint,
  type CheckpointSubject,
  checkpointMessage,
  encodeBlock,
  headerHash,
  signersOf,
} from '@sero/protocol';
import { type KeyValueStore, memoryStore } from '@sero/store';
import { type CheckpointOptions, type Checkpoints, createCheckpoints } from './checkpoints.ts';
import { encodeShare, type Share } from './message.ts';

/** Chains with participants at a checkpoint, and those who sign it. */

/** Signatures that add up and that anybody could make: hashes, added as exclusive or. */
export const hashBls: Bls = {
  ...portableBls,
  publicKey: (secret) => concat(secret, secret.slice(0, 16)),
  sign: (secret, message) => signatureOf(hashBls.publicKey(secret), message),
  verifyPossession: () => true,
  verify: (key, message, signature) => equalBytes(signature, signatureOf(key, message)),
  verifyAggregate: (keys, message, signature) =>
    keys.length > 0 && equalBytes(signature, sum(keys.map((key) => signatureOf(key, message)))),
  aggregate: sum,
};

function signatureOf(key: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = blake2b256('test bls', key, message);
  return concat(digest, digest, digest);
}

function sum(signatures: readonly Uint8Array[]): Uint8Array {
  return signatures.reduce((a, b) => a.map((byte, i) => byte ^ b[i]!), new Uint8Array(96));
}

export interface Scene {
  readonly chain: TestNetwork;
  readonly bls: Bls;
  /** BLS secrets by place in the table that signs height 256. */
  readonly secrets: readonly Uint8Array[];
  /** What the chain says of a height. */
  subject(height?: bigint): CheckpointSubject;
  /** A share, of the chain's own subject unless changed, signed by whoever is said. */
  share(place: number, change?: Partial<Share>, secret?: Uint8Array): Uint8Array;
  whole(places: readonly number[], change?: Partial<CheckpointSubject>): Checkpoint;
  /** Blocks that nobody proposed. */
  grow(to: bigint): Promise<void>;
  node(options?: Partial<CheckpointOptions>): Node;
}

export interface Node {
  readonly checkpoints: Checkpoints;
  readonly store: KeyValueStore;
}

/** @param units of the participants; their BLS secrets are derived unless given */
export async function sceneAt(
  height: bigint,
  {
    bls = hashBls,
    units = [10n, 10n, 10n, 10n],
    secretOf = (n: number) => blake2b256('test bls secret', Uint8Array.of(n)),
  }: {
    bls?: Bls;
    units?: readonly bigint[];
    secretOf?: (n: number) => Uint8Array;
  } = {},
): Promise<Scene> {
  const participants: Participant[] = units.map((one, n) =>
    participant(n, { units: one, blsKey: bls.publicKey(secretOf(n)) }),
  );
  const chain = startNetwork({ participants, bls: { ...bls, verifyPossession: () => true } });
  const { ledger, genesis } = chain;
  const grow = async (to: bigint): Promise<void> => {
    while (ledger.head().height < to) await ledger.apply(encodeBlock(ledger.emptyBlock()));
  };
  const table = ledger.stakeTable(genesis.stake.balanceLookback)!;
  const secrets = table.rows.map(({ id }) =>
    secretOf(participants.findIndex((one) => equalBytes(one.id, id))),
  );
  await grow(height);
  const subject = (at = 256n): CheckpointSubject => {
    const header = ledger.header(at)!;
    const { stateRoot, validatorsRoot } = header;
    return { height: at, blockHash: headerHash(header), stateRoot, validatorsRoot };
  };
  return {
    chain,
    bls,
    secrets,
    subject,
    share(place, change = {}, secret = secrets[place]!) {
      const said = { ...subject(change.height ?? 256n), ...change };
      const signature = bls.sign(secret, checkpointMessage(ledger.genesisHash, said));
      return encodeShare({ place, signature, ...said });
    },
    whole(places, change = {}) {
      const said = { ...subject(), ...change };
      const message = checkpointMessage(ledger.genesisHash, said);
      return {
        ...said,
        signers: signersOf(table.count, places),
        signature: bls.aggregate(places.map((place) => bls.sign(secrets[place]!, message))),
      };
    },
    grow,
    node(options = {}) {
      const store = options.store ?? memoryStore();
      let ms = 0;
      const now = (): number => (ms += 1_000);
      return { store, checkpoints: createCheckpoints({ ledger, bls, now, ...options, store }) };
    },
  };
}
