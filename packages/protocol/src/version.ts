import { ContainerType, ListBasicType, type ValueOf } from '@chainsafe/ssz';
import { blake2b256, concat } from '@sero/crypto';
import type { Header } from './block.ts';
import { ensure } from './errors.ts';
import type { Genesis } from './genesis.ts';
import { Bytes32, decodeStrict, u8 } from './ssz.ts';

/** Bytes of a version's record, at most. */
const MAX_VERSION_BYTES = 64;

/** A version of the protocol: what headers approve by its hash (design 3-ledger-and-contracts, "Versions"). */
export const VersionType = new ContainerType({
  /** Number that headers carry from the switch on: the one before it, and one. */
  number: u8,
  /** BLAKE2b-256 of the published text of its rules, which names every parameter and key that is in force with it. */
  rules: Bytes32,
  /** Circuits that stay disabled, ascending. A circuit that was disabled and is not named here is lifted. */
  disabled: new ListBasicType(u8, 16),
});

export type Version = ValueOf<typeof VersionType>;

/** What a header says for a coming version. */
export type VersionVote = Header['versionVote'][number];

/** The number that genesis starts with. It has no record: its rules are the genesis file's. */
export const FIRST_VERSION = 1;

/**
 * The name of a version: its number, then all but the first byte of B2b-256("SERO_VERSION", SSZ of its record). So whoever counts approvals
 * of a name that he does not know still sees whether it can follow the version in force.
 */
export function versionHash(version: Version): Uint8Array {
  const digest = blake2b256('SERO_VERSION', VersionType.serialize(version));
  return concat(Uint8Array.of(version.number), digest.subarray(1));
}

/** The number that a version's name begins with. */
export function numberInHash(hash: Uint8Array): number {
  return hash[0]!;
}

/** Bytes of a version's record. */
export function encodeVersion(version: Version): Uint8Array {
  return VersionType.serialize(version);
}

/** Decodes a version's record and checks it. @throws ProtocolError, `version-invalid` for what decodes and is none */
export function decodeVersion(bytes: Uint8Array): Version {
  const version = decodeStrict(VersionType, bytes, MAX_VERSION_BYTES, 'version');
  checkVersion(version);
  return version;
}

/** Throws `version-invalid` unless headers could approve it. */
export function checkVersion({ number, disabled }: Version): void {
  ensure(
    number > FIRST_VERSION,
    'version-invalid',
    `version ${FIRST_VERSION} is that of genesis: later ones count on`,
  );
  ensure(
    disabled.every((circuit, i) => circuit > 0 && (i === 0 || disabled[i - 1]! < circuit)),
    'version-invalid',
    'disabled circuits ascend and none is 0',
  );
}

/** Longest delay, in blocks: some years. One that never ends would keep every other version from being approved. */
export const MAX_DELAY = 10_000_000n;

/** Whether a header may name this: the delay is one that leaves everybody time, and ends. */
export function isVersionVote({ versions }: Genesis, { delay }: VersionVote): boolean {
  return delay >= versions.delay && delay <= MAX_DELAY;
}

/** Whether a header may name this circuit for disabling: genesis has a key for it. */
export function isDisableVote({ verifyingKeys }: Genesis, circuit: number): boolean {
  return verifyingKeys.some((key) => key.circuit === circuit);
}
