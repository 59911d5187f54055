import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyTransaction } from '../apply-transaction.ts';
import { createCodeCache } from '../code-cache.ts';
import type { SignedMessage } from '../context.ts';
import { createMachine } from '../machine.ts';
import { block, bytes, CONTRACT, OTHER, readerOf, runCode, SENDER } from '../machine-test-support.ts';
import { precompilesOf } from '../precompiles/index.ts';
import { addressBytes, wordToBytes } from '../words.ts';
import { createWorld } from '../world.ts';
import { createCallTracer } from './call-tracer.ts';
import { data } from './hex.ts';
import { prestateDiffOf, prestateOf } from './prestate.ts';
import { createStructLogger } from './struct-logger.ts';

const MODES = [
  { name: 'interpreted', translateAfter: Infinity },
  { name: 'translated', translateAfter: -Infinity },
] as const;

const other = data(OTHER).slice(2);
/** Calls OTHER with 5 coins and 2 bytes of input; by what opcode, is left open. */
const callOther = (opcode: string, value = '6005') =>
  `5f5f 6002 601e ${['f1', 'f2'].includes(opcode) ? value : ''} 73${other} 61ffff ${opcode} 50`;
/** Gives back the input's two bytes. */
const ECHO = '60025f5f37 60025ff3';
/** Reverts with Error("no"). */
const REVERTS =
  '7f08c379a0000000000000000000000000000000000000000000000000000000005f526020600452600260245261 6e6f 60f01b 60445260645ffd';

for (const { name, translateAfter } of MODES) {
  describe(`the call tracer, of ${name} code,`, () => {
    const trace = (code: string, callee = ECHO, gas = 1_000_000) => {
      const tracer = createCallTracer();
      const machine = { translateAfter, watcher: tracer.watcher, precompiles: precompilesOf('cancun') };
      runCode(bytes(code), {
        machine,
        message: { gas },
        accounts: [{ address: OTHER, nonce: 1n, code: bytes(callee) }],
      });
      return tracer.result();
    };

    it('shows each kind of call with its own from, to, value, input and output', () => {
      const code = `61abcd5f52 ${callOther('f1')} ${callOther('f2')} ${callOther('f4')} ${callOther('fa')} 00`;
      const { calls = [], ...outermost } = trace(code);
      assert.equal(outermost.from, data(SENDER));
      assert.equal(outermost.to, data(CONTRACT));
      assert.deepEqual(
        calls.map(({ type }) => type),
        ['CALL', 'CALLCODE', 'DELEGATECALL', 'STATICCALL'],
      );
      assert.deepEqual(
        calls.map(({ value }) => value),
        ['0x5', '0x5', '0x0', undefined],
      );
      for (const call of calls) {
        assert.deepEqual(
          [call.from, call.to, call.input, call.output],
          [data(CONTRACT), data(OTHER), '0xabcd', '0xabcd'],
        );
        assert.equal(call.gasUsed, '0x15');
      }
      assert.equal(calls[0]?.gas, `0x${(0xffff + 2300).toString(16)}`, 'with the stipend');
      assert.equal(calls[3]?.gas, '0xffff');
    });

    it('shows why a call failed, and the text of a revert', () => {
      const reverted = trace(`${callOther('f1')} 00`, REVERTS).calls?.[0];
      assert.equal(reverted?.error, 'execution reverted');
      assert.equal(reverted?.revertReason, 'no');
      assert.match(reverted?.output as string, /^0x08c379a0/);
      const halted = trace(`${callOther('f1')} 00`, 'fe').calls?.[0];
      assert.deepEqual(
        [halted?.error, halted?.gasUsed, halted?.output],
        ['invalid opcode', halted?.gas, undefined],
      );
      const poor = trace(`${callOther('f1', '61ffff')} 00`).calls?.[0];
      assert.deepEqual([poor?.error, poor?.gasUsed], ['insufficient balance for transfer', '0x0']);
    });

    it('shows calls at the greatest depth that fail', () => {
      const tracer = createCallTracer();
      const again = '5f5f5f5f5f305af1';
      runCode(bytes(again), {
        machine: { translateAfter, watcher: tracer.watcher },
        message: { gas: 2 ** 50 },
      });
      let [depth, call] = [0, tracer.result()];
      while (call.calls?.[0] !== undefined) [depth, call] = [depth + 1, call.calls[0]];
      assert.equal(depth, 1025);
      assert.equal(call.error, 'max call depth exceeded');
    });

    it('shows precompiled contracts, creations and self-destruction', () => {
      const identity = '5f5f 6020 5f 5f 6004 61ffff f1 50';
      const initCode = '60016000f3';
      const code = `${identity} 64${initCode}5f52 6005 601b 5f f0 50 65${'30ff'.padEnd(12, '0')}5f52 6002 601a 5f f0 50 00`;
      const { calls = [] } = trace(code);
      assert.deepEqual(
        calls.map(({ type }) => type),
        ['CALL', 'CREATE', 'CREATE'],
      );
      assert.deepEqual([calls[0]?.to, calls[0]?.gasUsed], [data(addressBytes(4n)), '0x12']);
      assert.deepEqual([calls[1]?.input, calls[1]?.output], [`0x${initCode}`, '0x00']);
      const [ended] = calls[2]?.calls ?? [];
      assert.deepEqual([ended?.type, ended?.from, ended?.to], ['SELFDESTRUCT', calls[2]?.to, calls[2]?.to]);
    });

    it('leaves the address out where a creation failed', () => {
      const { calls = [] } = trace('60fe5f53 6001 5f 5f f0 50 00');
      assert.deepEqual([calls[0]?.to, calls[0]?.error], [undefined, 'invalid opcode']);
    });
  });
}

