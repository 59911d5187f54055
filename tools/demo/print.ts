import { styleText } from 'node:util';
import { inSero, type StepReport } from './run.ts';

/** Shortens long hexadecimal and text for a terminal. */
function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  return /^[0-9a-f]{33,}$/.test(text) ? `${text.slice(0, 16)}…` : text;
}

/** Amounts of SERO in whole coins, of other assets in units. */
function amount(units: unknown, asset: unknown): string {
  return asset === 'SERO' ? `${inSero(BigInt(String(units)))} SERO` : `${units} ${asset}`;
}

/** What a step did, in words. */
function sentence(report: StepReport): string {
  const { step, wallet, name, supply, from, to, asset, merge, balances, by } = report;
  switch (step) {
    case 'keys':
      return report.made === true
        ? 'INSECURE development keys made'
        : 'INSECURE development keys from the cache';
    case 'genesis':
      return 'the chain begins; every wallet has read block 0';
    case 'commit':
      return `${wallet} commits to the name ${name}`;
    case 'issue':
      return `${wallet} issues ${supply} ${name}`;
    case 'wait':
      return `blocks pass, height ${report.height}`;
    case 'pay':
      return merge === true
        ? `${from} merges two notes`
        : `${from} pays ${to} ${amount(report.amount, asset)}`;
    case 'audit':
      return `an auditor with ${wallet}'s viewing key reads ${holdings(balances)}`;
    case 'disclose':
      return `${wallet}, the ${by}, proves one payment of ${amount(report.amount, asset)} to a stranger`;
    case 'conservation':
      return `all wallets and ${inSero(BigInt(String(report.fees)))} SERO of fees sum to what was allocated and issued`;
    default:
      return `${step} by ${by}: ${report.ok ? 'refused' : 'NOT REFUSED'}`;
  }
}

function holdings(balances: unknown): string {
  return Object.entries(balances as Record<string, string>)
    .map(([asset, units]) => amount(units, asset))
    .join(', ');
}

const DETAILS = [
  'memo',
  'txid',
  'proofHash',
  'verifyMs',
  'proveMs',
  'fee',
  'code',
  'message',
  'rootBefore',
  'rootAfter',
  'undisclosedNotes',
];

/** A step as lines for a terminal. */
export function formatStep(report: StepReport): string {
  const mark = report.ok ? styleText('green', 'ok  ') : styleText('red', 'FAIL');
  const lines = [`${mark} ${String(report.ms).padStart(6)} ms  ${sentence(report)}`];
  for (const detail of DETAILS) {
    const value = report[detail];
    if (value === undefined) continue;
    const shown = detail === 'fee' ? amount(value, 'SERO') : brief(value);
    lines.push(styleText('dim', `                ${detail.padEnd(16)} ${shown}`));
  }
  if (Array.isArray(report.history)) {
    for (const entry of report.history as {
      height: string;
      kind: string;
      own: boolean;
      change: string[];
      memo?: string;
    }[]) {
      const what = `block ${entry.height}: ${entry.own ? 'sent' : 'received'} (${entry.kind}) ${entry.change.join(', ')}`;
      lines.push(
        styleText(
          'dim',
          `                ${what}${entry.memo === undefined ? '' : ` ${JSON.stringify(entry.memo)}`}`,
        ),
      );
    }
  }
  return lines.join('\n');
}
