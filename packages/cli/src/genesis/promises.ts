import { join } from 'node:path';
import { equalBytes, fromHex, toHex } from '@sero/crypto';
import type { MadeCommitment, RevealedList, SeedShare } from '@sero/protocol';
import { CliError } from '../errors.ts';
import { readIfThere, writePrivate } from '../files.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';

/**
 * What a validator has said in ceremonies, beside his keys: without it he could be talked into committing twice, or into revealing for two
 * lists. It is on disk before anything leaves, and read under the lock of the keys.
 */
export interface Promises {
  /** His row as he sent it to the organiser; a draft with another one is not his. */
  readonly entry: Entry | undefined;
  readonly drafts: readonly DraftPromise[];
}

/** What he said about one draft. */
export interface DraftPromise {
  /** Hash of the draft. */
  readonly draft: Uint8Array;
  /** His stake record. */
  readonly id: Uint8Array;
  readonly commitment: Uint8Array;
  /** Secret until the reveal. Undefined once the draft is given up: what was not revealed then never is. */
  readonly share: SeedShare | undefined;
  /** Hash of the list for which he revealed. */
  readonly list: Uint8Array | undefined;
}

const NOTHING_PROMISED: Promises = { entry: undefined, drafts: [] };

const FILE = 'ceremony.json';

const FORMAT = 'sero-genesis-promises-1';

/** Reads what was promised with the keys of a directory, which the caller holds. Throws `ceremony-file-damaged`. */
export async function readPromises(directory: string): Promise<Promises> {
  const path = join(directory, FILE);
  const bytes = await readIfThere(path);
  if (bytes === undefined) return NOTHING_PROMISED;
  try {
    return fromJson(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new CliError(
      'failed',
      'ceremony-file-damaged',
      `${path} cannot be read: what was promised with these keys is not known`,
      'make new keys and send a new entry: with these, two commitments to one draft could be made',
      { cause: error },
    );
  }
}

/** Writes what is promised from now on: durable when it returns, and for the owner of the directory alone. */
export async function writePromises(directory: string, { entry, drafts }: Promises): Promise<void> {
  const optional = (bytes: Uint8Array | undefined): string | null =>
    bytes === undefined ? null : toHex(bytes);
  const content = {
    format: FORMAT,
    entry: entry === undefined ? null : encodeEntry(entry),
    drafts: drafts.map(({ draft, id, commitment, share, list }) => ({
      draft: toHex(draft),
      id: toHex(id),
      commitment: toHex(commitment),
      share: optional(share?.share),
      salt: optional(share?.salt),
      list: optional(list),
    })),
  };
  await writePrivate(join(directory, FILE), `${JSON.stringify(content, undefined, 2)}\n`);
}

/** What was said about a draft. */
export function promiseFor({ drafts }: Promises, draft: Uint8Array): DraftPromise | undefined {
  return drafts.find((each) => equalBytes(each.draft, draft));
}

/** Promises with this one in the place of what was said about the draft before. */
export function withPromise(promises: Promises, promise: DraftPromise): Promises {
  const others = promises.drafts.filter(({ draft }) => !equalBytes(draft, promise.draft));
  return { ...promises, drafts: [...others, promise] };
}

/** All commitments, as @sero/protocol wants them. */
export const madeCommitments = ({ drafts }: Promises): MadeCommitment[] =>
  drafts.map(({ draft, id, commitment }) => ({ draft, id, commitment }));

/** All lists revealed for, as @sero/protocol wants them. */
export const revealedLists = ({ drafts }: Promises): RevealedList[] =>
  drafts.flatMap(({ draft, list }) => (list === undefined ? [] : [{ draft, list }]));

function fromJson(content: unknown): Promises {
  const { format, entry, drafts } = content as Record<string, unknown>;
  if (format !== FORMAT || !Array.isArray(drafts)) throw new TypeError('another format');
  return {
    entry: entry === null ? undefined : decodeEntry(entry as string),
    drafts: drafts.map((each: Record<string, unknown>) => {
      const bytes = (name: string): Uint8Array => {
        const text = each[name];
        if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) throw new TypeError(`no ${name}`);
        return fromHex(text);
      };
      const optional = (name: string): Uint8Array | undefined =>
        each[name] === null ? undefined : bytes(name);
      const [share, salt] = [optional('share'), optional('salt')];
      if ((share === undefined) !== (salt === undefined)) throw new TypeError('half a share');
      return {
        draft: bytes('draft'),
        id: bytes('id'),
        commitment: bytes('commitment'),
        share: share === undefined ? undefined : { share, salt: salt! },
        list: optional('list'),
      };
    }),
  };
}
