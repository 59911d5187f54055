import { equalBytes, fieldToBytes } from '@sero/crypto';
import {
  addNullifiers,
  EMPTY_NULLIFIER_SET,
  type Frontier,
  frontierRoot,
  type HashNodes,
  type Header,
  nullifierSetLeaf,
  ProtocolError,
  SHARD_LEVEL,
  type Shake256,
  TREE_DEPTH,
} from '@sero/protocol';
import { fieldCodec } from './codecs.ts';
import { FLAT, frontierOf, type State, TREE } from './state.ts';

/** Nullifiers that are hashed at a time. */
const BATCH = 1024;

const NULLIFIER_KEY_BYTES = 33;
const SHARD_KEY_BYTES = 9;

/** What is wrong with a state. */
export type StateFault = 'key' | 'state-root' | 'nullifiers' | 'notes-root' | 'shards';

/** Whether a state that came from elsewhere, or lay on a disk, is the one that a header's roots bind. */
export interface StateAudit {
  /** Takes an entry of a snapshot's tables; every entry once, ascending by key. */
  add(key: Uint8Array, value: Uint8Array): void;
  /** Compares what was added with the header. @param root of the tree over the entries of TREE that were added */
  finish(state: State, root: Uint8Array, header: Header, hasher: HashNodes): { readonly nullifiers: bigint };
}

/** @param fail throws; called with the first thing that is wrong */
export function stateAudit(
  fail: (fault: StateFault, message: string) => never,
  shake256: Shake256 | undefined,
): StateAudit {
  let set = EMPTY_NULLIFIER_SET;
  let waiting: Uint8Array[] = [];
  const shardRoots: bigint[] = [];
  const hashWaiting = (): void => {
    set = addNullifiers(set, waiting, shake256);
    waiting = [];
  };
  const check = (condition: boolean, fault: StateFault, message: string): void => {
    if (!condition) fail(fault, message);
  };
  return {
    add(key, value) {
      switch (key[0]) {
        case TREE[0]:
          return;
        case FLAT.nullifierLanes:
          check(key.length === 1, 'key', 'a key that no state has, where the nullifiers’ hash stands');
          return;
        case FLAT.nullifier:
          check(
            key.length === NULLIFIER_KEY_BYTES && value.length === 0,
            'key',
            'an entry of the nullifiers that is no nullifier',
          );
          waiting.push(key.slice(1));
          if (waiting.length === BATCH) hashWaiting();
          return;
        case FLAT.shardRoot:
          check(
            key.length === SHARD_KEY_BYTES && indexOf(key) === BigInt(shardRoots.length),
            'shards',
            'the roots of the shards are not one after another from 0 on',
          );
          shardRoots.push(elementOf(value) ?? fail('shards', 'the root of a shard is no field element'));
          return;
        default:
          fail('key', 'a key that no state has');
      }
    },

    finish(state, root, header, hasher) {
      check(
        equalBytes(root, header.stateRoot),
        'state-root',
        'the entries of the state tree do not hash to the header’s state root',
      );
      hashWaiting();
      const kept = state.nullifierSet();
      const leaf = state.nullifierLeaf();
      check(
        leaf !== undefined &&
          equalBytes(leaf, nullifierSetLeaf(set)) &&
          kept.count === set.count &&
          equalBytes(kept.lanes, set.lanes),
        'nullifiers',
        'the nullifiers are not the set whose count and hash the state tree holds',
      );
      const frontier = decodedFrontier(state) ?? fail('notes-root', 'the frontier does not decode');
      check(
        equalBytes(fieldToBytes(frontierRoot(frontier, hasher)), header.notesRoot),
        'notes-root',
        'the frontier does not hash to the header’s notes root',
      );
      check(
        hashUp(shardRoots, frontier, hasher),
        'shards',
        'the roots of the shards do not hash up to the frontier',
      );
      return { nullifiers: set.count };
    },
  };
}

function indexOf(key: Uint8Array): bigint {
  return key.slice(1).reduce((index, byte) => (index << 8n) | BigInt(byte), 0n);
}

function elementOf(value: Uint8Array): bigint | undefined {
  try {
    return fieldCodec.decode(value);
  } catch {
    return undefined;
  }
}

function decodedFrontier(state: State): Frontier | undefined {
  try {
    return frontierOf(state);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The upper levels of the note tree, made of the shards' roots, must leave the nodes that the frontier has there. */
function hashUp(shardRoots: readonly bigint[], frontier: Frontier, hasher: HashNodes): boolean {
  if (frontier.size >> BigInt(2 * SHARD_LEVEL) !== BigInt(shardRoots.length)) return false;
  let nodes = shardRoots;
  for (let level = SHARD_LEVEL; level <= TREE_DEPTH; level++) {
    const complete = level === TREE_DEPTH ? 0 : nodes.length & ~3;
    const left = nodes.slice(complete);
    const kept = frontier.levels[level]!;
    if (left.length !== kept.length || left.some((node, i) => node !== kept[i])) return false;
    nodes = complete === 0 ? [] : hasher(nodes.slice(0, complete));
  }
  return true;
}
