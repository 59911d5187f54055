import { RpcError } from '@sero/api';
import { alias, decodeEnvelope, HeaderType, KIND } from '@sero/protocol';
import {
  compactOutputsHex,
  outputCount,
  PUBLIC_OUTPUT,
  type TransactionParts,
  transactionParts,
} from './block-parts.ts';
import { byteCache } from './cache.ts';
import { type Encoded, encoded } from './encoded.ts';
import type { RpcLedger } from './source.ts';

/** Answers to ranges of blocks. A final block never changes, so what it gives is made once and kept as JSON. */

/** What a range can ask of a block. */
export type RangeKind = 'headers' | 'blocks' | 'compact' | 'anchors' | 'nullifiers' | 'traces' | 'aliases';

export interface RangeLimits {
  readonly maxRange: number;
  readonly maxAnswerBytes: number;
  readonly maxCacheBytes: number;
}

export interface Ranges {
  /** The result of a method whose list of this name holds one item a block. */
  answer(kind: RangeKind, list: string, from: bigint, limit: number): Encoded;
  /** Bytes of blocks that are kept encoded. */
  cachedBytes(): number;
}

const HEX = 'hex';

function quantity(value: bigint | number): string {
  return `"0x${value.toString(16)}"`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(HEX);
}

/** Refuses a range that is too long to be answered. */
export function checkRange(limit: number, { maxRange }: Pick<RangeLimits, 'maxRange'>): void {
  if (limit > maxRange) {
    throw new RpcError('limit-exceeded', `a range has at most ${maxRange} entries: ask for fewer at a time`, {
      limit: 'range',
      max: maxRange,
    });
  }
}

/** The head as answers name it. */
export function headOf(ledger: RpcLedger): { height: bigint; hash: Uint8Array } {
  const { height } = ledger.head();
  const hash = ledger.blockHash(height);
  if (hash === undefined) throw new Error(`the head ${height} has no hash`);
  return { height, hash };
}

/** Answers to ranges over a ledger. */
export function createRanges(ledger: RpcLedger, limits: RangeLimits): Ranges {
  const cache = byteCache(limits.maxCacheBytes);
  const makers: Readonly<Record<RangeKind, (height: bigint) => string>> = {
    headers: (height) => `"0x${hex(HeaderType.serialize(headerAt(height)))}"`,
    blocks: (height) => `"0x${hex(ledger.executedBlock(height))}"`,
    compact: (height) => compactJson(height),
    anchors: (height) => `{"height":${quantity(height)},"root":"0x${hex(headerAt(height).notesRoot)}"}`,
    nullifiers: (height) => joinedJson(height, 'nullifiers', ({ nullifiers }) => nullifiers),
    traces: (height) => joinedJson(height, 'traces', ({ traces }) => traces),
    aliases: (height) => aliasesJson(height),
  };

  function headerAt(height: bigint) {
    const header = ledger.header(height);
    if (header === undefined) throw new Error(`there is no header of height ${height}`);
    return header;
  }

  function compactJson(height: bigint): string {
    const { time } = headerAt(height);
    const parts = transactionParts(ledger.executedBlock(height));
    const layout = parts.map((part) => {
      const first = part.nullifiers.length === 0 ? 'null' : `"0x${part.nullifiers.toString(HEX, 0, 32)}"`;
      const made = part.publicOutputs.length / PUBLIC_OUTPUT;
      return `{"txid":"0x${part.txid.toString(HEX)}","nullifier":${first},"outputs":${quantity(outputCount(part))},"publicOutputs":${quantity(made)}}`;
    });
    return [
      `{"height":${quantity(height)},"hash":"0x${hex(ledger.blockHash(height)!)}","time":${quantity(time)},`,
      `"outputs":"0x${parts.map(compactOutputsHex).join('')}",`,
      `"publicOutputs":[${parts.flatMap(publicOutputsJson).join(',')}],"layout":[${layout.join(',')}]}`,
    ].join('');
  }

  function joinedJson(height: bigint, name: string, select: (part: TransactionParts) => Buffer): string {
    const parts = transactionParts(ledger.executedBlock(height));
    return `{"height":${quantity(height)},"${name}":"0x${parts.map((part) => select(part).toString(HEX)).join('')}"}`;
  }

  function aliasesJson(height: bigint): string {
    const found = new Map<string, string>();
    for (const { kind, envelope, receipt } of transactionParts(ledger.executedBlock(height))) {
      if (kind !== KIND.call && kind !== KIND.create) continue;
      const tx = decodeEnvelope(envelope).private!.tx;
      // A caller is known from its first included call on; recipients only where the call went through.
      const succeeded = receipt[32] === 1;
      for (const pkr of succeeded ? [tx.from, ...tx.recipients] : [tx.from])
        found.set(hex(pkr), hex(alias(pkr)));
    }
    const aliases = [...found].map(([pkr, name]) => `{"alias":"0x${name}","pkr":"0x${pkr}"}`);
    return `{"height":${quantity(height)},"aliases":[${aliases.join(',')}]}`;
  }

  return {
    answer(kind, list, from, limit) {
      checkRange(limit, limits);
      const head = headOf(ledger);
      const items: Buffer[] = [];
      let size = 0;
      const last = from + BigInt(limit) - 1n < head.height ? from + BigInt(limit) - 1n : head.height;
      for (let height = from; height <= last; height++) {
        const item = cache.get(`${kind}/${height}`, () => Buffer.from(makers[kind](height), 'latin1'));
        size += item.length + 1;
        if (size > limits.maxAnswerBytes && items.length > 0) break;
        items.push(item);
      }
      const parts = items.flatMap((item, i) => (i === 0 ? [item] : [COMMA, item]));
      const end = `],"head":{"height":${quantity(head.height)},"hash":"0x${hex(head.hash)}"}}`;
      return encoded(`{"from":${quantity(from)},"${list}":[`, ...parts, end);
    },
    cachedBytes: cache.bytes,
  };
}

const COMMA = Buffer.from(',');

function publicOutputsJson({ publicOutputs }: TransactionParts): string[] {
  const items: string[] = [];
  for (let at = 0; at < publicOutputs.length; at += PUBLIC_OUTPUT) {
    const value = publicOutputs.readBigUInt64LE(at + 32) | (publicOutputs.readBigUInt64LE(at + 40) << 64n);
    const asset = publicOutputs.toString(HEX, at, at + 32);
    const pkr = publicOutputs.toString(HEX, at + 48, at + PUBLIC_OUTPUT);
    items.push(`{"asset":"0x${asset}","value":${quantity(value)},"pkr":"0x${pkr}"}`);
  }
  return items;
}
