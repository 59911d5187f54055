import { ProtocolError } from './errors.ts';
import type { GasTable, Genesis } from './genesis.ts';
import { KIND, type Transaction } from './transaction.ts';

/** Gas of verifying one proof, by circuit. */
function proofGas(table: GasTable, circuit: number): bigint {
  const gas = [undefined, table.proofA, table.proofB, table.proofC][circuit];
  if (gas === undefined) throw new ProtocolError('unknown-circuit', `circuit ${circuit} does not exist`);
  return gas;
}

/** Gas of what a kind does beside the pool. */
function kindGas(table: GasTable, kind: number): bigint {
  switch (kind) {
    case KIND.pay:
    case KIND.call:
    case KIND.create:
      return 0n;
    case KIND.asset:
      return table.asset;
    case KIND.stake:
      return table.stake;
    case KIND.register:
      return table.register;
    case KIND.online:
      return table.online;
    case KIND.unlock:
      return table.unlock;
    case KIND.claim:
      return table.claim;
    default:
      throw new ProtocolError('unknown-kind', `kind ${kind} has no intrinsic gas`);
  }
}

/**
 * Gas that a transaction uses before any code runs. A call or create also holds the price of the public outputs that settling it
 * may take: one for returned gas, one for each of value and amount that is not zero.
 */
export function intrinsicGas(table: GasTable, tx: Transaction): bigint {
  const { nullifiers, outputs } = tx.shielded;
  const call = tx.call[0];
  const held = call === undefined ? 0 : 1 + (call.value === 0n ? 0 : 1) + (call.amount === 0n ? 0 : 1);
  return (
    table.transaction +
    proofGas(table, tx.circuit) +
    table.nullifier * BigInt(nullifiers.length) +
    table.output * BigInt(outputs.length) +
    table.dataByte * BigInt(tx.memo.length + (call?.data.length ?? 0)) +
    table.recipient * BigInt(tx.recipients.length) +
    table.returnedOutput * BigInt(held) +
    kindGas(table, tx.kind)
  );
}

/** The base fee of a block from its parent's (EIP-1559), never below the floor. */
export function nextBaseFee(
  fees: Genesis['fees'],
  parent: { readonly baseFee: bigint; readonly gasUsed: bigint },
): bigint {
  const { gasTarget, changeDenominator, baseFeeFloor } = fees;
  const { baseFee, gasUsed } = parent;
  if (gasUsed > gasTarget) {
    const change = (baseFee * (gasUsed - gasTarget)) / gasTarget / changeDenominator;
    return baseFee + (change > 0n ? change : 1n);
  }
  const next = baseFee - (baseFee * (gasTarget - gasUsed)) / gasTarget / changeDenominator;
  return next > baseFeeFloor ? next : baseFeeFloor;
}

/** First rung of the ladder of gas prices that wallets use. */
const LADDER_START = 100_000_000n;

/** The gas price of a wallet: the step of the ladder p_0 = 10^8, p_(k+1) = floor(5 p_k / 4) after the first that reaches the base fee. */
export function ladderGasPrice(baseFee: bigint): bigint {
  const next = (price: bigint): bigint => (5n * price) / 4n;
  let price = LADDER_START;
  while (price < baseFee) price = next(price);
  return next(price);
}
