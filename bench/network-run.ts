/**
 * Payments a second that validators verify and commit, all of them on this machine:
 *
 *   npm run bench:network                                  all payments that bench:payments made, as fast as four validators take them
 *   npm run bench:network -- --payments 1000 --rate 100    no more than so many, and not faster
 *   npm run bench:network -- --validators 20 --notes 100   of another chain that payments were made for
 *   npm run bench:network -- --warm-up 0                  from the first block on; else a network that has made 48 of them
 *   npm run bench:network -- --doors 1                     all handed in to one validator
 *   npm run bench:network -- --profile FOLDER              with a processor profile of validator 0, whose heaviest places are told
 *   npm run bench:network -- --keep                        the validators' directories and logs stay
 *   npm run bench:network -- -- --threads 2                what comes after a second -- is given to every `sero node start`
 *
 * JSON lines go to stdout, samples first, the result last; a table for people goes to stderr.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toHex } from '@sero/crypto';
import { openPaymentCache, PAYMENT_CACHE } from './network-cache.ts';
import { PAYMENT_NOTES, paymentChain } from './network-chain.ts';
import { type LoadResult, runLoad, WARM_UP } from './network-load.ts';
import { heaviest } from './network-profile.ts';
import { thisRun } from './run.ts';

const { values, positionals: extra } = parseArgs({
  allowPositionals: true,
  options: {
    validators: { type: 'string', default: '4' },
    notes: { type: 'string', default: String(PAYMENT_NOTES) },
    payments: { type: 'string' },
    rate: { type: 'string' },
    'in-flight': { type: 'string', default: '256' },
    doors: { type: 'string' },
    'warm-up': { type: 'string', default: String(WARM_UP) },
    profile: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const chain = paymentChain(Number(values.validators), Number(values.notes));
const cache = openPaymentCache(PAYMENT_CACHE, chain.hash);
const count = Math.min(cache.count(), Number(values.payments ?? cache.count()));
if (count === 0) throw new Error('no payments are there for this chain: npm run bench:payments');
const directory = mkdtempSync(join(tmpdir(), 'sero-network-'));
process.on('exit', () => {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
});
const begun = performance.now();
const say = (text: string): void => {
  console.error(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(7)} s  ${text}`);
};
const { machine, date, commit } = thisRun();
say(`${machine}; ${date}, commit ${commit}`);
say(`${count} payments, chain ${toHex(chain.hash).slice(0, 16)}, ${directory}`);
const result = await runLoad({
  chain,
  payments: cache.first(count),
  directory,
  inFlight: Number(values['in-flight']),
  warmUp: Number(values['warm-up']),
  extra,
  say,
  sample: (sample) => {
    console.log(JSON.stringify({ sample }));
    say(
      `${sample.taken} taken, block ${sample.height}, ${sample.rss.join(' ')} MiB, own ${sample.own.join(' ')}`,
    );
  },
  ...(values.rate === undefined ? {} : { rate: Number(values.rate) }),
  ...(values.doors === undefined ? {} : { doors: Number(values.doors) }),
  ...(values.profile === undefined ? {} : { profile: values.profile }),
});
console.log(JSON.stringify({ machine, date, commit, result }));
for (const line of told(result)) console.error(line);
if (values.profile !== undefined)
  for (const line of heaviest(values.profile, result.seconds, result.tail)) console.error(line);
for (const fault of result.faults) console.error(fault);
if (result.final < result.payments || !result.agreed || result.faults.length > 0) process.exitCode = 1;

function told(r: LoadResult): string[] {
  const row = (name: string, value: string): string => `${name.padEnd(30)} ${value}`;
  const spread = ({ median, p99, max }: LoadResult['finality']): string => `${median} / ${p99} / ${max}`;
  return [
    row('payments final', `${r.final} of ${r.payments}, ${r.perSecond} a second for ${r.seconds} s`),
    row('finality median/p99/max ms', spread(r.finality)),
    row('answer median/p99/max ms', spread(r.answer)),
    row('blocks', `${r.blocks}, ${r.emptyBlocks} of them empty`),
    row('block interval ms', spread(r.interval)),
    row('payments a block', spread(r.paymentsInBlock)),
    row('fill', spread(r.fill)),
    row('block bytes', spread(r.blockBytes)),
    row('processor s a validator', `${r.cpu.join(' ')}, main threads ${r.mainThread.join(' ')}`),
    row('processor ms a payment', `${r.cpuMsPerPayment} each validator; driver ${r.driverCpu} s in all`),
    row('cores taken', `${Math.round(100 * r.busy)} % of ${r.cores}`),
    row('loopback bytes a payment', String(r.loopbackBytesPerPayment)),
    row('memory MiB', `${r.rss.join(' ')}, own ${r.own.join(' ')}`),
    row('all agree', String(r.agreed)),
    ...Object.entries(r.metrics).map(([name, value]) => row(name, String(value))),
  ];
}
