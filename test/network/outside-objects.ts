// Headers, certificates and the participants of a genesis file, read for the checker alone from docs/protocol.md.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  byteList,
  byteVector,
  container,
  decode,
  list,
  number,
  rootOf,
  type SszValue,
  vector,
} from './outside-ssz.ts';

const [u8, u16, u32, u64, u128] = [1, 2, 4, 8, 16].map(number) as [
  ReturnType<typeof number>,
  ReturnType<typeof number>,
  ReturnType<typeof number>,
  ReturnType<typeof number>,
  ReturnType<typeof number>,
];
const bytes32 = byteVector(32);
const bytes64 = byteVector(64);

const HEADER = container({
  version: u8,
  genesisHash: bytes32,
  height: u64,
  period: u32,
  parent: bytes32,
  time: u64,
  proposer: list(bytes32, 1),
  vrfProof: list(byteVector(80), 1),
  seed: bytes32,
  transactionsRoot: bytes32,
  receiptsRoot: bytes32,
  logsBloom: byteVector(256),
  stateRoot: bytes32,
  notesRoot: bytes32,
  validatorsRoot: bytes32,
  gasUsed: u64,
  gasLimit: u64,
  baseFee: u128,
  versionVote: list(container({ hash: bytes32, delay: u64 }), 1),
  disableVote: list(u8, 1),
  absent: list(bytes32, 8),
});

/** What the checker needs of a header. Hashes are hexadecimal. */
export interface SeenHeader {
  readonly hash: string;
  readonly version: number;
  readonly genesisHash: string;
  readonly height: number;
  readonly period: number;
  readonly parent: string;
  /** ms since 1970. */
  readonly time: number;
  /** Undefined for the empty block. */
  readonly proposer: string | undefined;
  readonly stateRoot: string;
  readonly notesRoot: string;
  readonly validatorsRoot: string;
  readonly gasUsed: number;
}

type Fields = Readonly<Record<string, SszValue>>;
const hexOf = (value: SszValue | undefined): string => (value as Buffer).toString('hex');

/** Reads a header and computes its hash. */
export function readHeader(bytes: Buffer): SeenHeader {
  const value = decode(HEADER, bytes) as Fields;
  const [proposer] = value['proposer'] as SszValue[];
  return {
    hash: rootOf(HEADER, value).toString('hex'),
    version: Number(value['version']),
    genesisHash: hexOf(value['genesisHash']),
    height: Number(value['height']),
    period: Number(value['period']),
    parent: hexOf(value['parent']),
    time: Number(value['time']),
    proposer: proposer === undefined ? undefined : hexOf(proposer),
    stateRoot: hexOf(value['stateRoot']),
    notesRoot: hexOf(value['notesRoot']),
    validatorsRoot: hexOf(value['validatorsRoot']),
    gasUsed: Number(value['gasUsed']),
  };
}

const VALUE = container({ period: u32, proposer: bytes32, digest: bytes32 });
const SIGNATURE = container({
  batchKey: bytes32,
  batchSignature: bytes64,
  leafKey: bytes32,
  leafSignature: bytes64,
  signature: bytes64,
});
const MOST_VOTES = 8_192;
const PROOF = list(byteVector(80), 1);
const BUNDLE = container({
  round: u64,
  period: u32,
  step: u8,
  value: VALUE,
  votes: list(container({ sender: bytes32, proof: PROOF, signature: SIGNATURE }), MOST_VOTES),
  equivocations: list(
    container({ sender: bytes32, proof: PROOF, values: vector(VALUE, 2), signatures: vector(SIGNATURE, 2) }),
    MOST_VOTES,
  ),
});

/** A signature under an ephemeral key. */
interface SeenSignature {
  readonly batchKey: Buffer;
  readonly batchSignature: Buffer;
  readonly leafKey: Buffer;
  readonly leafSignature: Buffer;
  readonly signature: Buffer;
}

/** Who, and what he signed: one value with an ordinary vote, two with a lie, which counts for every value. */
interface SeenMember {
  readonly sender: Buffer;
  readonly signed: readonly { readonly value: Buffer; readonly signature: SeenSignature }[];
}

export interface SeenCertificate {
  readonly round: number;
  readonly period: number;
  readonly step: number;
  /** Of the value that it makes final. */
  readonly value: { readonly period: number; readonly proposer: string; readonly digest: string };
  readonly members: readonly SeenMember[];
}

