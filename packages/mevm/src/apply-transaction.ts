import { isCodeless } from './accounts.ts';
import { MOST_INIT_CODE } from './calls.ts';
import type { BlockContext, Log, SignedMessage } from './context.ts';
import { type HaltReason, TransactionError, type TransactionErrorCode } from './errors.ts';
import { isSince } from './fork.ts';
import type { Machine } from './machine.ts';
import { floorGas, intrinsicGas } from './transaction/intrinsic-gas.ts';
import { bytesToWord } from './words.ts';
import type { World } from './world.ts';

/** What a transaction did. What it changed is in its world. */
export interface TransactionOutcome {
  readonly status: 'success' | 'revert' | 'halt';
  /** With status `halt`. */
  readonly reason: HaltReason | undefined;
  /** After refunds. */
  readonly gasUsed: bigint;
  readonly logs: readonly Log[];
  readonly output: Uint8Array;
  /** Address of the contract that was created. */
  readonly created: Uint8Array | undefined;
}

const GAS_PER_BLOB = 131072n;
const MOST_BLOBS = 6;
const LAST_NONCE = (1n << 64n) - 1n;
const MOST_GAS = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Does what a transaction says: checks, fees, execution, refunds, the deletion of empty accounts (Yellow Paper 6; EIP-1559,
 * 2930, 3529, 3607, 3651, 3860, 4844, 7623).
 *
 * @throws TransactionError where the block cannot hold it; the world is then as it was
 * @throws MachineFault where the host failed
 */
export function applyTransaction(
  machine: Machine,
  world: World,
  block: BlockContext,
  transaction: SignedMessage,
): TransactionOutcome {
  world.begin();
  const { gasLimit, maxFeePerGas, value, data, to, blobHashes } = transaction;
  const { fork } = machine;
  const sender = world.accounts.of(bytesToWord(transaction.from));
  const intrinsic = intrinsicGas(transaction, fork);
  const floor = floorGas(transaction, fork);
  const blobGas = GAS_PER_BLOB * BigInt(blobHashes.length);
  check(machine, world, block, transaction, intrinsic > floor ? intrinsic : floor);

  const priority = minimum(transaction.maxPriorityFeePerGas, maxFeePerGas - block.baseFee);
  const gasPrice = block.baseFee + priority;
  world.setBalance(sender, sender.balance - gasLimit * gasPrice - blobGas * block.blobBaseFee);
  world.setNonce(sender, sender.nonce + 1n);
  world.warm(sender);
  if (to !== undefined) world.warm(world.accounts.of(bytesToWord(to)));
  const coinbase = world.accounts.of(bytesToWord(block.coinbase));
  if (isSince(fork, 'shanghai')) world.warm(coinbase);
  for (const address of machine.precompiles.keys()) world.warm(world.accounts.of(BigInt(address)));
  for (const { address, storageKeys } of transaction.accessList) {
    const account = world.accounts.of(bytesToWord(address));
    world.warm(account);
    for (const key of storageKeys) world.warmSlot(world.slotOfWord(account, bytesToWord(key)));
  }

  const gas = Number(gasLimit - intrinsic);
  const outcome = machine.execute(world, block, {
    from: transaction.from,
    to,
    value,
    data,
    gas,
    gasPrice,
    blobHashes,
  });

  const spent = gasLimit - BigInt(outcome.gasLeft);
  const refund = minimum(BigInt(world.refund), spent / 5n);
  const gasUsed = spent - refund > floor ? spent - refund : floor;
  world.setBalance(sender, sender.balance + (gasLimit - gasUsed) * gasPrice);
  world.touch(coinbase);
  if (priority > 0n) world.setBalance(coinbase, coinbase.balance + gasUsed * priority);
  world.end();
  const { status, reason, output, created } = outcome;
  return { status, reason, gasUsed, logs: [...world.logs], output, created };
}

function check(
  machine: Machine,
  world: World,
  block: BlockContext,
  transaction: SignedMessage,
  leastGas: bigint,
): void {
  const { fork } = machine;
  const { type, gasLimit, maxFeePerGas, maxPriorityFeePerGas, nonce, value, data, to, blobHashes } =
    transaction;
  const sender = world.accounts.of(bytesToWord(transaction.from));
  const refuse = (isBad: boolean, code: TransactionErrorCode, message: string) => {
    if (isBad) throw new TransactionError(code, message);
  };
  refuse(
    type === 3 && !isSince(fork, 'cancun'),
    'type-not-supported',
    `${fork} has no transactions of type ${type}`,
  );
  refuse(gasLimit > block.gasLimit, 'block-gas-limit', `a block has ${block.gasLimit} gas, not ${gasLimit}`);
  refuse(gasLimit > MOST_GAS, 'gas-limit-too-large', `${gasLimit} gas: at most ${MOST_GAS}`);
  refuse(nonce === LAST_NONCE, 'nonce-exhausted', 'nonces end at 2^64 - 2');
  refuse(nonce < sender.nonce, 'nonce-too-low', `nonce ${nonce} was used, the next one is ${sender.nonce}`);
  refuse(nonce > sender.nonce, 'nonce-too-high', `nonce ${nonce} comes after ${sender.nonce}`);
  refuse(!isCodeless(sender), 'sender-is-contract', 'contracts sign nothing');
  refuse(
    maxFeePerGas < block.baseFee,
    'fee-below-base-fee',
    `a fee of ${maxFeePerGas} is below ${block.baseFee}`,
  );
  refuse(
    maxPriorityFeePerGas > maxFeePerGas,
    'priority-fee-above-fee',
    'the priority fee is part of the fee',
  );
  refuse(
    to === undefined && isSince(fork, 'shanghai') && data.length > MOST_INIT_CODE,
    'init-code-too-large',
    `${data.length} bytes of initialisation: at most ${MOST_INIT_CODE}`,
  );
  refuse(gasLimit < leastGas, 'intrinsic-gas', `${gasLimit} gas: at least ${leastGas}`);
  if (type === 3) {
    refuse(to === undefined, 'blob-creates', 'transactions with blobs create no contracts');
    refuse(
      blobHashes.length === 0 || blobHashes.length > MOST_BLOBS,
      'blob-count',
      `1 to ${MOST_BLOBS} blobs`,
    );
    refuse(
      blobHashes.some((hash) => hash[0] !== 1),
      'blob-version',
      'hashes of blobs begin with 1',
    );
    refuse(transaction.maxFeePerBlobGas < block.blobBaseFee, 'blob-fee', 'the fee for blobs is too low');
  }
  const most =
    gasLimit * maxFeePerGas + value + GAS_PER_BLOB * BigInt(blobHashes.length) * transaction.maxFeePerBlobGas;
  refuse(sender.balance < most, 'insufficient-funds', `${sender.balance} are there, ${most} may be needed`);
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
