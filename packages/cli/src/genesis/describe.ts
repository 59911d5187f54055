import { developmentVerifyingKeys } from '@sero/circuits';
import { equalBytes, toHex } from '@sero/crypto';
import {
  decodeOneTimeAddress,
  draftHash,
  type Genesis,
  genesisHash,
  oneTimeAddressToText,
  recordOfValidator,
} from '@sero/protocol';
import { verifyingKeyHash } from '@sero/prover';
import { formatAmount } from '../amounts.ts';
import { networkOf } from '../names.ts';
import { table, visible } from '../text.ts';
import { profileOf } from './parameters-file.ts';

/** What a genesis file or its draft says, for programs and for people. */

/** Parts in 10,000 as a percentage: "12.5%". */
const percent = (parts: bigint): string => `${Number(parts) / 100}%`;

/** Sum of the allocations and value of the stake, in the coin's smallest unit. */
function sumsOf({ allocations, validators, stake }: Genesis) {
  const units = validators.reduce((sum, validator) => sum + validator.units, 0n);
  const allocated = allocations.reduce((sum, { value }) => sum + value, 0n);
  return { units, allocated, staked: units * stake.unit };
}

/** The one-time address of a PKr as text. */
function ownerText(genesis: Genesis, pkr: Uint8Array): string {
  return oneTimeAddressToText(decodeOneTimeAddress(pkr), networkOf(genesis));
}

/** True for a verifying key under which everybody can forge. */
function isInsecure(hash: Uint8Array): boolean {
  return [...developmentVerifyingKeys().values()].some((key) => equalBytes(verifyingKeyHash(key), hash));
}

const nameOf = ({ name }: Genesis): string => new TextDecoder().decode(name);
const derivationOf = ({ derivation }: Genesis): string => new TextDecoder().decode(derivation);
const timeOf = ({ time }: Genesis): string =>
  time <= 8_640_000_000_000_000n ? new Date(Number(time)).toISOString() : `${time} ms`;

/** True for a file whose validators have not drawn its seed yet. */
export const isDraft = ({ seed, validators }: Genesis): boolean =>
  validators.length > 0 && seed.every((byte) => byte === 0);

/** For --json; every part of the file but the allocations, of which there may be many, and what follows from it. */
export function genesisData(genesis: Genesis) {
  const { profile, differences } = profileOf(genesis);
  const { units, allocated, staked } = sumsOf(genesis);
  return {
    ...(isDraft(genesis) ? {} : { genesisHash: genesisHash(genesis) }),
    draftHash: draftHash(genesis),
    name: nameOf(genesis),
    chainId: genesis.chainId,
    time: timeOf(genesis),
    profile,
    differences,
    allocations: { count: genesis.allocations.length, sum: allocated },
    stake: { unit: genesis.stake.unit, units, value: staked },
    money: allocated + staked,
    validators: genesis.validators.map((validator) => {
      const { owner, firstRound, lastRound, commission } = validator;
      return {
        record: recordOfValidator(validator),
        owner: ownerText(genesis, owner),
        units: validator.units,
        share: percent((validator.units * 10_000n) / units),
        commission: percent(BigInt(commission)),
        firstRound,
        lastRound,
        vrfKey: validator.vrfKey,
        voteRoot: validator.voteRoot,
        blsKey: validator.blsKey,
      };
    }),
    verifyingKeys: genesis.verifyingKeys.map(({ circuit, hash }) => ({
      circuit,
      hash,
      development: isInsecure(hash),
    })),
    derivation: derivationOf(genesis),
    ...(isDraft(genesis) ? {} : { seed: genesis.seed }),
  };
}

/** For people. */
export function genesisLines(genesis: Genesis): string[] {
  const { profile, differences } = profileOf(genesis);
  const { units, allocated, staked } = sumsOf(genesis);
  const sero = (value: bigint): string => formatAmount(value, 'SERO');
  return [
    `network      ${visible(nameOf(genesis))}, chain ${genesis.chainId}, begins ${timeOf(genesis)}`,
    `parameters   ${profile}${differences.length === 0 ? '' : ', but for'}`,
    ...differences.map(({ name, value, usual }) => `  ${name} = ${value} (${profile}: ${usual})`),
    `allocations  ${genesis.allocations.length}, ${sero(allocated)} together`,
    `stake        ${units} units of ${sero(genesis.stake.unit)}, ${sero(staked)}`,
    `money        ${sero(allocated + staked)} at the beginning`,
    ...genesis.verifyingKeys.map(
      ({ circuit, hash }) =>
        `circuit ${String(circuit).padEnd(3)}  key ${toHex(hash)}${isInsecure(hash) ? ' INSECURE: a development key' : ''}`,
    ),
    `derivation   ${visible(derivationOf(genesis)) || 'nothing is said'}`,
    genesis.validators.length === 0
      ? 'validators   none: a chain of one, whose node seals what it likes'
      : `validators   ${genesis.validators.length}`,
    ...(genesis.validators.length === 0 ? [] : [validatorTable(genesis, units)]),
    ...genesis.validators.map(
      (validator) =>
        `owner of ${toHex(recordOfValidator(validator)).slice(0, 16)}: ${ownerText(genesis, validator.owner)}`,
    ),
    `draft        ${toHex(draftHash(genesis))}`,
    ...(isDraft(genesis)
      ? []
      : [`seed         ${toHex(genesis.seed)}`, `genesis      ${toHex(genesisHash(genesis))}`]),
  ];
}

function validatorTable({ validators }: Genesis, units: bigint): string {
  return table(
    ['  record', '>units', '>share', '>commission', '>from round', '>to round'],
    validators.map((validator) => [
      `  ${toHex(recordOfValidator(validator)).slice(0, 16)}`,
      String(validator.units),
      percent((validator.units * 10_000n) / units),
      percent(BigInt(validator.commission)),
      String(validator.firstRound),
      String(validator.lastRound),
    ]),
  );
}
