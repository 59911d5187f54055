import { type AssetKind, checkName, SERO_UNIT, VALUE_LIMIT } from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';
import { type JsonNode, JsonSyntaxError, parseJson } from './json-lines.ts';

/** A wallet of a scenario. */
export interface ScenarioWallet {
  readonly name: string;
  /** 24 words, or "new". */
  readonly words: string;
}

/** Money of the genesis file. */
export interface ScenarioAllocation {
  readonly wallet: string;
  readonly amount: bigint;
}

export type AttackName = 'double-spend' | 'stolen-proof' | 'framed-trace';

/** One thing that happens. */
export type ScenarioStep =
  | { readonly do: 'commit'; readonly wallet: string; readonly name: string }
  | {
      readonly do: 'issue';
      readonly wallet: string;
      readonly name: string;
      readonly kind: AssetKind;
      readonly supply: bigint;
    }
  | { readonly do: 'wait'; readonly blocks: number }
  | {
      readonly do: 'pay';
      readonly from: string;
      readonly to: string;
      readonly asset: string;
      readonly amount: bigint;
      readonly memo?: string;
    }
  | { readonly do: 'audit'; readonly wallet: string }
  | { readonly do: 'disclose'; readonly by: 'payer' | 'payee'; readonly wallet: string }
  | { readonly do: 'attack'; readonly attack: AttackName; readonly by: string; readonly victim: string };

/** A story that the demo plays: docs/scenario.md describes the file, docs/scenario.schema.json its schema. */
export interface Scenario {
  readonly title: string;
  readonly wallets: readonly ScenarioWallet[];
  readonly allocations: readonly ScenarioAllocation[];
  readonly steps: readonly ScenarioStep[];
}

/** A scenario file that cannot be played: says why, and at which line. */
export class ScenarioError extends Error {
  readonly code = 'scenario-invalid';
  /** Line of the file, from 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = 'ScenarioError';
    this.line = line;
  }
}

const ATTACKS: readonly AttackName[] = ['double-spend', 'stolen-proof', 'framed-trace'];
/** Characters of a file: more than any story needs, less than what would exhaust the parser. */
const MAX_LENGTH = 1 << 20;
const MAX_STEPS = 1_000;
const MAX_WALLETS = 64;

/** Reads a scenario file. Throws ScenarioError with the line at fault. */
export function parseScenario(text: string): Scenario {
  if (text.length > MAX_LENGTH) throw new ScenarioError(1, `a scenario has at most ${MAX_LENGTH} characters`);
  let root: JsonNode;
  try {
    root = parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new ScenarioError(error.line, error.message);
    throw error;
  }
  const file = objectAt(root, ['title', 'wallets', 'allocations', 'steps', '$schema']);
  const wallets = listAt(file.get('wallets'), root, 'wallets', MAX_WALLETS).map(readWallet);
  const names = new Set<string>();
  for (const [wallet, node] of wallets) {
    if (names.has(wallet.name)) fail(node, `two wallets are called "${wallet.name}"`);
    names.add(wallet.name);
  }
  let allocated = 0n;
  const allocations = listAt(file.get('allocations'), root, 'allocations', MAX_STEPS).map((node) => {
    const fields = objectAt(node, ['wallet', 'amount']);
    const amount = amountAt(fields, 'amount', node, 'SERO');
    allocated += amount;
    if (allocated >= VALUE_LIMIT) fail(node, 'the allocations sum to 2^128 units or more');
    return { wallet: walletName(fields, 'wallet', node, names), amount };
  });
  const assets = new Set(['SERO']);
  const steps = listAt(file.get('steps'), root, 'steps', MAX_STEPS).map((node) =>
    readStep(node, names, assets),
  );
  const title = file.get('title');
  return {
    title: title === undefined ? 'scenario' : stringOf(title, 'title'),
    wallets: wallets.map(([wallet]) => wallet),
    allocations,
    steps,
  };
}

type Fields = ReadonlyMap<string, JsonNode>;

function fail(node: JsonNode, message: string): never {
  throw new ScenarioError(node.line, message);
}

function objectAt(node: JsonNode, allowed: readonly string[]): Fields {
  if (node.type !== 'object') return fail(node, 'expected an object');
  for (const [key, value] of node.fields) {
    if (!allowed.includes(key)) fail(value, `unknown field "${key}": allowed are ${allowed.join(', ')}`);
  }
  return node.fields;
}

function listAt(
  node: JsonNode | undefined,
  parent: JsonNode,
  name: string,
  limit: number,
): readonly JsonNode[] {
  if (node === undefined) return fail(parent, `the field "${name}" is missing`);
  if (node.type !== 'array') return fail(node, `"${name}" is a list`);
  if (node.items.length > limit) fail(node, `"${name}" has at most ${limit} entries`);
  return node.items;
}

function stringOf(node: JsonNode, name: string): string {
  return node.type === 'string' ? node.value : fail(node, `"${name}" is a text`);
}

function stringAt(fields: Fields, name: string, parent: JsonNode): string {
  const node = fields.get(name);
  return node === undefined ? fail(parent, `the field "${name}" is missing`) : stringOf(node, name);
}

function readWallet(node: JsonNode): [ScenarioWallet, JsonNode] {
  const fields = objectAt(node, ['name', 'words']);
  const name = stringAt(fields, 'name', node);
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name))
    fail(fields.get('name')!, 'a wallet’s name is 1 to 32 of a-z, 0-9 and "-"');
  const words = stringAt(fields, 'words', node);
  if (words !== 'new') {
    try {
      accountFromWords(words);
    } catch (error) {
      fail(fields.get('words')!, error instanceof Error ? error.message : 'these words are no wallet');
    }
  }
  return [{ name, words }, node];
}

