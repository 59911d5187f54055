import {
  type Figure,
  type LargeFigure,
  type LeftOut,
  type Measurement,
  type Suite,
  sampled,
} from './harness.ts';
import { openPaymentCache, PAYMENT_CACHE, type PaymentCache } from './network-cache.ts';
import { FULL, fullChain, measureChain } from './network-catchup.ts';
import { emptyChain, type Stride, secondsToVerify } from './network-catchup-chain.ts';
import { PAYMENT_NOTES, type PaymentChain, paymentChain } from './network-chain.ts';
import { type LoadResult, runLoad, WARM_UP } from './network-load.ts';
import { makePayments } from './network-payments.ts';
import { temporaryDirectories } from './temporary.ts';

const VALIDATORS = 4;

/** The run that says how soon payments are final: half a minute of them, and what the network takes before to find its pace. */
const CALM = { rate: 20, payments: 600 } as const;

/** Payments without which nothing is said of how many a second there are: ten full blocks. */
const FEWEST = 3_230;

/** What both runs are of, for whoever judges them. */
const OF = `${VALIDATORS} validators on this machine, each \`sero node start\` in a process of its own, agree over TCP on the loopback address; who pays runs beside them. Proofs were made before, against block 0, each of a note of its own; every validator verifies every proof. Gas limits and pace are those of all development networks; the network has made ${WARM_UP} blocks before.`;

/** A row of the page. */
type Row = Pick<Figure, 'name' | 'what'>;

const PAYMENTS: Row = {
  name: 'network.payments',
  what: `Private payments a second, from the first one's submission until every validator had the last one's block. ${OF} They are handed in over RPC as fast as the validators take them.`,
};
const PROCESSOR: Row = {
  name: 'network.payments.processor',
  what: 'Processor time that each validator took for a payment in the run of network.payments, all of its threads, rounds and gossip included.',
};
const FINALITY: Row = {
  name: 'network.finality',
  what: `From a payment's submission until every validator had its block: the median, at ${CALM.rate} payments a second. ${OF}`,
};
const FINALITY_99: Row = {
  name: 'network.finality.p99',
  what: 'Of the same payments all but one in a hundred were final sooner.',
};

/** What the figures of catching up are of. */
const CATCH_UP =
  'from its first block to its last, by a node that begins with nothing, from another one over TCP on the loopback address, each `sero node start` in a process of its own. Whatever is final is verified and durable as in any node; the other node takes part of the same processors.';
const EMPTY_BLOCKS = 4_096;
const STRIDE: Row = {
  name: 'network.catchup.stride',
  what: `Empty blocks a second, ${EMPTY_BLOCKS} of them, ${CATCH_UP} A certificate of four validators each 256 blocks, as in production.`,
};
const EVERY: Row = {
  name: 'network.catchup.every',
  what: `Empty blocks a second, ${EMPTY_BLOCKS} of them, ${CATCH_UP} A certificate of four validators each block.`,
};
const FULL_BLOCKS = 24;
const FULL_CHAIN: LargeFigure = {
  name: 'network.catchup.full',
  what: `Time of a full block, of ${FULL} private payments, ${CATCH_UP} They are so few that each is made durable before the next one. Beside it a ledger in memory verified and executed the same blocks, one after another.`,
};

/** Figures that are measured together. */
interface Group {
  readonly rows: readonly Row[];
  readonly isLarge?: boolean;
  /** Payments without which it is left out, and those that `--large` makes for it. Default: none. */
  readonly payments?: { readonly least: number; readonly made: number };
  measure(): Promise<Figure[]>;
}

/**
 * Figures of whole networks.
 *
 * @param folder where `npm run bench:payments` keeps payments. Figures that take more than there are are left out, but with `--large`, which makes them
 */
