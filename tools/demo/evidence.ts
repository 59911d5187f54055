import { equalBytes, toHex } from '@sero/crypto';
import { decodeExecutedBlock, headerHash } from '@sero/protocol';
import { disclosePayment, discloseReceived, verifyDisclosure, type Wallet } from '@sero/wallet';
import { type Actor, openAuditor } from './actor.ts';
import { shownBalance } from './balances.ts';
import { type Details, networkHash, read, type Stage } from './stage.ts';

/** An auditor gets a TK as text and the chain's bytes, and nothing else. */
export async function audit(stage: Stage, actor: Actor): Promise<Details> {
  const auditor = await openAuditor(actor.viewingKey, stage.chain.genesis, stage.tools);
  await read(stage, auditor, 0);
  const balances = shownBalance(auditor).balances;
  const agrees =
    JSON.stringify(balances) === JSON.stringify(shownBalance(actor.wallet).balances) &&
    auditor.undisclosed().length === 0;
  return {
    ok: agrees,
    ...(agrees ? {} : { code: 'audit-differs' }),
    viewingKey: `${actor.viewingKey.slice(0, 24)}…`,
    balances,
    undisclosedNotes: auditor.undisclosed().length,
    history: auditor.history().map((entry) => ({
      height: entry.height.toString(),
      kind: entry.kind,
      own: entry.own,
      change: entry.change.map(({ asset, amount }) => ({
        asset: auditor.asset(asset)?.name ?? asset.toString(),
        amount: amount.toString(),
      })),
      ...(entry.payments.length === 0 ? {} : { paidTo: entry.payments.length }),
      ...(entry.memo === undefined ? {} : { memo: entry.memo }),
    })),
  };
}

/** The account's last payment is laid open to a third party, who needs the transaction's bytes and nothing else. */
export async function disclose(stage: Stage, actor: Actor, by: 'payer' | 'payee'): Promise<Details> {
  const { wallet } = actor;
  const payment = wallet.history().findLast(({ payments }) => payments.length > 0);
  const received = wallet.notes().findLast((note) => !note.public && !isOwnChange(wallet, note.txid));
  const txid = by === 'payer' ? payment?.txid : received?.txid;
  if (txid === undefined) return { ok: false, code: 'nothing-to-disclose' };
  const { block, transaction } = findTransaction(stage, txid);
  const disclosure =
    by === 'payer'
      ? disclosePayment(wallet, txid, payment!.payments[0]!.index)
      : discloseReceived(wallet, transaction, received!.index);
  const shown = verifyDisclosure(disclosure, block, networkHash(stage));
  // The stranger asks a node of his own whether that block is the chain's.
  const final = shown !== undefined && equalBytes(shown.blockHash, await blockHashAt(stage, shown.height));
  const value = by === 'payer' ? payment!.payments[0]!.value : received!.value;
  return {
    ok: final && shown.value === value,
    txid: toHex(txid),
    height: shown?.height.toString(),
    asset: shown === undefined ? undefined : wallet.asset(shown.asset)?.name,
    amount: shown?.value.toString(),
  };
}

async function blockHashAt(stage: Stage, height: bigint): Promise<Uint8Array> {
  const [block] = await stage.chain.blocks(height);
  return headerHash(decodeExecutedBlock(block!).block.header);
}

function isOwnChange(wallet: Wallet, txid: Uint8Array): boolean {
  return wallet.history().some((entry) => entry.own && equalBytes(entry.txid, txid));
}

function findTransaction(stage: Stage, txid: Uint8Array): { block: Uint8Array; transaction: Uint8Array } {
  for (const bytes of stage.blocks) {
    const { block, receipts } = decodeExecutedBlock(bytes);
    const index = receipts.findIndex((receipt) => equalBytes(receipt.txid, txid));
    if (index >= 0) return { block: bytes, transaction: block.transactions[index]! };
  }
  throw new Error('the transaction of a known note is in no block');
}