const SLOT = wordToBytes(1n);
const transaction: SignedMessage = {
  type: 2,
  from: SENDER,
  to: CONTRACT,
  nonce: 1n,
  gasLimit: 500_000n,
  maxFeePerGas: 10n,
  maxPriorityFeePerGas: 1n,
  value: 3n,
  data: new Uint8Array(0),
  accessList: [],
  blobHashes: [],
  maxFeePerBlobGas: 0n,
};

/** A transaction in a block that has had another one. */
function applied(code: string, callee = '00') {
  const world = createWorld(
    readerOf([
      { address: SENDER, balance: 10n ** 18n, nonce: 0n },
      {
        address: CONTRACT,
        balance: 1000n,
        nonce: 1n,
        code: bytes(code),
        storage: new Map([[1n, wordToBytes(7n)]]),
      },
      { address: OTHER, balance: 0n, nonce: 1n, code: bytes(callee) },
    ]),
    { codes: createCodeCache() },
  );
  const tracer = createCallTracer();
  const machine = createMachine({ fork: 'cancun', watcher: tracer.watcher });
  applyTransaction(machine, world, block, { ...transaction, to: SENDER, nonce: 0n });
  const before = world.accounts.all.find(({ address }) => data(address) === data(SENDER))?.balance as bigint;
  const outcome = applyTransaction(machine, world, block, transaction);
  return { world, outcome, tracer, before };
}

describe('the prestate', () => {
  it('is what was before the transaction, not before its block', () => {
    const { world, before } = applied(`6009600155 ${callOther('f1')} 00`);
    const states = prestateOf(world);
    assert.deepEqual(states[data(SENDER)], { balance: `0x${before.toString(16)}`, nonce: 1 });
    const contract = states[data(CONTRACT)];
    assert.equal(contract?.balance, '0x3e8');
    assert.deepEqual(contract?.storage, { [data(SLOT)]: data(wordToBytes(7n)) });
    assert.deepEqual(states[data(OTHER)], { balance: '0x0', nonce: 1, code: '0x00' });
  });

  it('holds what a frame looked at that was undone', () => {
    const { world } = applied(
      `${callOther('f1')} 00`,
      '73112233445566778899001122334455667788990031 600154 5f5ffd',
    );
    const states = prestateOf(world);
    assert.deepEqual(states['0x1122334455667788990011223344556677889900'], { balance: '0x0' });
    assert.deepEqual(states[data(OTHER)]?.storage, { [data(SLOT)]: data(wordToBytes(0n)) });
    const addresses = world.accesses().accounts.map(data);
    assert.ok(addresses.includes('0x1122334455667788990011223344556677889900'), 'and so does the read set');
  });

  it('and what came of it differ only in what the transaction changed', () => {
    const { world, outcome } = applied(`6009600155 600254 50 ${callOther('f1')} 00`);
    const { pre, post } = prestateDiffOf(world);
    assert.deepEqual(post[data(CONTRACT)], {
      balance: '0x3e6',
      storage: { [data(SLOT)]: data(wordToBytes(9n)) },
    });
    assert.deepEqual(pre[data(CONTRACT)]?.storage, { [data(SLOT)]: data(wordToBytes(7n)) });
    assert.deepEqual(post[data(OTHER)], { balance: '0x5' });
    assert.deepEqual(post[data(block.coinbase)]?.balance, `0x${(21_000n + outcome.gasUsed).toString(16)}`);
    assert.equal(post[data(SENDER)]?.nonce, 2);
  });

  it('has what the transaction created only after it, and nothing of what it also ended', () => {
    const known = [SENDER, CONTRACT, block.coinbase].map(data).sort();
    const ended = prestateDiffOf(applied(`64${'30ff'.padStart(10, '0')}5f52 6002 601e 5f f0 50 00`).world);
    assert.deepEqual(Object.keys(ended.post).sort(), known);
    const { pre, post } = prestateDiffOf(applied('5f5f5ff0 50 00').world);
    const created = Object.keys(post).filter((address) => !known.includes(address));
    assert.equal(created.length, 1);
    assert.deepEqual(post[created[0] as string], { balance: '0x0', nonce: 1 });
    assert.equal(pre[created[0] as string], undefined);
  });

  it('the outermost call has the gas of its transaction', () => {
    const { tracer, outcome } = applied('00');
    const { gas, gasUsed } = tracer.result(transaction, outcome);
    assert.deepEqual([gas, gasUsed], ['0x7a120', '0x5208']);
  });
});

