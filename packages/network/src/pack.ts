import { ByteListType, ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { decodeStrict, ProtocolError } from '@sero/protocol';
import { TOPIC_RULES, TOPICS, type Topic } from './topics.ts';

/** Bytes of a pack's salt. */
export const SALT_BYTES = 8;

function packType(topic: Topic) {
  const { itemBytes, items } = TOPIC_RULES[topic];
  return new ContainerType({
    /** Random, so that the same items sent again are another message: else the caches of what was seen would swallow them. */
    salt: new ByteVectorType(SALT_BYTES),
    items: new ListCompositeType(new ByteListType(itemBytes), items),
  });
}

const TYPES = new Map(TOPICS.map((topic) => [topic, packType(topic)]));

/** Bytes that a pack of items of these lengths has. */
export function packLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + 4 + length, SALT_BYTES + 4);
}

/**
 * A message of gossip.
 *
 * @param salt 8 bytes
 * @param items 1 to the topic's most, together within its pack's bytes
 */
export function encodePack(topic: Topic, salt: Uint8Array, items: readonly Uint8Array[]): Uint8Array {
  return TYPES.get(topic)!.serialize({ salt, items: [...items] });
}

/**
 * The items of a message, in order: bounded before it is read, canonical, at least one, none empty.
 *
 * @throws ProtocolError `too-large`, `malformed`, `not-canonical`
 */
export function decodePack(topic: Topic, bytes: Uint8Array): Uint8Array[] {
  const { items } = decodeStrict(TYPES.get(topic)!, bytes, TOPIC_RULES[topic].packBytes, `${topic} pack`);
  if (items.length === 0 || items.some((item) => item.length === 0)) {
    throw new ProtocolError('malformed', `${topic} pack: without items, or with an empty one`);
  }
  return items;
}
