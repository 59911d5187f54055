import { toHex } from '@sero/crypto';
import {
  MAX_BLOCK_BYTES,
  MAX_BUNDLE_BYTES,
  MAX_CHECKPOINT_BYTES,
  MAX_TRANSACTION_BYTES,
  MAX_VOTE_BYTES,
} from '@sero/protocol';
import { NetworkError } from './errors.ts';

/** What is gossiped. */
export const TOPICS = ['tx', 'proposal', 'block', 'vote', 'bundle', 'checkpoint'] as const;
export type Topic = (typeof TOPICS)[number];

/** What may be in one message of a topic. */
export interface TopicRule {
  /** Longest item, bytes; none is empty. */
  readonly itemBytes: number;
  /** Most items of one message; 1 where nothing is packed. */
  readonly items: number;
  /** Longest message, bytes: the pack, not the frame that gossipsub puts around it. */
  readonly packBytes: number;
}

/** Salt, one offset to the list. */
const PACK_HEAD = 8 + 4;
/** SSZ's offset of an item. */
const OFFSET = 4;

function single(itemBytes: number): TopicRule {
  return { itemBytes, items: 1, packBytes: PACK_HEAD + OFFSET + itemBytes };
}

/**
 * The protocol of gossip, not a knob: nodes that differ here would punish each other. A pack of votes is half a MiB at most, one of
 * transactions a MiB: what takes longer to send than the time it was collected in helps nobody.
 */
export const TOPIC_RULES: { readonly [T in Topic]: TopicRule } = {
  tx: { itemBytes: MAX_TRANSACTION_BYTES, items: 64, packBytes: 1_048_576 },
  /** A vote of step 0, with or without its block: both fit. */
  proposal: single(MAX_VOTE_BYTES + MAX_BLOCK_BYTES + 64),
  block: single(MAX_BLOCK_BYTES),
  vote: { itemBytes: 1_024, items: 512, packBytes: 524_288 },
  bundle: single(MAX_BUNDLE_BYTES),
  checkpoint: single(MAX_CHECKPOINT_BYTES),
};

/** Longest message of any topic, bytes. */
export const MAX_PACK_BYTES = Math.max(...TOPICS.map((topic) => TOPIC_RULES[topic].packBytes));

/** Throws `item-size` unless an item may be published. */
export function checkItem(topic: Topic, item: Uint8Array): void {
  const { itemBytes } = TOPIC_RULES[topic];
  if (item.length === 0 || item.length > itemBytes) {
    throw new NetworkError('item-size', `${topic}: an item is 1 to ${itemBytes} bytes, not ${item.length}`);
  }
}

/** The first 8 bytes of the genesis hash as 16 hex digits: what the names of all topics and protocols begin with. */
function genesisName(genesisHash: Uint8Array): string {
  return toHex(genesisHash.subarray(0, 8));
}

/** A topic's name on the wire. */
export function topicName(genesisHash: Uint8Array, topic: Topic): string {
  return `/sero/${genesisName(genesisHash)}/${topic}/1`;
}

/** The name on the wire of a protocol of streams: a request, `goodbye`, `kad`. */
export function protocolName(genesisHash: Uint8Array, name: string): string {
  return `/sero/${genesisName(genesisHash)}/${name}/1`;
}
