import {
  decodeRegisterBody,
  type Genesis,
  KIND,
  ProtocolError,
  stakeRecordId,
  WHOLE_COMMISSION,
} from '@sero/protocol';
import { commandOf, type StakeEntry, stakedBy, type TransactionPlan } from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import { hex } from './names.ts';

/** Stake in words. */

type Tx = TransactionPlan['tx'];

/** What a planned command of stake does, to the last field of its body; undefined for another kind and for a body that is none. */
export function stakeLines(tx: Tx, fee: bigint): string[] | undefined {
  const command = commandIn(tx);
  if (command === undefined) return undefined;
  const { action, record, units = 0n } = command;
  const id = hex(record);
  switch (action) {
    case 'stake':
      return [
        `stakes ${unitsText(units)} in the record ${id}`,
        `  for which ${formatAmount(stakedBy({ tx, fee }), 'SERO')} leave the account openly`,
      ];
    case 'unlock':
      return [`unlocks ${unitsText(units)} of the record ${id}`];
    case 'claim':
      return [`claims rewards and what has waited in the record ${id}`];
    case 'online':
    case 'offline':
      return [`sets the record ${id} ${action}`];
    case 'leave':
      return [`takes the record ${id} out of the tables for good`];
    default:
      return [`${action === 'renew' ? 'renews' : 'registers'} the record ${id}`, ...keyLines(tx.body)];
  }
}

function commandIn({ kind, body, from }: Tx): ReturnType<typeof commandOf> {
  try {
    return commandOf(kind, body, from);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function keyLines(body: Uint8Array): string[] {
  const { vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound, commission } = decodeRegisterBody(body);
  return [
    `  VRF key ${hex(vrfKey)}`,
    `  vote root ${hex(voteRoot)}`,
    `  BLS key ${hex(blsKey)}`,
    `  with the proof ${hex(blsProof)}`,
    `  for rounds ${firstRound} to ${lastRound}, commission ${percentText(commission)}`,
  ];
}

/** True for kinds whose body `stakeLines` shows. */
export function isStakeKind(kind: number): boolean {
  return kind >= KIND.stake && kind <= KIND.claim;
}

/** "1 unit", "5 units". */
export function unitsText(units: bigint): string {
  return units === 1n ? '1 unit' : `${units} units`;
}

/** A commission as people write it: "2.5 %". */
export function percentText(commission: number): string {
  return `${(100 * commission) / WHOLE_COMMISSION} %`;
}

/** How long something lasts, in the largest unit that says it: "21 days", "11 minutes". @param ms */
export function durationText(ms: number): string {
  const steps: readonly (readonly [string, number])[] = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ];
  const [name, length] = steps.find(([, least]) => ms >= 2 * least) ?? ['second', 1_000];
  const count = Math.ceil(ms / length);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** How long unlocked stake waits, at the pace of rounds in which nothing happens. */
export function waitText({ stake, pace }: Genesis): string {
  const { unlockWait, unlockWaitTime } = stake;
  const time = Number(unlockWaitTime);
  const rounds = Number(unlockWait) * pace.idle;
  return `${unlockWait} rounds, and ${durationText(Math.max(time, rounds))} where rounds last ${pace.idle / 1_000} seconds`;
}

/** What can become of stake, for whoever puts it in. */
export function slashingText(genesis: Genesis): string {
  return `Each time that the record’s keys sign two votes of one step, a tenth of all that is staked in it is burned, also of what waits to be claimed. Unlocking takes ${waitText(genesis)}.`;
}

/** What a receipt's word says of a command that failed. */
const FAILURES: Readonly<Record<string, string>> = {
  'record-unknown': 'there is no such record',
  'record-exists': 'the record is registered already',
  'record-leaving': 'the record is leaving for good',
  'record-slashed': 'the record was slashed so often that it takes no stake',
  'not-the-owner': 'the record is another owner’s',
  'keys-in-use': 'another record of this owner has one of the keys',
  'key-range-expired': 'the keys end before this block',
  'commission-raised': 'the commission was to rise',
  'already-online': 'the record was online already',
  'already-offline': 'the record was offline already',
  'units-insufficient': 'there were fewer units than were to be unlocked',
  'unlocking-full': 'as many pieces waited as can',
  'nothing-to-claim': 'there was nothing to claim',
  'last-participant':
    'nobody else would have been left to make blocks: wait until another record participates',
};

/** What a transaction of the history commanded, and why that failed where it did. */
export function commandText({ action, record, units = 0n, failure }: StakeEntry): string {
  const says = COMMANDS[action](hex(record), unitsText(units));
  return failure === undefined ? says : `${says}; failed: ${failureText(failure)}`;
}

const COMMANDS: Readonly<Record<StakeEntry['action'], (record: string, units: string) => string>> = {
  stake: (record, units) => `stake ${units} in the record ${record}`,
  register: (record) => `register the record ${record}`,
  renew: (record) => `renew the record ${record}`,
  online: (record) => `set the record ${record} online`,
  offline: (record) => `set the record ${record} offline`,
  leave: (record) => `take the record ${record} out of the tables for good`,
  unlock: (record, units) => `unlock ${units} of the record ${record}`,
  claim: (record) => `claim from the record ${record}`,
};

/** The reason of a failed command in words. @param failure the word of the receipt */
export function failureText(failure: string): string {
  return FAILURES[failure] ?? failure;
}

/** The id that a record gets which these keys register. */
export function recordIdOf(keys: {
  readonly owner: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly voteRoot: Uint8Array;
}): Uint8Array {
  return stakeRecordId(keys.owner, keys.vrfKey, keys.voteRoot);
}