export function createNetworkSuite(folder: string): Suite {
  const directories = temporaryDirectories();
  let made: PaymentChain | undefined;
  /** Hashing its notes takes half a second, which figures without payments need not. */
  const chain = (): PaymentChain => {
    made ??= paymentChain(VALIDATORS, PAYMENT_NOTES);
    return made;
  };
  const openCache = (): PaymentCache => openPaymentCache(folder, chain().hash);

  async function run(count: number, rate?: number): Promise<LoadResult> {
    const result = await runLoad({
      chain: chain(),
      payments: openCache().first(count),
      directory: directories.make(),
      warmUp: WARM_UP,
      ...(rate === undefined ? {} : { rate }),
    });
    const { final, payments, agreed, faults } = result;
    if (final < payments) throw new Error(`${final} of ${payments} payments became final`);
    if (!agreed) throw new Error('the validators have different blocks');
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return result;
  }

  const catchUp = (row: Row, stride: Stride): Group => ({
    rows: [row],
    async measure() {
      const { perSecond } = await measureChain(directories.make(), emptyChain(EMPTY_BLOCKS, stride));
      return [figure(row, perSecond, 'blocks/s', 'higher')];
    },
  });

  const groups: readonly Group[] = [
    catchUp(STRIDE, 256),
    catchUp(EVERY, 1),
    {
      rows: [FULL_CHAIN],
      isLarge: true,
      payments: { least: FULL * FULL_BLOCKS, made: FULL * FULL_BLOCKS },
      async measure() {
        const full = fullChain(FULL_BLOCKS, folder);
        const { seconds, blocks, written } = await measureChain(directories.make(), full);
        const verified = (await secondsToVerify(full.genesis, written)) / written.length;
        const said = `That took ${Math.round(1_000 * verified)} ms a block.`;
        const row = { ...FULL_CHAIN, what: `${FULL_CHAIN.what} ${said}`, large: true };
        return [figure(row, (1_000 * seconds) / blocks, 'ms')];
      },
    },
    {
      rows: [FINALITY, FINALITY_99],
      payments: { least: CALM.payments + WARM_UP, made: CALM.payments + WARM_UP },
      async measure() {
        const { finality } = await run(CALM.payments + WARM_UP, CALM.rate);
        const row = { ...FINALITY, what: `${FINALITY.what} ${finality.count} payments.` };
        return [figure(row, finality.median, 'ms'), figure(FINALITY_99, finality.p99, 'ms')];
      },
    },
    {
      rows: [PAYMENTS, PROCESSOR],
      payments: { least: FEWEST + WARM_UP, made: PAYMENT_NOTES },
      async measure() {
        const count = openCache().count();
        const { seconds, final, interval, fill, busy, cores, perSecond, cpuMsPerPayment } = await run(count);
        const said = `${count} of ${PAYMENT_NOTES} were at hand. ${final} of them in ${seconds} s, blocks ${interval.median} ms apart and ${Math.round(100 * fill.median)} % full at the median; all processes together took ${Math.round(100 * busy)} % of ${cores} cores.`;
        return [
          figure({ ...PAYMENTS, what: `${PAYMENTS.what} ${said}` }, perSecond, 'payments/s', 'higher'),
          figure(PROCESSOR, cpuMsPerPayment, 'ms'),
        ];
      },
    },
  ];

  return {
    prefix: 'network.',
    large: [FULL_CHAIN],

    async prepare({ large, wants }) {
      const found: Measurement[] = [];
      for (const { rows, isLarge = false, payments, measure } of groups) {
        if ((isLarge && !large) || !rows.some(({ name }) => wants(name))) continue;
        if (payments !== undefined) {
          if (large) await makePayments(chain(), openCache(), payments.made, (line) => console.error(line));
          const count = openCache().count();
          if (count < payments.least) {
            found.push(...rows.map((row) => ({ leftOut: missing(row, count, payments.least) })));
            continue;
          }
        }
        found.push(...(await measure()).map((one) => ({ figure: one })));
      }
      return found;
    },

    async close() {
      directories.clear();
    },
  };
}

/** They take the payments that `npm run bench:payments` made. */
export const networkSuite: Suite = createNetworkSuite(PAYMENT_CACHE);

function figure(
  row: Pick<Figure, 'name' | 'what' | 'large'>,
  value: number,
  unit: string,
  better?: 'higher',
): Figure {
  return sampled(row, [value], unit, better);
}

function missing({ name }: Row, count: number, least: number): LeftOut {
  const because = `${count} of the ${least} payments that it takes are at hand; npm run bench:payments makes them, and so does --large`;
  return { name, because };
}
