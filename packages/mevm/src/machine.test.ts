import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MachineFault } from './errors.ts';
import { createMachine } from './machine.ts';
import { block, bytes, CONTRACT, OTHER, readerOf, runCode, SENDER } from './machine-test-support.ts';
import type { Precompile } from './precompile.ts';
import { wordToBytes } from './words.ts';
import { createWorld } from './world.ts';

const ENGINES = [
  { name: 'interpreted', translateAfter: Infinity },
  { name: 'translated', translateAfter: -Infinity },
] as const;

/** PUSH20 of an address. */
function push(address: Uint8Array): string {
  return `73${Buffer.from(address).toString('hex')}`;
}

for (const { name, translateAfter } of ENGINES) {
  const machine = { translateAfter };
  const halted = (code: string, options: Parameters<typeof runCode>[1] = {}) => {
    const { outcome } = runCode(bytes(code), { machine, ...options });
    assert.equal(outcome.status, 'halt');
    assert.equal(outcome.gasLeft, 0);
    assert.equal(outcome.output.length, 0);
    return outcome.reason;
  };

  describe(`${name} code stops, and all its gas is gone,`, () => {
    it('when the gas runs out', () => {
      assert.equal(halted('5b5f56'), 'out-of-gas');
      assert.equal(halted('5f5f', { message: { gas: 3 } }), 'out-of-gas');
    });

    it('when the stack is too low or too high for an opcode', () => {
      assert.equal(halted('01'), 'stack-underflow');
      assert.equal(halted('5f8100'), 'stack-underflow');
      assert.equal(halted('5f'.repeat(1025)), 'stack-overflow');
      assert.equal(runCode(bytes('5f'.repeat(1024)), { machine }).outcome.status, 'success');
    });

    it('when it jumps to what is no jump destination', () => {
      assert.equal(halted('600556005b'), 'invalid-jump', 'beyond it');
      assert.equal(halted('600256'), 'invalid-jump', 'another opcode');
      assert.equal(halted('6005565b605b'), 'invalid-jump', 'a byte that PUSH1 pushes');
      assert.equal(halted(`7f${'ff'.repeat(32)}56`), 'invalid-jump', '2^256 - 1');
      assert.equal(halted('68010000000000000003565b'), 'invalid-jump', '2^64 and a place that is one');
      assert.equal(halted('5f3560050156'), 'invalid-jump', 'a place that is found when it runs');
    });

    it('at an opcode that is none in its fork', () => {
      assert.equal(halted('0c'), 'invalid-opcode');
      assert.equal(halted('fe'), 'invalid-opcode');
      assert.equal(halted('5f', { fork: 'paris' }), 'invalid-opcode');
      assert.equal(halted('60005c', { fork: 'shanghai' }), 'invalid-opcode');
    });

    it('when memory would grow beyond its gas, and beyond any', () => {
      assert.equal(halted('6001631000000052'), 'out-of-gas');
      assert.equal(halted(`5f7f${'ff'.repeat(32)}52`), 'out-of-gas');
      assert.equal(halted(`7f${'ff'.repeat(32)}5f20`), 'out-of-gas');
      assert.equal(
        halted('6801000000000000000051', { message: { gas: Number.MAX_SAFE_INTEGER } }),
        'out-of-gas',
      );
    });

    it('when it reads return data beyond their end', () => {
      assert.equal(halted('60015f5f3e'), 'return-data-out-of-bounds');
      assert.equal(halted('5f60015f3e'), 'return-data-out-of-bounds');
      assert.equal(runCode(bytes('5f5f5f3e'), { machine }).outcome.status, 'success');
    });

    it('when it creates a contract from more than 49,152 bytes', () => {
      assert.equal(halted('61c0015f5ff0'), 'init-code-too-large');
      assert.equal(runCode(bytes('61c0005f5ff0'), { machine }).outcome.status, 'success');
      assert.equal(runCode(bytes('61c00160006000f0'), { machine, fork: 'paris' }).outcome.status, 'success');
    });
  });

  describe(`${name} code in a static call`, () => {
    for (const [what, code] of [
      ['writes no storage', '60015f55'],
      ['writes no transient storage', '60015f5d'],
      ['leaves no log', '5f5fa0'],
      ['creates nothing', '5f5f5ff0'],
      ['destroys nothing', '5fff'],
      ['sends no coins', `5f5f5f5f6001${push(SENDER)}5af1`],
    ] as const) {
      it(what, () => {
        const outer = bytes(`5f5f5f5f${push(OTHER)}61fffffa5f5260205ff3`);
        const accounts = [{ address: OTHER, nonce: 1n, balance: 5n, code: bytes(code) }];
        const { outcome, world } = runCode(outer, { machine, accounts });
        assert.deepEqual(outcome.output, new Uint8Array(32), 'the call failed');
        assert.deepEqual(world.logs, []);
        const direct = runCode(bytes(code), { machine });
        assert.equal(direct.outcome.status, 'success', 'where it is not static the same is done');
      });
    }
  });

  describe(`${name} code that calls`, () => {
    it('goes 1,024 frames deep and no further', () => {
      // Adds 1 to slot 0 and calls itself with all that 63 of 64 parts leave.
      const code = bytes(`5f54600101805f555f5f5f5f5f${push(CONTRACT)}5af100`);
      const { outcome, world } = runCode(code, { machine, message: { gas: 1_000_000_000_000 } });
      assert.equal(outcome.status, 'success');
      const [, value] =
        world.changes().find(({ address }) => Buffer.from(address).equals(CONTRACT))?.slots[0] ?? [];
      assert.deepEqual(value, wordToBytes(1025n));
    });

    it('tells a revert from a halt, with no gas left too', () => {
      const { outcome } = runCode(bytes('5f5ffd'), { machine, message: { gas: 4 } });
      assert.deepEqual([outcome.status, outcome.gasLeft], ['revert', 0]);
      assert.equal(runCode(bytes('5f5ffe'), { machine, message: { gas: 4 } }).outcome.status, 'halt');
    });

    it('undoes what a frame that reverts did, and keeps what it gave', () => {
      const inner = bytes('60015f5560015f5d5f5fa0602a5f5260205ffd');
      const outer = bytes(`60206000 5f5f5f${push(OTHER)}5af1 5f5560206000f3`);
      const { outcome, world } = runCode(outer, {
        machine,
        accounts: [{ address: OTHER, nonce: 1n, code: inner }],
      });
      assert.deepEqual(outcome.output, wordToBytes(42n));
      assert.deepEqual(world.logs, []);
      const other = world.changes().find(({ address }) => Buffer.from(address).equals(OTHER));
      assert.ok(other === undefined || other.slots.every(([, value]) => value.every((byte) => byte === 0)));
    });

    it('sends no more coins than it has', () => {
      const send = (value: string) => bytes(`5f5f5f5f61${value}${push(OTHER)}5af15f5260205ff3`);
      assert.deepEqual(runCode(send('03e9'), { machine }).outcome.output, wordToBytes(0n));
      assert.deepEqual(runCode(send('03e8'), { machine }).outcome.output, wordToBytes(1n));
    });

    it('keeps the code that a creation gives up to 24,576 bytes, and none that begins with 0xef', () => {
      const create = (init: string) => bytes(`6a${init.padStart(22, '0')}5f52600b60155ff05f5260205ff3`);
      const gives = (length: number) => `62${length.toString(16).padStart(6, '0')}5ff3`.padEnd(22, '0');
      const made = (init: string) =>
        runCode(create(init), { machine, message: { gas: 20_000_000 } }).outcome.output;
      assert.notDeepEqual(made(gives(24576)), wordToBytes(0n));
      assert.deepEqual(made(gives(24577)), wordToBytes(0n));
      assert.deepEqual(made('60ef5f5360015ff3000000'), wordToBytes(0n));
      assert.notDeepEqual(made('60ee5f5360015ff3000000'), wordToBytes(0n));
    });
  });

  describe(`${name} code and its host`, () => {
    it('fails the block, not the contract, where the state cannot be read', () => {
      const reader = { ...readerOf([{ address: SENDER }, { address: CONTRACT, code: bytes('5f54') }]) };
      reader.storage = () => {
        throw new Error('the disk is gone');
      };
      const world = createWorld(reader);
      world.begin();
      const message = {
        from: SENDER,
        to: CONTRACT,
        value: 0n,
        data: new Uint8Array(0),
        gas: 100_000,
        gasPrice: 0n,
      };
      assert.throws(
        () => createMachine({ fork: 'cancun', translateAfter }).execute(world, block, message),
        (error) =>
          error instanceof MachineFault && error.code === 'host-failed' && error.cause instanceof Error,
      );
    });

    it('fails the block where a precompiled contract throws', () => {
      const broken: Precompile = {
        name: 'broken',
        address: 2,
        gas: () => 1,
        run: () => {
          throw new Error('a backend is gone');
        },
      };
      const call = () =>
        runCode(bytes('5f5f5f5f5f60025af1'), {
          machine: { translateAfter, precompiles: new Map([[2, broken]]) },
        });
      assert.throws(call, (error) => error instanceof MachineFault && error.code === 'precompile-threw');
    });

    it('takes whole amounts of gas below 2^53 only', () => {
      for (const gas of [-1, 0.5, 2 ** 53, Number.NaN]) {
        assert.throws(
          () => runCode(bytes('00'), { machine, message: { gas } }),
          (error) => error instanceof MachineFault && error.code === 'gas-out-of-range',
        );
      }
    });
  });
}

