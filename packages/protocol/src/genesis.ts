import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { blake2b256, equalBytes, toHex } from '@sero/crypto';
import { ADDRESS_LENGTH, decodeOneTimeAddress, type OneTimeAddress } from './address.ts';
import { SERO_ASSET } from './asset.ts';
import { decodeField } from './decode.ts';
import { ensure, ProtocolError } from './errors.ts';
import {
  checkCommittees,
  checkPace,
  checkSchedules,
  checkStakeRules,
  checkValidators,
} from './genesis-checks.ts';
import { VALUE_LIMIT } from './note.ts';
import {
  ByteListType,
  Bytes32,
  Bytes64,
  ByteVectorType,
  decodeStrict,
  u8,
  u16,
  u32,
  u64,
  u128,
} from './ssz.ts';

/** Largest genesis file. */
export const MAX_GENESIS_BYTES = 16_777_216;

const PaceType = new ContainerType({
  /** Longest pause between blocks of an idle chain, ms. */
  idle: u32,
  /** Least age of a parent under a block without transactions, ms. */
  minBlockGap: u32,
  /** Bounds of the dynamic filter time, ms. */
  filterMin: u32,
  filterMax: u32,
  /** Deadlines of the first and of later periods, ms. */
  deadlineFirst: u32,
  deadlineLater: u32,
  /** Interval of fast recovery, ms. */
  fastRecovery: u32,
});

const AnchorType = new ContainerType({
  /** W: heights that a transaction may anchor to. */
  window: u64,
  /** Wallets anchor at multiples of this height. */
  step: u64,
  /** Blocks that a wallet's transaction stays valid after its anchor. */
  expiry: u64,
});

const StakeType = new ContainerType({
  /** S: one unit of stake in the coin's smallest unit. */
  unit: u128,
  /** A record's weight is cut at the uncut sum divided by this; 0: not at all. */
  maxShareDivisor: u32,
  seedLookback: u64,
  seedRefresh: u64,
  balanceLookback: u64,
  evidenceWindow: u64,
  /** Rounds, and ms of header time, that unlocked stake waits; the later counts. */
  unlockWait: u64,
  unlockWaitTime: u64,
  certStride: u64,
  /** 0: off. */
  absentFactor: u32,
  /** m: the period from which on the empty block is proposed. */
  emptyBlockPeriod: u32,
});

/** Expected size and threshold of one step's committee; size 0: every unit votes, the threshold is floor(2W/3) + 1. */
const CommitteeType = new ContainerType({ size: u32, threshold: u32 });

const CommitteesType = new ContainerType({
  proposers: u32,
  soft: CommitteeType,
  cert: CommitteeType,
  next: CommitteeType,
  late: CommitteeType,
  redo: CommitteeType,
  down: CommitteeType,
});

const IssueScheduleType = new ContainerType({
  /** Most that one idle interval issues, in the coin's smallest unit. */
  perIdle: u128,
  /** Header time after which the amount halves, ms. */
  halving: u64,
  /** A block's proposer is credited pool >> this. */
  poolShift: u8,
});

const FeeType = new ContainerType({
  /** Base fee per gas of block 0 and its floor. */
  baseFeeStart: u128,
  baseFeeFloor: u128,
  /** The base fee changes by at most 1/this a block. */
  changeDenominator: u64,
  gasLimit: u64,
  gasTarget: u64,
});

/** Intrinsic gas; 1 gas = 10 ns of the reference machine. */
const GasType = new ContainerType({
  transaction: u64,
  proofA: u64,
  proofB: u64,
  proofC: u64,
  nullifier: u64,
  output: u64,
  /** A byte of memo or call data. */
  dataByte: u64,
  recipient: u64,
  /** Held by calls and creates for each public output that the settlement may have to make. */
  returnedOutput: u64,
  asset: u64,
  stake: u64,
  register: u64,
  online: u64,
  unlock: u64,
  claim: u64,
});