const VALUE_AT = 8 + 4 + 1;
const VALUE_BYTES = 68;

function encodedValue({ period, proposer, digest }: Fields): Buffer {
  return Buffer.concat([le(Number(period), 4), proposer as Buffer, digest as Buffer]);
}

/** Reads a certificate. Signatures are not checked. */
export function readCertificate(bytes: Buffer): SeenCertificate {
  const bundle = decode(BUNDLE, bytes) as Fields;
  const value = bundle['value'] as Fields;
  const encoded = bytes.subarray(VALUE_AT, VALUE_AT + VALUE_BYTES);
  return {
    round: Number(bundle['round']),
    period: Number(bundle['period']),
    step: Number(bundle['step']),
    value: {
      period: Number(value['period']),
      proposer: hexOf(value['proposer']),
      digest: hexOf(value['digest']),
    },
    members: [
      ...(bundle['votes'] as Fields[]).map(({ sender, signature }) => ({
        sender: sender as Buffer,
        signed: [{ value: encoded, signature: signature as unknown as SeenSignature }],
      })),
      ...(bundle['equivocations'] as Fields[]).map(({ sender, values, signatures }) => ({
        sender: sender as Buffer,
        signed: (values as Fields[]).map((one, i) => ({
          value: encodedValue(one),
          signature: (signatures as SszValue[])[i] as unknown as SeenSignature,
        })),
      })),
    ],
  };
}

/** A participant of the genesis file. */
export interface Participant {
  readonly voteRoot: Buffer;
  readonly units: number;
}

const COMMITTEE = container({ size: u32, threshold: u32 });
const fieldsOf = (
  names: string,
  schema: ReturnType<typeof number>,
): Record<string, ReturnType<typeof number>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, schema]));

const GENESIS = container({
  version: u8,
  name: byteList(32),
  chainId: u64,
  time: u64,
  devnet: u8,
  transparentAccounts: u8,
  pace: container(
    fieldsOf('idle minBlockGap filterMin filterMax deadlineFirst deadlineLater fastRecovery', u32),
  ),
  anchor: container(fieldsOf('window step expiry', u64)),
  stake: container({
    unit: u128,
    maxShareDivisor: u32,
    ...fieldsOf(
      'seedLookback seedRefresh balanceLookback evidenceWindow unlockWait unlockWaitTime certStride',
      u64,
    ),
    ...fieldsOf('absentFactor emptyBlockPeriod', u32),
  }),
  committees: container({
    proposers: u32,
    ...Object.fromEntries(['soft', 'cert', 'next', 'late', 'redo', 'down'].map((name) => [name, COMMITTEE])),
  }),
  issue: container({ perIdle: u128, halving: u64, poolShift: u8 }),
  fees: container({
    baseFeeStart: u128,
    baseFeeFloor: u128,
    changeDenominator: u64,
    gasLimit: u64,
    gasTarget: u64,
  }),
  gas: container(
    fieldsOf(
      'transaction proofA proofB proofC nullifier output dataByte recipient returnedOutput asset stake register online unlock claim',
      u64,
    ),
  ),
  namePrices: list(u128, 32),
  snapshotEvery: u64,
  certificatesKept: u64,
  versions: container({
    window: u32,
    approvals: u32,
    delay: u64,
    disableWindow: u32,
    disableApprovals: u32,
    disableFor: u64,
  }),
  verifyingKeys: list(container({ circuit: u8, proofSystem: u8, hash: bytes32 }), 16),
  allocations: list(container({ pkr: bytes64, asset: bytes32, value: u128 }), 65_536),
  derivation: byteList(4_096),
  seed: bytes32,
  validators: list(
    container({
      owner: bytes64,
      vrfKey: bytes32,
      voteRoot: bytes32,
      blsKey: byteVector(48),
      blsProof: byteVector(96),
      firstRound: u64,
      lastRound: u64,
      commission: u16,
      units: u64,
    }),
    4_096,
  ),
});

/** What the checker needs of a genesis file. */
export interface SeenGenesis {
  readonly participants: readonly Participant[];
  /** Smallest units of SERO: what was credited, and what lies in stake. */
  readonly allocated: bigint;
  readonly staked: bigint;
}

