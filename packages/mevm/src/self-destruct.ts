import { isEmpty } from './accounts.ts';
import { move } from './calls.ts';
import { NO_BYTES } from './code.ts';
import type { Execution } from './execution.ts';
import type { Frame } from './frame.ts';

const COLD_ACCOUNT_GAS = 2600;
const NEW_ACCOUNT_GAS = 25000;

/**
 * SELFDESTRUCT (Yellow Paper H.2, EIP-2929, EIP-6780), its 5,000 gas taken.
 *
 * @returns the gas left; negative where there is not enough
 */
export function selfDestruct(execution: Execution, frame: Frame, beneficiary: bigint, gas: number): number {
  const { world, rules } = execution;
  const { account } = frame;
  const heir = world.accounts.of(beneficiary);
  let left = gas;
  if (!world.warm(heir)) left -= COLD_ACCOUNT_GAS;
  if (account.balance !== 0n && isEmpty(heir)) left -= NEW_ACCOUNT_GAS;
  if (left < 0) return left;
  const ends = !rules.keepsOldContracts || account.createdIn === world.epoch;
  world.touch(heir);
  const { watcher } = execution;
  if (watcher !== undefined) {
    const [from, to, value] = [account.address, heir.address, account.balance];
    watcher.begun({ kind: 'SELFDESTRUCT', from, to, value, gas: 0, gasKept: left, input: NO_BYTES });
    watcher.ended({ status: 'success', reason: undefined, gasLeft: 0, output: NO_BYTES });
  }
  if (heir !== account) {
    if (account.balance !== 0n) move(execution, account, heir, account.balance);
  } else if (ends && account.balance !== 0n) {
    world.setBalance(account, 0n);
  }
  if (ends) world.destroy(account);
  return left;
}