const VersionRuleType = new ContainerType({
  /** A version needs `approvals` of the last `window` blocks, and at least `delay` blocks more. */
  window: u32,
  approvals: u32,
  delay: u64,
  /** A circuit is disabled by `disableApprovals` of the last `disableWindow` blocks, for `disableFor` blocks. */
  disableWindow: u32,
  disableApprovals: u32,
  disableFor: u64,
});

const VerifyingKeyEntryType = new ContainerType({ circuit: u8, proofSystem: u8, hash: Bytes32 });

/** A first participant: a stake record that is online from block 0 on. Its units are money that was never in the pool. */
export const GenesisValidatorType = new ContainerType({
  /** Owner, PKr. */
  owner: Bytes64,
  /** RFC 9381, Ed25519. */
  vrfKey: Bytes32,
  /** Root of the ephemeral keys, Ed25519. */
  voteRoot: Bytes32,
  /** BLS12-381, G1 compressed, with its proof of possession in G2. */
  blsKey: new ByteVectorType(48),
  blsProof: new ByteVectorType(96),
  /** Rounds that the ephemeral keys cover, both ends included. */
  firstRound: u64,
  lastRound: u64,
  /** The owner's part of rewards, in 1/10,000. */
  commission: u16,
  /** Units of S. */
  units: u64,
});

const AllocationType = new ContainerType({ pkr: Bytes64, asset: Bytes32, value: u128 });

/** The genesis file: every parameter of a network, its first money and participants, the only proving keys that it will ever accept. */
export const GenesisType = new ContainerType({
  version: u8,
  name: new ByteListType(32),
  chainId: u64,
  /** Time of block 0, ms since 1970. */
  time: u64,
  /** 1 where development proving keys are allowed. */
  devnet: u8,
  /** 1 where ordinary Ethereum transactions are allowed. */
  transparentAccounts: u8,
  pace: PaceType,
  anchor: AnchorType,
  stake: StakeType,
  committees: CommitteesType,
  issue: IssueScheduleType,
  fees: FeeType,
  gas: GasType,
  /** Price of a name by its length, the last entry for all longer ones. */
  namePrices: new ListBasicType(u128, 32),
  snapshotEvery: u64,
  certificatesKept: u64,
  versions: VersionRuleType,
  verifyingKeys: new ListCompositeType(VerifyingKeyEntryType, 16),
  allocations: new ListCompositeType(AllocationType, 65_536),
  /** How the allocations came about, for people. */
  derivation: new ByteListType(4_096),
  /** seed(0), which the first participants drew together; zeros where there are none. */
  seed: Bytes32,
  /** The first participants; none: a chain of one, whose node seals what it likes. */
  validators: new ListCompositeType(GenesisValidatorType, 4_096),
});

export type Genesis = ValueOf<typeof GenesisType>;
export type GenesisValidator = ValueOf<typeof GenesisValidatorType>;
export type Allocation = ValueOf<typeof AllocationType>;
export type VerifyingKeyEntry = ValueOf<typeof VerifyingKeyEntryType>;
export type GasTable = ValueOf<typeof GasType>;

/** The parameters of a network: everything in the genesis file but what names its keys, its first money and its first participants. */
export type Parameters = Omit<
  Genesis,
  'name' | 'time' | 'verifyingKeys' | 'allocations' | 'derivation' | 'seed' | 'validators'
>;

/** The name of a network: B2b-256("SERO_GENESIS_v1", SSZ of the file). Every transaction and header is bound to it. */
export function genesisHash(genesis: Genesis): Uint8Array {
  return blake2b256('SERO_GENESIS_v1', GenesisType.serialize(genesis));
}

/** Bytes of a genesis file. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return GenesisType.serialize(genesis);
}

/** Decodes a genesis file and checks it. */
export function decodeGenesis(bytes: Uint8Array): Genesis {
  const genesis = decodeStrict(GenesisType, bytes, MAX_GENESIS_BYTES, 'genesis');
  checkGenesis(genesis);
  return genesis;
}

