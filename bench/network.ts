import {
  type Figure,
  type LargeFigure,
  type LeftOut,
  type Measurement,
  type Suite,
  sampled,
} from './harness.ts';
import { openPaymentCache, PAYMENT_CACHE } from './network-cache.ts';
import { fullChain, measureChain } from './network-catchup.ts';
import { emptyChain, secondsToVerify } from './network-catchup-chain.ts';
import { PAYMENT_NOTES, type PaymentChain, paymentChain } from './network-chain.ts';
import { type LoadResult, runLoad } from './network-load.ts';
import { temporaryDirectories } from './temporary.ts';

const VALIDATORS = 4;

/** The run that says how fast payments become final: a minute. */
const CALM = { rate: 20, payments: 1_200 } as const;

/** What both runs are of, for whoever judges them. */
const OF = `${VALIDATORS} validators on this machine, each \`sero node start\` in a process of its own, agree over TCP on the loopback address; who pays runs beside them. Proofs were made before, against block 0, each of a note of its own; every validator verifies every proof. Gas limits and pace are those of all development networks.`;

const PAYMENTS: LargeFigure = {
  name: 'network.payments',
  what: `Private payments a second, from the first one's submission until every validator had the last one's block. ${OF} They are handed in over RPC as fast as the validators take them.`,
};
const FINALITY: LargeFigure = {
  name: 'network.finality',
  what: `From a payment's submission until every validator had its block: the median, at ${CALM.rate} payments a second for a minute. ${OF}`,
};
const FINALITY_99: LargeFigure = {
  name: 'network.finality.p99',
  what: 'Of the same payments all but one in a hundred were final sooner.',
};
const PROCESSOR: LargeFigure = {
  name: 'network.payments.processor',
  what: 'Processor time that each validator took for a payment in the run of network.payments, all of its threads, rounds and gossip included.',
};

/** What the figures of catching up are of. */
const CATCH_UP =
  'from its first block to its last, by a node that begins with nothing, from another one over TCP on the loopback address, each `sero node start` in a process of its own. Whatever is final is verified and durable as in any node; the other node takes part of the same processors.';
const EMPTY_BLOCKS = 8_192;
const STRIDE: LargeFigure = {
  name: 'network.catchup.stride',
  what: `Empty blocks a second, ${CATCH_UP} A certificate of four validators each 256 blocks, as in production.`,
};
const EVERY: LargeFigure = {
  name: 'network.catchup.every',
  what: `Empty blocks a second, ${CATCH_UP} A certificate of four validators each block.`,
};
const FULL_BLOCKS = 24;
const FULL_CHAIN: LargeFigure = {
  name: 'network.catchup.full',
  what: `Time of a full block, of 320 private payments, ${CATCH_UP} Beside it a ledger in memory verified and executed the same blocks, one after another.`,
};

const directories = temporaryDirectories();

/** Figures of whole networks, from payments that `npm run bench:payments` made. */
export const networkSuite: Suite = {
  prefix: 'network.',
  large: [PAYMENTS, FINALITY, FINALITY_99, PROCESSOR, STRIDE, EVERY, FULL_CHAIN],

  async prepare({ large, wants }) {
    if (!large) return [];
    const chain = paymentChain(VALIDATORS, PAYMENT_NOTES);
    const cache = openPaymentCache(PAYMENT_CACHE, chain.hash);
    const count = cache.count();
    const found: Measurement[] = [];
    const figures = async (of: readonly LargeFigure[], least: number, measure: () => Promise<Figure[]>) => {
      const asked = of.filter(({ name }) => wants(name));
      if (asked.length === 0) return;
      if (count < least) found.push(...asked.map((one) => ({ leftOut: missing(one, count, least) })));
      else found.push(...(await measure()).map((figure) => ({ figure })));
    };
    await figures([FINALITY, FINALITY_99], CALM.payments, async () => {
      const { finality } = await run(chain, cache.first(CALM.payments), CALM.rate);
      return [figure(FINALITY, finality.median, 'ms'), figure(FINALITY_99, finality.p99, 'ms')];
    });
    await figures([PAYMENTS, PROCESSOR], chain.genesis.allocations.length, async () => {
      const result = await run(chain, cache.first(count));
      const { seconds, final, interval, fill, busy, cores } = result;
      const said = `${final} payments in ${seconds} s, blocks ${interval.median} ms apart and ${Math.round(100 * fill.median)} % full at the median; all processes together took ${Math.round(100 * busy)} % of ${cores} cores.`;
      return [
        figure({ ...PAYMENTS, what: `${PAYMENTS.what} ${said}` }, result.perSecond, 'payments/s', 'higher'),
        figure(PROCESSOR, result.cpuMsPerPayment, 'ms'),
      ];
    });
    for (const [one, stride] of [
      [STRIDE, 256],
      [EVERY, 1],
    ] as const) {
      if (!wants(one.name)) continue;
      const { perSecond } = await measureChain(directories.make(), emptyChain(EMPTY_BLOCKS, stride));
      found.push({ figure: figure(one, perSecond, 'blocks/s', 'higher') });
    }
    await figures([FULL_CHAIN], 320 * FULL_BLOCKS, async () => {
      const full = fullChain(FULL_BLOCKS);
      const { seconds, blocks, written } = await measureChain(directories.make(), full);
      const verified = (await secondsToVerify(full.genesis, written)) / written.length;
      const said = `That took ${Math.round(1_000 * verified)} ms a block.`;
      return [
        figure({ ...FULL_CHAIN, what: `${FULL_CHAIN.what} ${said}` }, (1_000 * seconds) / blocks, 'ms'),
      ];
    });
    return found;
  },

  async close() {
    directories.clear();
  },
};

function figure({ name, what }: LargeFigure, value: number, unit: string, better?: 'higher'): Figure {
  return sampled({ name, what, large: true }, [value], unit, better);
}

function missing({ name }: LargeFigure, count: number, least: number): LeftOut {
  return { name, because: `${count} of ${least} payments are made: npm run bench:payments` };
}

async function run(chain: PaymentChain, payments: readonly Uint8Array[], rate?: number): Promise<LoadResult> {
  const result = await runLoad({
    chain,
    payments,
    directory: directories.make(),
    ...(rate === undefined ? {} : { rate }),
  });
  const { final, agreed, faults } = result;
  if (final < payments.length) throw new Error(`${final} of ${payments.length} payments became final`);
  if (!agreed) throw new Error('the validators have different blocks');
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return result;
}