describe('the struct logger', () => {
  const logged = (code: string, options = {}, gas = 1_000_000) => {
    const logger = createStructLogger(options);
    const { outcome } = runCode(bytes(code), {
      machine: { step: logger.step, watcher: logger.watcher },
      message: { gas },
      accounts: [{ address: OTHER, nonce: 1n, code: bytes(ECHO) }],
    });
    return { logs: logger.logs, outcome };
  };

  it('shows the stack, the gas and what it cost at each step', () => {
    const { logs } = logged('6003600501 5f52 00');
    assert.deepEqual(
      logs.map(({ pc, op, gasCost, depth, stack }) => ({ pc, op, gasCost, depth, stack })),
      [
        { pc: 0, op: 'PUSH1', gasCost: 3, depth: 1, stack: [] },
        { pc: 2, op: 'PUSH1', gasCost: 3, depth: 1, stack: ['0x3'] },
        { pc: 4, op: 'ADD', gasCost: 3, depth: 1, stack: ['0x3', '0x5'] },
        { pc: 5, op: 'PUSH0', gasCost: 2, depth: 1, stack: ['0x8'] },
        { pc: 6, op: 'MSTORE', gasCost: 6, depth: 1, stack: ['0x8', '0x0'] },
        { pc: 7, op: 'STOP', gasCost: 0, depth: 1, stack: [] },
      ],
    );
  });

  it('has costs that add up to the gas of each frame', () => {
    const { logs, outcome } = logged(`61abcd5f52 ${callOther('f1')} ${callOther('fa')} 600154 50 00`);
    const inner = logs.filter(({ depth }) => depth === 2);
    assert.equal(inner.length, 14);
    const calls = logs.filter(({ op }) => op === 'CALL' || op === 'STATICCALL');
    const given = [0xffff + 2300, 0xffff];
    const outer = logs.filter(({ depth }) => depth === 1);
    const sum = (list: typeof logs) => list.reduce((total, { gasCost }) => total + gasCost, 0);
    assert.equal(calls.length, 2);
    // The stipend is the callee's without being the caller's cost.
    const returned = given.reduce((a, b) => a + b, 0) - sum(inner);
    assert.equal(sum(outer) - returned, 1_000_000 - outcome.gasLeft);
  });

  it('shows storage at SLOAD and SSTORE, and memory where it is asked for', () => {
    const { logs } = logged('6009600155 600154 60ff5f52 00', { enableMemory: true });
    const slot = data(SLOT).slice(2);
    const value = data(wordToBytes(9n)).slice(2);
    assert.deepEqual(logs.find(({ op }) => op === 'SSTORE')?.storage, { [slot]: value });
    assert.deepEqual(logs.find(({ op }) => op === 'SLOAD')?.storage, { [slot]: value });
    assert.deepEqual(logs.at(-1)?.memory, [data(wordToBytes(255n)).slice(2)]);
    const without = logged('6009600155', { disableStack: true, disableStorage: true }).logs;
    assert.ok(without.every(({ stack, storage, memory }) => !stack && !storage && !memory));
  });

  it('shows why a step stopped its frame, and keeps no more than its limit', () => {
    assert.equal(logged('600301').logs.at(-1)?.error, 'stack underflow');
    assert.equal(logged('5b5f56', {}, 50).logs.at(-1)?.error, 'out of gas');
    assert.equal(logged('5b5f56', { limit: 5 }).logs.length, 5);
  });
});