describe('a world', () => {
  it('says what a transaction read and wrote', () => {
    const { world } = runCode(bytes('60015450 6002600355 00'));
    const { reads, writes } = world.accesses();
    assert.deepEqual(
      reads.map(({ slot }) => slot),
      [wordToBytes(1n), wordToBytes(3n)],
    );
    assert.deepEqual(
      writes.map(({ slot }) => slot),
      [wordToBytes(3n)],
    );
  });

  it('answers the same whatever its tables are hashed with', () => {
    const code = bytes('610400 5b80805560019003806003 57 00');
    const seeds = [
      new Int32Array(18),
      new Int32Array(18).fill(-1),
      Int32Array.from({ length: 18 }, (_, i) => i * 7919),
    ];
    const changes = seeds.map((seed) => {
      const world = createWorld(readerOf([{ address: SENDER }, { address: CONTRACT, code }]), { seed });
      world.begin();
      const message = {
        from: SENDER,
        to: CONTRACT,
        value: 0n,
        data: new Uint8Array(0),
        gas: 30_000_000,
        gasPrice: 0n,
      };
      createMachine({ fork: 'cancun' }).execute(world, block, message);
      return world.changes();
    });
    assert.deepEqual(changes[1], changes[0]);
    assert.deepEqual(changes[2], changes[0]);
  });
});