/**
 * Throws `genesis-invalid` (or the decoder's code, for an address) unless a chain can start from this file. The validators' keys
 * are checked by `checkGenesisKeys`.
 */
export function checkGenesis(genesis: Genesis): void {
  const fail = (condition: boolean, message: string): void => ensure(condition, 'genesis-invalid', message);
  fail(genesis.version === 1, 'only genesis version 1 exists');
  fail(genesis.devnet <= 1 && genesis.transparentAccounts <= 1, 'flags are 0 or 1');
  fail(genesis.namePrices.length > 0, 'the table of name prices is empty');
  fail(genesis.anchor.window > 0n && genesis.anchor.step > 0n, 'anchor window and step are at least 1');
  fail(genesis.anchor.expiry <= genesis.anchor.window, 'expiry is at most the anchor window');
  fail(
    genesis.fees.gasTarget > 0n && genesis.fees.gasTarget <= genesis.fees.gasLimit,
    'gas target lies in 1..limit',
  );
  fail(genesis.fees.baseFeeFloor > 0n, 'the base fee floor is at least 1');
  fail(genesis.fees.baseFeeStart >= genesis.fees.baseFeeFloor, 'the base fee starts at or above its floor');
  fail(genesis.fees.changeDenominator > 0n, 'the base fee change denominator is at least 1');
  fail(
    genesis.verifyingKeys.every(({ circuit, proofSystem }) => circuit > 0 && proofSystem === 1),
    'a verifying key is of proof system 1 and of a circuit from 1 on',
  );
  const circuits = genesis.verifyingKeys.map((key) => key.circuit);
  fail(new Set(circuits).size === circuits.length, 'two verifying keys of one circuit');
  fail(
    genesis.verifyingKeys.every(
      (key, i) => !genesis.verifyingKeys.slice(i + 1).some((k) => equalBytes(k.hash, key.hash)),
    ),
    'one verifying key under two circuits',
  );
  checkPace(genesis);
  checkStakeRules(genesis);
  checkCommittees(genesis);
  checkSchedules(genesis);
  let total = checkValidators(genesis);
  for (const allocation of genesis.allocations) {
    fail(
      decodeField(allocation.asset, 'allocation asset') === SERO_ASSET,
      'allocations are in SERO: no other asset is registered yet',
    );
    fail(allocation.value > 0n, 'an allocation is worth something');
    total += allocation.value;
  }
  checkAddresses(genesis.allocations);
  if (total >= VALUE_LIMIT) {
    throw new ProtocolError('genesis-invalid', 'allocations and stake sum to 2^128 or more');
  }
}

/** Hash of the addresses that were found to be such last: a file is checked several times while a node starts, and a point takes a millisecond. */
let checkedAddresses: Uint8Array | undefined;

function checkAddresses(allocations: readonly Allocation[]): void {
  const all = new Uint8Array(ADDRESS_LENGTH * allocations.length);
  for (const [i, { pkr }] of allocations.entries()) {
    // Of another length it is none, and would stand in another's place.
    if (pkr.length !== ADDRESS_LENGTH) decodeOneTimeAddress(pkr);
    all.set(pkr, ADDRESS_LENGTH * i);
  }
  const name = blake2b256('SERO_addresses', all);
  if (checkedAddresses !== undefined && equalBytes(checkedAddresses, name)) return;
  decodeAddresses(allocations);
  checkedAddresses = name;
}

/** The address of each allocation, each decoded once. Throws ProtocolError for what is none. */
export function decodeAddresses(allocations: readonly Allocation[]): OneTimeAddress[] {
  const known = new Map<string, OneTimeAddress>();
  return allocations.map(({ pkr }) => {
    const text = toHex(pkr);
    let address = known.get(text);
    if (address === undefined) {
      address = decodeOneTimeAddress(pkr);
      known.set(text, address);
    }
    return address;
  });
}
