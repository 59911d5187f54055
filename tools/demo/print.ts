import { styleText } from 'node:util';
import { inSero } from './balances.ts';
import type { StepReport } from './run.ts';

/** Text that others chose, with everything that would steer a terminal made visible. */
export function visible(text: string): string {
  // Control characters of C0, DEL and C1.
  return text.replace(/[\p{Cc}]/gu, (found) => `\\u${found.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

/** Shortens long hexadecimal for a terminal. */
function brief(value: unknown): string {
  const text = visible(String(value));
  return /^[0-9a-f]{33,}$/.test(text) ? `${text.slice(0, 16)}…` : text;
}

/** Amounts of SERO in whole coins, of other assets in units. */
function amount(units: unknown, asset: unknown): string {
  return asset === 'SERO' ? `${inSero(BigInt(String(units)))} SERO` : `${units} ${asset}`;
}

/** What a step did, in words; of one that did not come off, what it tried. */
function sentence(report: StepReport): string {
  const { step, wallet, name, supply, from, to, asset, merge, balances, by, ok } = report;
  switch (step) {
    case 'keys':
      return report.made === true
        ? 'INSECURE development keys made'
        : 'INSECURE development keys from the cache';
    case 'genesis':
      return `the chain begins: ${funded(report.wallets)}`;
    case 'commit':
      return `${wallet} commits to the name ${name}`;
    case 'issue':
      return `${wallet} issues ${supply} ${name}`;
    case 'wait':
      return `${report.blocks} more ${report.blocks === 1 ? 'block' : 'blocks'}`;
    case 'pay':
      return merge === true
        ? `${from} merges two notes`
        : `${from} pays ${to} ${amount(report.amount, asset)}`;
    case 'audit':
      return balances === undefined
        ? `an auditor with ${wallet}'s viewing key`
        : `an auditor with ${wallet}'s viewing key reads ${holdings(balances)}`;
    case 'disclose':
      return asset === undefined
        ? `${wallet}, the ${by}, proves one payment to a stranger`
        : `${wallet}, the ${by}, proves one payment of ${amount(report.amount, asset)} to a stranger`;
    case 'conservation':
      return `all wallets and ${inSero(BigInt(String(report.fees)))} SERO of fees sum to what was allocated and issued`;
    case 'agreement':
      return `${report.participants} validators with ${report.units} units made ${report.rounds} blocks final, ${report.firstPeriod} of them in the first period, each by at least ${report.fewestVoters}`;
    default:
      return `${step} by ${by}: ${ok ? 'refused' : attackOutcome(report)}`;
  }
}

function attackOutcome({ code, rootBefore }: StepReport): string {
  if (code === 'accepted') return 'NOT REFUSED';
  return rootBefore === undefined ? 'could not be tried' : 'refused, but not by the rule that should';
}

function funded(wallets: unknown): string {
  const rich = (wallets as { wallet: string; balances: Record<string, string> }[]).filter(
    ({ balances }) => Object.keys(balances).length > 0,
  );
  return (
    rich.map(({ wallet, balances }) => `${wallet} has ${holdings(balances)}`).join(', ') || 'nobody has money'
  );
}

function holdings(balances: unknown): string {
  const held = Object.entries(balances as Record<string, string>);
  return held.map(([asset, units]) => amount(units, asset)).join(', ') || 'nothing';
}

const DETAILS = [
  'memo',
  'txid',
  'proofHash',
  'verifyMs',
  'proveMs',
  'finalMs',
  'medianFinalMs',
  'slowestFinalMs',
  'fee',
  'code',
  'message',
  'rootBefore',
  'rootAfter',
  'undisclosedNotes',
];

interface HistoryLine {
  readonly height: string;
  readonly kind: string;
  readonly own: boolean;
  readonly change: readonly { readonly asset: string; readonly amount: string }[];
  readonly memo?: string;
}

function historyLine({ height, kind, own, change, memo }: HistoryLine): string {
  const amounts = change.map(({ asset, amount: units }) => amount(units, asset)).join(', ');
  const text = memo === undefined ? '' : ` "${visible(memo)}"`;
  return `block ${height}: ${own ? 'sent' : 'received'} (${kind}) ${amounts}${text}`;
}

/** A step as lines for a terminal. */
export function formatStep(report: StepReport): string {
  const mark = report.ok ? styleText('green', 'ok  ') : styleText('red', 'FAIL');
  const lines = [`${mark} ${String(report.ms).padStart(6)} ms  ${sentence(report)}`];
  const detail = (text: string): void => {
    lines.push(styleText('dim', `                ${text}`));
  };
  for (const name of DETAILS) {
    const value = report[name];
    if (value === undefined) continue;
    detail(`${name.padEnd(16)} ${name === 'fee' ? amount(value, 'SERO') : brief(value)}`);
  }
  if (Array.isArray(report.history)) {
    for (const entry of report.history as HistoryLine[]) detail(historyLine(entry));
  }
  return lines.join('\n');
}
