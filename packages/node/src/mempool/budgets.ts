/** How much refused work a source may cause. Amounts are in units; a failed verification costs `FAILURE` of them. */
export interface BudgetOptions {
  /** Units of a source that was never seen. Default 512: 64 failed verifications. */
  readonly start?: number;
  /** Units that a source regains each second, up to `start`. Default 8: one failed verification. */
  readonly perSecond?: number;
  /** Units that each valid transaction earns. Default 8. */
  readonly reward?: number;
  /** Most units that valid transactions can earn. Default 4,096. */
  readonly most?: number;
  /** Sources that are remembered; the one unseen for longest is forgotten first. Default 4,096. */
  readonly sources?: number;
}

/** Units that checking a transaction may cost: signature and proof. */
export const FAILURE = 8;

/** Units of a refusal that honest senders meet too, such as a price below the base fee: some decoding. */
export const REFUSAL = 1;

/** The budgets of all sources. */
export interface Budgets {
  /** Takes units. False, and nothing taken, where fewer are left. */
  take(source: string, units: number): boolean;
  /** Gives units back that were taken and not used. */
  giveBack(source: string, units: number): void;
  /** Earns the reward of a valid transaction. */
  reward(source: string): void;
  /** ms until a source has this many units again. */
  waitFor(source: string, units: number): number;
  /** Units left. */
  left(source: string): number;
}

interface Account {
  units: number;
  /** When time last added to it. */
  at: number;
}

/**
 * Budgets by source. Forgetting the source that was unseen for longest gives an attacker nothing: to be forgotten he must show as many
 * new sources as are remembered, and each of those begins with a budget of its own.
 *
 * @param now ms, of any clock that does not jump
 */
export function createBudgets(options: BudgetOptions, now: () => number): Budgets {
  const { start = 512, perSecond = 8, reward = 8, most = 4_096, sources = 4_096 } = options;
  const accounts = new Map<string, Account>();

  function accountOf(source: string): Account {
    const known = accounts.get(source);
    const account = known ?? { units: start, at: now() };
    // Last touched stands last: the first is forgotten first.
    accounts.delete(source);
    accounts.set(source, account);
    if (accounts.size > sources) accounts.delete(accounts.keys().next().value!);
    const passed = Math.max(0, now() - account.at);
    account.at = now();
    // Time fills up to `start` only; what stands above was earned.
    if (account.units < start) account.units = Math.min(start, account.units + (passed * perSecond) / 1_000);
    return account;
  }

  return {
    take(source, units) {
      const account = accountOf(source);
      if (account.units < units) return false;
      account.units -= units;
      return true;
    },
    giveBack(source, units) {
      const account = accountOf(source);
      account.units = Math.min(most, account.units + units);
    },
    reward(source) {
      const account = accountOf(source);
      account.units = Math.min(most, account.units + reward);
    },
    waitFor(source, units) {
      const missing = units - accountOf(source).units;
      return missing <= 0 ? 0 : Math.ceil((missing * 1_000) / perSecond);
    },
    left: (source) => accountOf(source).units,
  };
}
