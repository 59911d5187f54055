import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, toHex } from '@sero/crypto';
import { decodeGenesis, genesisHash } from '@sero/protocol';
import { openDataDirectory, writeFileDurably } from '@sero/store/node';
import { NodeError } from './errors.ts';

/** Version of what stands in the directory and how. */
const SCHEMA = 1;

const GENESIS = 'genesis.ssz';
const MARK = 'running';

/** A node's data directory, locked for this process. */
export interface NodeDirectory {
  /** The key-value store with the chain's state: what is lost of it is built again from the blocks. */
  readonly state: string;
  /** A state that is being built again, and takes the place of `state` when it is whole. */
  readonly rebuilt: string;
  /** The last state that was found damaged. */
  readonly damaged: string;
  /** The log of blocks: the chain itself. */
  readonly blocks: string;
  readonly snapshots: string;
  /** Certificates of final blocks. */
  readonly certificates: string;
  /** What shows others that blocks are final: checkpoints and light certificates. */
  readonly finality: string;
  /** Two certificates of one round, where they were seen. */
  readonly halted: string;
  /** The node's name to its peers, and their addresses. */
  readonly network: string;
  /** True where the node that used it last did not stop cleanly. */
  readonly unclean: boolean;
  /** Gives it back. @param clean whether everything in it was closed in order */
  release(clean: boolean): void;
}

/**
 * Takes a data directory for the chain of a genesis file; an empty or missing one becomes that chain's.
 *
 *     genesis.ssz   the genesis file
 *     running       there while a node uses it: one that is found says that the last one did not stop cleanly
 *     state/  blocks/  snapshots/  certificates/  finality/  network/
 *     state.new/      a state that is being built again
 *     state.damaged/  the last one that was found damaged
 *
 * @throws NodeError `other-genesis`; StoreError `directory-locked`, `schema-unknown`, `directory-unusable`, `disk-` codes
 */
export function takeDirectory(path: string, genesis: Uint8Array): NodeDirectory {
  const directory = openDataDirectory(path, { schema: SCHEMA });
  const mark = join(directory.path, MARK);
  try {
    keepGenesis(directory.path, genesis);
    const unclean = existsSync(mark);
    writeFileDurably(directory.path, MARK, new Uint8Array(0));
    return {
      state: join(directory.path, 'state'),
      rebuilt: join(directory.path, 'state.new'),
      damaged: join(directory.path, 'state.damaged'),
      blocks: join(directory.path, 'blocks'),
      snapshots: join(directory.path, 'snapshots'),
      certificates: join(directory.path, 'certificates'),
      finality: join(directory.path, 'finality'),
      halted: join(directory.path, 'halted'),
      network: join(directory.path, 'network'),
      unclean,
      release(clean) {
        if (clean) rmSync(mark, { force: true });
        directory.release();
      },
    };
  } catch (error) {
    directory.release();
    throw error;
  }
}

function keepGenesis(directory: string, genesis: Uint8Array): void {
  const file = join(directory, GENESIS);
  if (!existsSync(file)) {
    writeFileDurably(directory, GENESIS, genesis);
    return;
  }
  const stored = readFileSync(file);
  if (equalBytes(stored, genesis)) return;
  throw new NodeError(
    'other-genesis',
    `the data directory ${directory} holds the chain of another genesis file (${nameOf(stored)}) than the one that was given (${nameOf(genesis)}): choose another directory, or delete this one to begin anew`,
  );
}

function nameOf(bytes: Uint8Array): string {
  try {
    return `genesis hash ${toHex(genesisHash(decodeGenesis(bytes))).slice(0, 16)}`;
  } catch {
    return 'it cannot be read';
  }
}
