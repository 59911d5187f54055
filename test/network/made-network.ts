import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { developmentVerifyingKeys } from '@sero/circuits';
import { fieldToBytes, toHex, utf8 } from '@sero/crypto';
import { makeValidatorKeys, peerIdIn } from '@sero/node';
import {
  DEVELOPMENT,
  encodeGenesis,
  encodeOneTimeAddress,
  type Genesis,
  GROTH16_BLS12_381,
  genesisHash,
  ownAddress,
  SERO_ASSET,
  SERO_UNIT,
  type SpendingKey,
} from '@sero/protocol';
import { verifyingKeyHash } from '@sero/prover';
import { accountFromWords, newWords } from '@sero/wallet';
import { readGenesis, type SeenGenesis } from './outside-objects.ts';

/** Somebody with money in the genesis file. */
export interface Person {
  readonly name: string;
  readonly key: SpendingKey;
}

/** One node's directory and identity. */
export interface Place {
  readonly name: string;
  /** Of the command line: `node` lies below it. */
  readonly directory: string;
  /** Its validator's keys; undefined where it does not vote. */
  readonly keys: string | undefined;
  readonly peerId: string;
}

/** Everything that a network needs before its first start. */
export interface MadeNetwork {
  readonly directory: string;
  readonly genesisFile: string;
  readonly genesis: Uint8Array;
  readonly genesisHash: string;
  /** The genesis file as the checker reads it. */
  readonly seen: SeenGenesis;
  readonly people: readonly Person[];
  readonly places: readonly Place[];
}

export interface NetworkPlan {
  readonly directory: string;
  /** Keys of validators and nodes follow from it. */
  readonly seed: string;
  readonly validators: number;
  /** Nodes that do not vote. Default: none. */
  readonly others?: number;
  /** People with money. Default: 3. */
  readonly people?: number;
  /** What differs from the development network's pace. Default: a block a second when nothing happens. */
  readonly pace?: Partial<Genesis['pace']>;
}

/** Rounds that the keys are for: more than any test makes. */
const LAST_ROUND = 1n << 17n;

/** Units of each validator. */
const UNITS = 100n;

/** What each person has. */
const ALLOCATION = 1_000_000n * SERO_UNIT;

const PACE = { idle: 1_000, minBlockGap: 1_000 };

/** Makes the genesis file and all directories of a network. */
export async function makeNetwork(plan: NetworkPlan): Promise<MadeNetwork> {
  const { directory, seed, validators, others = 0, people: count = 3, pace = PACE } = plan;
  mkdirSync(directory, { recursive: true });
  const people = Array.from({ length: count }, (_, i) => ({
    name: `person-${i}`,
    key: accountFromWords(newWords()),
  }));
  const credited = people.map(({ key }) =>
    encodeOneTimeAddress(ownAddress(key.proof.viewing, DEVELOPMENT.chainId, 'owner', 0n)),
  );
  const places: Place[] = [];
  const rows: Genesis['validators'] = [];
  for (let i = 0; i < validators + others; i++) {
    const votes = i < validators;
    const name = votes ? `validator-${i}` : `node-${i - validators}`;
    const own = join(directory, name);
    const keys = votes ? join(own, 'keys') : undefined;
    mkdirSync(own);
    if (keys !== undefined) {
      const owner = credited[i % credited.length]!;
      const range = { first: 1n, last: LAST_ROUND };
      let asked = 0;
      const random = (length: number): Uint8Array =>
        new Uint8Array(createHash('sha512').update(`${seed}/${i}/${asked++}`).digest().subarray(0, length));
      const made = makeValidatorKeys(keys, range, { owner, random });
      rows.push({ ...made, owner, commission: 0, units: UNITS });
    }
    places.push({ name, directory: own, keys, peerId: await peerIdIn(join(own, 'node', 'network')) });
  }
  const genesis: Genesis = {
    ...DEVELOPMENT,
    pace: { ...DEVELOPMENT.pace, ...pace },
    name: utf8('sero-test'),
    time: 1_767_225_600_000n,
    verifyingKeys: [...developmentVerifyingKeys()].map(([circuit, key]) => ({
      circuit,
      proofSystem: GROTH16_BLS12_381,
      hash: verifyingKeyHash(key),
    })),
    allocations: credited.map((pkr) => ({ pkr, asset: fieldToBytes(SERO_ASSET), value: ALLOCATION })),
    derivation: utf8('a test'),
    seed: new Uint8Array(createHash('sha256').update(seed).digest()),
    validators: rows.map(({ owner, vrfKey, voteRoot, blsKey, blsProof, ...rest }) => ({
      owner,
      vrfKey,
      voteRoot,
      blsKey,
      blsProof,
      firstRound: rest.firstRound,
      lastRound: rest.lastRound,
      commission: rest.commission,
      units: rest.units,
    })),
  };
  const bytes = encodeGenesis(genesis);
  const genesisFile = join(directory, 'genesis.ssz');
  writeFileSync(genesisFile, bytes);
  return {
    directory,
    genesisFile,
    genesis: bytes,
    genesisHash: toHex(genesisHash(genesis)),
    seen: readGenesis(Buffer.from(bytes)),
    people,
    places,
  };
}
