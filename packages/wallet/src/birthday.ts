import { equalBytes, fieldFromBytes } from '@sero/crypto';
import {
  type AssetKind,
  assetId,
  CHECKPOINT_EVERY,
  checkName,
  type FinalBlock,
  type Genesis,
  name32,
  ProtocolError,
} from '@sero/protocol';
import type { ChainSource, ListedAsset } from './chain-source.ts';
import { ensure } from './errors.ts';
import { NOT_SHOWN } from './finality-source.ts';
import { type FinalityOptions, finalBlockAt } from './finality-start.ts';
import type { KnownAsset } from './records.ts';
import type { TreeState, WalletStart } from './start.ts';

/** Stands for the name of a ticket's category, which the table does not tell; no real name has this sign. */
const UNKNOWN_CATEGORY = '?';

/** Entries of the table of assets that are asked for at a time. */
const ASSET_PAGE = 1_000;

/** Entries of that table that are read: a node that never comes to an end is refused. */
const MAX_ASSETS = 1_000_000;

/**
 * Where a wallet with this birthday begins: the checkpoint at or before it and the assets registered until then; undefined where that is
 * block 0, which every wallet reads itself. What is asked depends on the birthday, rounded down, and on nothing else.
 *
 * Throws `node-behind` where the chain ends before the birthday: it is not the chain that the birthday is of, or not yet, and money in
 * it may be older. Throws `node-answer-invalid` for another checkpoint than this one, for assets whose numbers are not
 * those of their names, and for names that nobody can register. `openWallet` checks the rest.
 *
 * On a network with validators the checkpoint's block is shown to be final; throws what `finalBlockAt` throws.
 *
 * @param birthday a height after which all transactions of the account lie
 */
export async function startAt(
  source: ChainSource,
  genesis: Genesis,
  birthday: bigint,
  signal?: AbortSignal,
  options: FinalityOptions = {},
): Promise<WalletStart | undefined> {
  const height = birthday - (birthday % CHECKPOINT_EVERY);
  if (height === 0n) return undefined;
  const { head } = await source.status(signal);
  ensure(
    head.height >= birthday,
    'node-behind',
    `the node’s chain ends at block ${head.height}, before the birthday ${birthday}: wait until the node has caught up; if the network was begun anew, restore the wallet with birthday 0`,
  );
  const state = await source.treeState(height, signal);
  ensure(
    state.height === height,
    'node-answer-invalid',
    `the node was asked for the checkpoint at ${height} and gave one at ${state.height}: ask another node`,
  );
  const final = await finalStart(source, genesis, state, head.height, options, signal);
  const listed = await allAssets(source, genesis.chainId, signal);
  return {
    ...state,
    ...(final === undefined ? {} : { final }),
    assets: listed.filter((asset) => asset.height <= state.height).map(({ known }) => known),
  };
}

/** The checkpoint's block, shown to be final; undefined on a chain of one, whose node is believed. */
async function finalStart(
  { finality }: ChainSource,
  genesis: Genesis,
  { height }: TreeState,
  head: bigint,
  options: FinalityOptions,
  signal: AbortSignal | undefined,
): Promise<FinalBlock | undefined> {
  if (genesis.validators.length === 0) return undefined;
  ensure(finality !== undefined, 'node-not-final', NOT_SHOWN);
  return finalBlockAt(finality, genesis, height, head, options, signal);
}

async function allAssets(
  source: ChainSource,
  chainId: bigint,
  signal: AbortSignal | undefined,
): Promise<{ height: bigint; known: KnownAsset }[]> {
  const all: { height: bigint; known: KnownAsset }[] = [];
  let from: Uint8Array | undefined;
  let read = 0;
  do {
    const page = await source.assets(from, ASSET_PAGE, signal);
    read += page.assets.length;
    ensure(
      read <= MAX_ASSETS && (page.next === null || page.assets.length > 0),
      'node-answer-invalid',
      'the node’s table of assets has no end: ask another node',
    );
    all.push(...page.assets.flatMap((asset) => known(asset, chainId)));
    from = page.next ?? undefined;
  } while (from !== undefined);
  return all;
}

/** An asset whose number is that of its name, so that nobody can be shown one under another's name. */
function known(listed: ListedAsset, chainId: bigint): { height: bigint; known: KnownAsset }[] {
  const { kind, supply, height } = listed;
  if (!isKind(kind)) return [];
  const asset = assetId(chainId, kind, listed.name32);
  ensure(
    asset === fieldFromBytes(listed.asset),
    'node-answer-invalid',
    'the node gave an asset another one’s name: ask another node',
  );
  return [{ height, known: { asset, kind, name: nameOf(listed), supply } }];
}

function isKind(kind: number): kind is AssetKind {
  return kind === 1 || kind === 2;
}

/** A token's or category's name. Of a ticket the table holds a hash alone. */
function nameOf({ kind, name32: padded, supply }: ListedAsset): string {
  if (kind === 2 && supply > 0n) return UNKNOWN_CATEGORY;
  const end = padded.indexOf(0);
  const name = String.fromCharCode(...(end === -1 ? padded : padded.subarray(0, end)));
  ensure(
    isName(name) && equalBytes(name32(name), padded),
    'node-answer-invalid',
    'the node gave an asset a name that nobody can register: ask another node',
  );
  return name;
}

function isName(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}
