import { RpcError } from '@sero/api';
import { equalBytes } from '@sero/crypto';
import {
  expectPossible,
  ownStakes,
  readStakeTables,
  rpcStakeSource,
  type StakeRequest,
  type StakeTables,
} from '@sero/wallet';
import { usageError } from '../errors.ts';
import { hex } from '../names.ts';
import type { Session } from '../session.ts';

/** What the commands of stake know of others' stake, and which record somebody means. */

/** Fewest digits of a record's id that name one. */
const SHORTEST_ID = 8;

/** The node's tables of stake, whole; undefined, with a warning, where it gives none. */
export async function stakeTables({ cli, client }: Session): Promise<StakeTables | undefined> {
  try {
    return await cli.progress.stage('Reading the tables of stake', () =>
      readStakeTables(rpcStakeSource(client), cli.io.signal),
    );
  } catch (error) {
    if (!(error instanceof RpcError) || !['not-found', 'method-not-found'].includes(error.name)) throw error;
    cli.out.warn('the node gives no tables of stake: whether the command can succeed was not looked at');
    return undefined;
  }
}

/** Refuses what the ledger would refuse, as far as tables show it; says which of several places is meant. */
export function checkedRequest(
  { wallet }: Session,
  request: StakeRequest,
  tables: StakeTables | undefined,
): StakeRequest {
  return tables === undefined ? request : expectPossible(wallet, request, tables);
}

/** The record that somebody names: whole, or by the beginning of one where this account has something. */
export function recordNamed({ wallet }: Session, text: string): Uint8Array {
  const digits = text.toLowerCase().replace(/^0x/, '');
  if (/^[0-9a-f]{64}$/.test(digits)) return Uint8Array.from(Buffer.from(digits, 'hex'));
  if (!/^[0-9a-f]*$/.test(digits) || digits.length < SHORTEST_ID || digits.length > 64) {
    throw usageError(
      'a stake record is named by 64 hexadecimal digits, or by the first 8 or more of one of yours',
      'see: {sero} stake status',
    );
  }
  const found = ownRecords(wallet, () => true).filter((id) => hex(id).startsWith(digits));
  if (found.length === 1) return found[0]!;
  throw usageError(
    found.length === 0
      ? `none of your records begins with ${digits}`
      : `several of your records begin with ${digits}`,
    'give all 64 digits; see: {sero} stake status',
  );
}

/** The record that a command without a name means. @param owned of which this account must be the owner */
export function onlyRecord(session: Session, id: string | undefined, owned: boolean): Uint8Array {
  if (id !== undefined) return recordNamed(session, id);
  const found = ownRecords(session.wallet, ({ owns }) => owns || !owned);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw usageError('there are several such records: say which', 'see: {sero} stake status');
  }
  throw usageError(
    owned ? 'this account owns no stake record' : 'this account has stake in no record',
    'see: {sero} stake --help',
  );
}

function ownRecords(
  wallet: Session['wallet'],
  wanted: (stake: ReturnType<typeof ownStakes>[number]) => boolean,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const stake of ownStakes(wallet).filter(wanted)) {
    if (!found.some((id) => equalBytes(id, stake.record))) found.push(stake.record);
  }
  return found;
}