/** Reads a genesis file. */
export function readGenesis(bytes: Buffer): SeenGenesis {
  const genesis = decode(GENESIS, bytes) as Fields;
  const unit = (genesis['stake'] as Fields)['unit'] as bigint;
  const participants = (genesis['validators'] as Fields[]).map(({ voteRoot, units }) => ({
    voteRoot: voteRoot as Buffer,
    units: Number(units),
  }));
  return {
    participants,
    allocated: (genesis['allocations'] as Fields[]).reduce((sum, { value }) => sum + (value as bigint), 0n),
    staked: participants.reduce((sum, { units }) => sum + BigInt(units) * unit, 0n),
  };
}

/** Ed25519 of OpenSSL. */
function isSigned(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  const key: KeyObject = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, message, key, signature);
}

const le = (value: number, bytes: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out.subarray(0, bytes);
};

const CERT_STEP = 2;
const [ROUNDS_A_BATCH, LEAVES_A_ROUND, LAST_OWN_PERIOD] = [256, 16, 3];

/**
 * What is wrong with a certificate of a header, undefined where nothing is: its value is that block, and more than two thirds of the units of the
 * genesis file's participants signed it, each once and under a key that his root covers; who signed two values counts for every one. Holds as long as
 * nobody else has stake, and every unit votes.
 */
export function faultOf(
  certificate: SeenCertificate,
  header: SeenHeader,
  participants: readonly Participant[],
): string | undefined {
  const { round, period, step, value, members } = certificate;
  if (step !== CERT_STEP) return `the certificate is of step ${step}`;
  if (round !== header.height) return `the certificate of block ${header.height} is of round ${round}`;
  if (value.digest !== header.hash) return 'the certificate is for another block';
  if (value.period !== header.period) return 'the certificate is for another period of proposal';
  if (value.proposer !== (header.proposer ?? '0'.repeat(64)))
    return 'the certificate is for another proposer';
  const senders = new Set<string>();
  const voters = new Set<Participant>();
  for (const { sender, signed } of members) {
    if (new Set(signed.map((one) => one.value.toString('hex'))).size !== signed.length)
      return 'a lie that is none';
    for (const one of signed) {
      const subject = Buffer.concat([sender, le(round, 8), le(period, 4), le(CERT_STEP, 1), one.value]);
      const voter = signerOf(one.signature, header.genesisHash, { round, period, subject }, participants);
      if (typeof voter === 'string') return voter;
      voters.add(voter);
    }
    senders.add(sender.toString('hex'));
  }
  if (senders.size !== members.length || voters.size !== members.length) return 'somebody votes twice';
  const total = participants.reduce((sum, { units }) => sum + units, 0);
  const weight = [...voters].reduce((sum, { units }) => sum + units, 0);
  return 3 * weight > 2 * total ? undefined : `${weight} of ${total} units signed`;
}

/** Whose signature it is, or what is wrong with it: root over batch key, batch key over leaf key, leaf key over the vote. */
function signerOf(
  { batchKey, batchSignature, leafKey, leafSignature, signature }: SeenSignature,
  genesisHash: string,
  { round, period, subject }: { readonly round: number; readonly period: number; readonly subject: Buffer },
  participants: readonly Participant[],
): Participant | string {
  const batch = Math.floor(round / ROUNDS_A_BATCH);
  const leaf = (round % ROUNDS_A_BATCH) * LEAVES_A_ROUND + 4 * Math.min(period, LAST_OWN_PERIOD) + CERT_STEP;
  const batchText = Buffer.concat([Buffer.from('sero/batch/1'), le(batch, 8), batchKey]);
  const leafText = Buffer.concat([Buffer.from('sero/leaf/1'), le(batch, 8), le(leaf, 4), leafKey]);
  const text = Buffer.concat([Buffer.from('sero/vote/1'), Buffer.from(genesisHash, 'hex'), subject]);
  const voter = participants.find(({ voteRoot }) => isSigned(voteRoot, batchText, batchSignature));
  if (voter === undefined) return 'a vote is under no root of a participant';
  if (!isSigned(batchKey, leafText, leafSignature)) return 'a vote is under a key that is not of its round';
  return isSigned(leafKey, text, signature) ? voter : 'a vote is not signed';
}