function walletName(fields: Fields, field: string, parent: JsonNode, names: ReadonlySet<string>): string {
  const name = stringAt(fields, field, parent);
  return names.has(name) ? name : fail(fields.get(field)!, `there is no wallet "${name}"`);
}

/** "12.5 SERO", or a whole number of smallest units, both as text. */
function amountAt(fields: Fields, name: string, parent: JsonNode, asset: string): bigint {
  const text = stringAt(fields, name, parent);
  const node = fields.get(name)!;
  const coins = /^(\d{1,20})(?:\.(\d{1,18}))? SERO$/.exec(text);
  if (coins !== null && asset !== 'SERO') fail(node, 'an amount in SERO for another asset');
  const value =
    coins !== null
      ? BigInt(coins[1]!) * SERO_UNIT + BigInt((coins[2] ?? '').padEnd(18, '0'))
      : /^\d{1,39}$/.test(text)
        ? BigInt(text)
        : fail(node, `"${text}" is no amount: write "12.5 SERO" or a whole number of smallest units`);
  return value > 0n && value < VALUE_LIMIT ? value : fail(node, 'an amount lies in 1 to 2^128 - 1');
}

function readStep(node: JsonNode, names: ReadonlySet<string>, assets: Set<string>): ScenarioStep {
  if (node.type !== 'object') return fail(node, 'a step is an object');
  const kind = stringAt(node.fields, 'do', node);
  switch (kind) {
    case 'commit': {
      const fields = objectAt(node, ['do', 'wallet', 'name']);
      return { do: kind, wallet: walletName(fields, 'wallet', node, names), name: assetName(fields, node) };
    }
    case 'issue': {
      const fields = objectAt(node, ['do', 'wallet', 'name', 'supply', 'kind']);
      const name = assetName(fields, node);
      const category = fields.has('kind') && kindAt(fields, node) === 2;
      if (category && fields.has('supply'))
        fail(fields.get('supply')!, 'a category of tickets has no supply');
      const supply = category ? 0n : amountAt(fields, 'supply', node, name);
      assets.add(name);
      return {
        do: kind,
        wallet: walletName(fields, 'wallet', node, names),
        name,
        kind: category ? 2 : 1,
        supply,
      };
    }
    case 'wait': {
      const fields = objectAt(node, ['do', 'blocks']);
      const blocks = fields.get('blocks');
      const count = blocks?.type === 'number' ? blocks.value : 0;
      if (!Number.isInteger(count) || count < 1 || count > 2_000)
        fail(blocks ?? node, '"blocks" is 1 to 2000');
      return { do: kind, blocks: count };
    }
    case 'pay': {
      const fields = objectAt(node, ['do', 'from', 'to', 'asset', 'amount', 'memo']);
      const asset = fields.has('asset') ? stringAt(fields, 'asset', node) : 'SERO';
      if (!assets.has(asset)) fail(fields.get('asset')!, `no step before this one issues "${asset}"`);
      const memo = fields.get('memo');
      const text = memo === undefined ? undefined : stringOf(memo, 'memo');
      if (text !== undefined && new TextEncoder().encode(text).length > 512) {
        fail(memo!, 'a memo has at most 512 bytes of UTF-8');
      }
      if (text !== undefined && (!text.isWellFormed() || text.includes('\0') || text.startsWith('\ufeff'))) {
        fail(memo!, 'a memo holds no lone surrogate, no U+0000 and no byte order mark at its front');
      }
      return {
        do: kind,
        from: walletName(fields, 'from', node, names),
        to: walletName(fields, 'to', node, names),
        asset,
        amount: amountAt(fields, 'amount', node, asset),
        ...(text === undefined ? {} : { memo: text }),
      };
    }
    case 'audit': {
      const fields = objectAt(node, ['do', 'wallet']);
      return { do: kind, wallet: walletName(fields, 'wallet', node, names) };
    }
    case 'disclose': {
      const fields = objectAt(node, ['do', 'wallet', 'by']);
      const by = stringAt(fields, 'by', node);
      if (by !== 'payer' && by !== 'payee') return fail(fields.get('by')!, '"by" is "payer" or "payee"');
      return { do: kind, by, wallet: walletName(fields, 'wallet', node, names) };
    }
    case 'attack': {
      const fields = objectAt(node, ['do', 'attack', 'by', 'victim']);
      const attack = stringAt(fields, 'attack', node) as AttackName;
      if (!ATTACKS.includes(attack)) fail(fields.get('attack')!, `the attacks are ${ATTACKS.join(', ')}`);
      return {
        do: kind,
        attack,
        by: walletName(fields, 'by', node, names),
        victim: walletName(fields, 'victim', node, names),
      };
    }
    default:
      return fail(
        node.fields.get('do')!,
        `"${kind}" is no step: commit, issue, wait, pay, audit, disclose, attack`,
      );
  }
}

function kindAt(fields: Fields, parent: JsonNode): AssetKind {
  const kind = stringAt(fields, 'kind', parent);
  if (kind === 'token') return 1;
  return kind === 'category' ? 2 : fail(fields.get('kind')!, '"kind" is "token" or "category"');
}

function assetName(fields: Fields, parent: JsonNode): string {
  const name = stringAt(fields, 'name', parent);
  try {
    checkName(name);
  } catch (error) {
    fail(fields.get('name')!, error instanceof Error ? error.message : 'this is no name');
  }
  return name;
}
