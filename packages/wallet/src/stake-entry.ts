import {
  decodeClaimBody,
  decodeOnlineBody,
  decodeRegisterBody,
  decodeStakeBody,
  decodeUnlockBody,
  KIND,
  ONLINE,
  type Receipt,
  stakeRecordId,
  type Transaction,
} from '@sero/protocol';
import type { StakeEntry } from './records.ts';

/** Kinds 4 to 8. */
export function isStakeKind(kind: number): boolean {
  return kind >= KIND.stake && kind <= KIND.claim;
}

/**
 * What a transaction of kinds 4 to 8 commands, or undefined for one of another kind.
 *
 * @throws ProtocolError as the bodies' decoders do, which no block of the chain brings about
 */
export function stakeEntry(
  { kind, body, from }: Pick<Transaction, 'kind' | 'body' | 'from'>,
  receipt: Pick<Receipt, 'status' | 'failure'>,
): StakeEntry | undefined {
  const command = commandOf(kind, body, from);
  if (command === undefined) return undefined;
  if (receipt.status === 1) return { ...command, from };
  return { ...command, from, failure: String.fromCharCode(...receipt.failure) };
}

/** What a body of these kinds says, for the history and for whoever signs. */
export function commandOf(
  kind: number,
  body: Uint8Array,
  from: Uint8Array,
): Omit<StakeEntry, 'from' | 'failure'> | undefined {
  switch (kind) {
    case KIND.stake:
      return { action: 'stake', ...decodeStakeBody(body) };
    case KIND.unlock:
      return { action: 'unlock', ...decodeUnlockBody(body) };
    case KIND.claim:
      return { action: 'claim', ...decodeClaimBody(body) };
    case KIND.online: {
      const { record, online } = decodeOnlineBody(body);
      const action = online === ONLINE.online ? 'online' : online === ONLINE.offline ? 'offline' : 'leave';
      return { action, record };
    }
    case KIND.register: {
      const { record, vrfKey, voteRoot } = decodeRegisterBody(body);
      const keys = { vrfKey, voteRoot };
      const [renewed] = record;
      return renewed === undefined
        ? { action: 'register', record: stakeRecordId(from, vrfKey, voteRoot), keys }
        : { action: 'renew', record: renewed, keys };
    }
    default:
      return undefined;
  }
}
