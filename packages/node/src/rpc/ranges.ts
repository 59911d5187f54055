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
import type { Caller } from './handlers.ts';
import type { RpcLedger } from './source.ts';
import { BLOCK_WORK, BYTES_PER_UNIT, KEPT_BLOCK_WORK } from './work.ts';

/** Answers to ranges of blocks. A final block never changes, so what it gives is made once and kept as JSON. */

/** What a range can ask of a block. */
export type RangeKind = 'headers' | 'blocks' | 'compact' | 'anchors' | 'nullifiers' | 'traces' | 'aliases';

/** The last block. */
export interface ChainHead {
  readonly height: bigint;
  readonly hash: Uint8Array;
}

export interface RangeLimits {
  readonly maxRange: number;
  readonly maxAnswerBytes: number;
  readonly maxCacheBytes: number;
}

/** Whose work a range is. */
export type RangeCaller = Pick<Caller, 'work' | 'signal'>;

export interface Ranges {
  /**
   * The result of a method whose list of this name holds one item a block. It pauses after each unit of work, so that a long range
   * holds nobody up, and rejects once its caller is gone.
   */
  answer(
    kind: RangeKind,
    list: string,
    range: { readonly from: bigint; readonly limit: number },
    caller: RangeCaller,
  ): Promise<Encoded>;
  /** The head as answers name it. */
  head(): ChainHead;
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

/** Answers to ranges over a ledger. */
export function createRanges(ledger: RpcLedger, limits: RangeLimits): Ranges {
  const cache = byteCache(limits.maxCacheBytes);
  const makers: Readonly<Record<RangeKind, (height: bigint, read: () => Uint8Array) => string>> = {
    headers: (height) => `"0x${hex(HeaderType.serialize(headerAt(height)))}"`,
    blocks: (_, read) => `"0x${hex(read())}"`,
    compact: (height, read) => compactJson(height, read()),
    anchors: (height) => `{"height":${quantity(height)},"root":"0x${hex(headerAt(height).notesRoot)}"}`,
    nullifiers: (height, read) => joinedJson(height, read(), 'nullifiers', ({ nullifiers }) => nullifiers),
    traces: (height, read) => joinedJson(height, read(), 'traces', ({ traces }) => traces),
    aliases: (height, read) => aliasesJson(height, read()),
  };
  let lastHead: ChainHead | undefined;

  function head(): ChainHead {
    const { height } = ledger.head();
    // Hashing it takes longer than answering most calls.
    if (lastHead?.height !== height) lastHead = { height, hash: hashAt(height) };
    return lastHead;
  }

  function hashAt(height: bigint): Uint8Array {
    const hash = ledger.header(height + 1n)?.parent ?? ledger.blockHash(height);
    if (hash === undefined) throw new Error(`block ${height} has no hash`);
    return hash;
  }

  function headerAt(height: bigint) {
    const header = ledger.header(height);
    if (header === undefined) throw new Error(`there is no header of height ${height}`);
    return header;
  }

  function compactJson(height: bigint, block: Uint8Array): string {
    const { time } = headerAt(height);
    const parts = transactionParts(block);
    const layout = parts.map((part) => {
      const first = part.nullifiers.length === 0 ? 'null' : `"0x${part.nullifiers.toString(HEX, 0, 32)}"`;
      const made = part.publicOutputs.length / PUBLIC_OUTPUT;
      return `{"txid":"0x${part.txid.toString(HEX)}","nullifier":${first},"outputs":${quantity(outputCount(part))},"publicOutputs":${quantity(made)}}`;
    });
    return [
      `{"height":${quantity(height)},"hash":"0x${hex(hashAt(height))}","time":${quantity(time)},`,
      `"outputs":"0x${parts.map(compactOutputsHex).join('')}",`,
      `"publicOutputs":[${parts.flatMap(publicOutputsJson).join(',')}],"layout":[${layout.join(',')}]}`,
    ].join('');
  }

  function joinedJson(
    height: bigint,
    block: Uint8Array,
    name: string,
    select: (part: TransactionParts) => Buffer,
  ): string {
    const parts = transactionParts(block);
    return `{"height":${quantity(height)},"${name}":"0x${parts.map((part) => select(part).toString(HEX)).join('')}"}`;
  }

  function aliasesJson(height: bigint, block: Uint8Array): string {
    const found = new Map<string, string>();
    for (const { kind, envelope, receipt } of transactionParts(block)) {
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
    async answer(kind, list, { from, limit }, { work, signal }) {
      checkRange(limit, limits);
      const earliest = ledger.earliest();
      if (from < earliest) {
        throw new RpcError(
          'not-found',
          `this node began with block ${earliest} and has none before it: ask another node`,
          { code: 'block-unknown' },
        );
      }
      const { height: top, hash } = head();
      const parts: (string | Buffer)[] = [`{"from":${quantity(from)},"${list}":[`];
      const last = from + BigInt(limit) - 1n < top ? from + BigInt(limit) - 1n : top;
      let size = 0;
      /** Since the last pause. */
      let done = 0;
      let made = 0;
      for (let height = from; height <= last; height++) {
        if (done >= 1) {
          work.charge(done);
          work.made(made);
          const turn = work.pause(done);
          [done, made] = [0, 0];
          if (turn !== undefined) await turn;
          signal.throwIfAborted();
        }
        done += KEPT_BLOCK_WORK;
        const item = cache.get(`${kind}/${height}`, () => {
          done += BLOCK_WORK;
          const read = (): Uint8Array => {
            const bytes = ledger.executedBlock(height);
            done += bytes.length / BYTES_PER_UNIT;
            return bytes;
          };
          return Buffer.from(makers[kind](height, read), 'latin1');
        });
        size += item.length + 1;
        if (size > limits.maxAnswerBytes && height > from) break;
        if (height > from) parts.push(COMMA);
        parts.push(item);
        made += item.length;
      }
      work.charge(done);
      parts.push(`],"head":{"height":${quantity(top)},"hash":"0x${hex(hash)}"}}`);
      return encoded(parts);
    },
    head,
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
