import { besides, type Figure, inTurn, type Measurement, type Suite, sampled, timed } from './harness.ts';
import { calldata, compileContracts } from './mevm-contracts.ts';
import { type Engine, ethereumjsEngine, ourEngine, PAYER, revmEngine, TOKEN, WORK } from './mevm-engines.ts';
import { worstFigure } from './mevm-worst.ts';

/** A loop of Mevm.sol. */
interface Row {
  readonly name: string;
  readonly what: string;
  /** The message of so many rounds; `run` is another number each time. */
  message(rounds: number, run: number): Uint8Array;
  /** Rounds of a run by each engine: of ours, of @ethereumjs/evm, of revm. */
  readonly rounds: readonly [ours: number, ethereumjs: number, revm: number];
  /** Messages of one run by our engine, where a single one is short. */
  readonly repeat: number;
}

const loop = (signature: string) => (rounds: number) => calldata(`${signature}(uint256)`, rounds);

const ROWS: readonly Row[] = [
  {
    name: 'arith',
    what: 'Words of 256 bits multiplied, added, shifted.',
    message: loop('arith'),
    rounds: [1_000_000, 20_000, 500_000],
    repeat: 3,
  },
  {
    name: 'small',
    what: 'Numbers below 2^64 multiplied, added, divided.',
    message: loop('small'),
    rounds: [1_000_000, 20_000, 500_000],
    repeat: 3,
  },
  {
    name: 'hash',
    what: 'A chain of Keccak-256 of 64 bytes.',
    message: loop('hash'),
    rounds: [100_000, 5_000, 100_000],
    repeat: 1,
  },
  {
    name: 'memory',
    what: 'A sieve over a word of memory for each number.',
    message: loop('memory_'),
    rounds: [50_000, 10_000, 50_000],
    repeat: 8,
  },
  {
    name: 'storage',
    what: 'Slots never looked at before, each read and written.',
    message: (rounds, run) => calldata('storage_(uint256,uint256)', run * 1_000_000, rounds),
    rounds: [20_000, 1_000, 20_000],
    repeat: 1,
  },
  {
    name: 'calls',
    what: 'Calls of a function that returns 1.',
    message: loop('calls'),
    rounds: [50_000, 1_000, 50_000],
    repeat: 1,
  },
];

const RUNS = 5;
const PARTS =
  'The same bytecode by solc, optimised, from OpenZeppelin where it is a token; messages in memory, without signatures, trees or disk. Our machine is warm: code that runs on has been translated.';
const REVM = 'revm as anvil runs it for eth_call, less an empty call';

/** Figures of @sero/mevm. */
export const mevmSuite: Suite = {
  prefix: 'mevm.',
  async prepare({ wants }) {
    const contracts = compileContracts();
    const measurements: Measurement[] = [];
    let run = 0;
    const add = (figure: Figure) => measurements.push({ figure });
    const isWanted = ROWS.some(({ name }) => wants(`mevm.${name}`) || wants(`mevm.${name}.revm`));
    if (isWanted || wants('mevm.erc20') || wants('mevm.erc20.revm')) {
      const ours = ourEngine(contracts);
      const ethereumjs = await ethereumjsEngine(contracts);
      const revm = await revmEngine(contracts);
      if (revm === undefined) {
        const because = 'there is no anvil for this machine';
        for (const name of [...ROWS.map((row) => row.name), 'erc20']) {
          measurements.push({ leftOut: { name: `mevm.${name}.revm`, because } });
        }
      }
      try {
        for (const row of ROWS) {
          const speed = (engine: Engine, rounds: number, repeat: number) => async () => {
            let gas = 0;
            const messages = Array.from({ length: repeat }, () => row.message(rounds, ++run));
            const ms = await timed(async () => {
              for (const message of messages) gas += await engine.call(WORK, message);
            });
            return gas / ms / 1000;
          };
          const mine = speed(ours, row.rounds[0], row.repeat);
          const named = (name: string) => ({ name, what: `${row.what} ${PARTS}` });
          if (wants(`mevm.${row.name}`)) {
            const [a, b] = await inTurn(RUNS, [mine, speed(ethereumjs, row.rounds[1], 1)]);
            const figure = sampled(named(`mevm.${row.name}`), a as number[], 'Mgas/s', 'higher');
            add(besides(figure, '@ethereumjs/evm', b as number[]));
          }
          if (revm !== undefined && wants(`mevm.${row.name}.revm`)) {
            // How much gas the same message takes is the same for both.
            const gas = await ours.call(WORK, row.message(row.rounds[2], ++run));
            const theirs = lessEmpty(revm, () => revm.call(WORK, row.message(row.rounds[2], ++run)));
            const [a, b] = await inTurn(RUNS, [mine, async () => gas / (await theirs()) / 1000]);
            const figure = sampled(named(`mevm.${row.name}.revm`), a as number[], 'Mgas/s', 'higher');
            add(besides(figure, REVM, b as number[]));
          }
        }
        for (const figure of await transfers({ ours, ethereumjs, revm, wants })) add(figure);
      } finally {
        await revm?.close?.();
      }
    }
    if (wants('mevm.worst')) add(await worstFigure());
    return measurements;
  },
};

/** Milliseconds of a call over RPC, less those of a call that does nothing. */
function lessEmpty(engine: Engine, call: () => unknown): () => Promise<number> {
  return async () => {
    const empty = await timed(() => engine.call(WORK, calldata('one()')));
    return (await timed(call)) - empty;
  };
}

async function transfers(options: {
  readonly ours: Engine;
  readonly ethereumjs: Engine;
  readonly revm: Engine | undefined;
  wants(name: string): boolean;
}): Promise<Figure[]> {
  const { ours, ethereumjs, revm, wants } = options;
  const figures: Figure[] = [];
  const rate = (engine: Engine, count: number) => async () => {
    const messages = Array.from({ length: count }, (_, i) =>
      calldata('transfer(address,uint256)', 0x20000 + (i % 500), 1),
    );
    const ms = await timed(async () => {
      for (const message of messages) await engine.call(TOKEN, message);
    });
    return (1000 * count) / ms;
  };
  if (wants('mevm.erc20')) {
    const [a, b] = await inTurn(RUNS, [rate(ours, 20_000), rate(ethereumjs, 500)]);
    const what = `Transfers of OpenZeppelin's ERC-20, each a message of its own, to 500 accounts in turn. ${PARTS}`;
    const figure = sampled({ name: 'mevm.erc20', what }, a as number[], 'transfers/s', 'higher');
    figures.push(besides(figure, '@ethereumjs/evm', b as number[]));
  }
  if (revm !== undefined && wants('mevm.erc20.revm')) {
    const count = 20_000;
    const message = calldata('pay(address,uint256)', BigInt(TOKEN), count);
    const mine = async () => (1000 * count) / (await timed(() => ours.call(PAYER, message)));
    const theirs = lessEmpty(revm, () => revm.call(PAYER, message));
    const [a, b] = await inTurn(RUNS, [mine, async () => (1000 * count) / (await theirs())]);
    const what = `Transfers of OpenZeppelin's ERC-20 by a contract that calls it, 20,000 in one message, to 500 accounts in turn. ${PARTS}`;
    const figure = sampled({ name: 'mevm.erc20.revm', what }, a as number[], 'transfers/s', 'higher');
    figures.push(besides(figure, REVM, b as number[]));
  }
  return figures;
}
