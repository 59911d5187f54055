import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseScenario, type Scenario, ScenarioError } from './scenario.ts';

const STORY = readFileSync(new URL('./story.json', import.meta.url), 'utf8');
const SCHEMA = JSON.parse(
  readFileSync(new URL('../../docs/scenario.schema.json', import.meta.url), 'utf8'),
) as Schema;
const WORDS = `${'abandon '.repeat(23)}art`;

type Schema = boolean | { readonly [keyword: string]: unknown };

/** Whether a value keeps a schema, for the keywords that this schema uses; another keyword is an error of the test. */
function keeps(schema: Schema, value: unknown, root: Schema = schema): boolean {
  if (typeof schema === 'boolean') return schema;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const inner = (sub: unknown, item: unknown): boolean => keeps(sub as Schema, item, root);
  const rules: Readonly<Record<string, (rule: never) => boolean>> = {
    $schema: () => true,
    $defs: () => true,
    title: () => true,
    description: () => true,
    $ref: (path: string) =>
      inner(
        path
          .slice(2)
          .split('/')
          .reduce((at: unknown, key) => (at as Record<string, unknown>)[key], root),
        value,
      ),
    type: (type: string) =>
      type === 'array'
        ? Array.isArray(value)
        : type === 'object'
          ? isObject
          : type === 'integer'
            ? Number.isInteger(value)
            : typeof value === type,
    const: (wanted: unknown) => value === wanted,
    enum: (allowed: readonly unknown[]) => allowed.includes(value),
    not: (sub: Schema) => !inner(sub, value),
    oneOf: (subs: readonly Schema[]) => subs.filter((sub) => inner(sub, value)).length === 1,
    pattern: (source: string) => typeof value !== 'string' || new RegExp(source, 'u').test(value),
    maxLength: (limit: number) => typeof value !== 'string' || [...value].length <= limit,
    minimum: (limit: number) => typeof value !== 'number' || value >= limit,
    maximum: (limit: number) => typeof value !== 'number' || value <= limit,
    maxItems: (limit: number) => !Array.isArray(value) || value.length <= limit,
    items: (sub: Schema) => !Array.isArray(value) || value.every((item) => inner(sub, item)),
    required: (names: readonly string[]) => !isObject || names.every((name) => Object.hasOwn(value, name)),
    additionalProperties: (allowed: boolean) =>
      allowed ||
      !isObject ||
      Object.keys(value).every((name) => Object.hasOwn(schema['properties'] as object, name)),
    properties: (subs: Readonly<Record<string, Schema>>) =>
      !isObject ||
      Object.entries(subs).every(
        ([name, sub]) => !Object.hasOwn(value, name) || inner(sub, (value as Record<string, unknown>)[name]),
      ),
  };
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = rules[keyword];
    if (check === undefined) throw new Error(`the test does not know the keyword ${keyword}`);
    return check(rule as never);
  });
}

/** A scenario that is right but for what is changed: one entry a line, so that lines can be counted. */
function file(change: {
  wallets?: string;
  allocations?: string;
  steps?: readonly string[];
  more?: string;
}): string {
  const { more = '', steps = [] } = change;
  const wallets = change.wallets ?? `{ "name": "a", "words": "new" }, { "name": "b", "words": "${WORDS}" }`;
  const allocations = change.allocations ?? '{ "wallet": "a", "amount": "5 SERO" }';
  return [
    '{',
    `${more}"title": "t",`,
    `"wallets": [${wallets}],`,
    `"allocations": [${allocations}],`,
    '"steps": [',
    steps.join(',\n'),
    ']',
    '}',
  ].join('\n');
}

const step = (...steps: string[]): string => file({ steps });
const COMMIT = '{ "do": "commit", "wallet": "a", "name": "GOLD" }';
const ISSUE = '{ "do": "issue", "wallet": "a", "name": "GOLD", "supply": "10" }';
const pay = (rest: string): string => `{ "do": "pay", "from": "a", "to": "b", ${rest} }`;
/** Steps begin in this line. */
const FIRST = 6;

/** Name, file, line at fault, words of the message; whether a schema can see it. */
const BAD: readonly (readonly [string, string, number, RegExp, 'schema' | 'parser'])[] = [
  ['an empty file', '', 1, /expected a value/, 'parser'],
  ['text that is no JSON', 'pay bob', 1, /expected a value/, 'parser'],
  ['a missing comma', '{\n"title": "t"\n"wallets": []\n}', 3, /expected "," or "}"/, 'parser'],
  ['a trailing comma', '{\n"title": "t",\n}', 3, /field name/, 'parser'],
  ['a comment', '{\n// hello\n"title": "t"}', 2, /field name/, 'parser'],
  ['a missing end', file({}).slice(0, -1), 8, /expected "," or "}"/, 'parser'],
  ['text behind the end', `${file({})}\n\n5`, 10, /after the end/, 'parser'],
  ['a field without colon', '{\n"title" "t"}', 2, /expected ":"/, 'parser'],
  ['single quotes', "{'title': 1}", 1, /double quotes/, 'parser'],
  [
    'a number with leading zero',
    step('{ "do": "wait", "blocks": 01 }'),
    FIRST,
    /expected "," or "}"/,
    'parser',
  ],
  ['a text that ends with its line', '{\n"title": "t\n"}', 2, /no end in its line/, 'parser'],
  ['a wrong escape', '{\n"title": "\\x"}', 2, /wrong escape/, 'parser'],
  ['a control character', '{\n\n"title": "a\u0001b"}', 3, /control character/, 'parser'],
  ['a carriage return in a text', '{\n"title": "a\rb"}', 2, /control character/, 'parser'],
  ['a control character in a field name', '{\n"ti\u0000tle": "t"}', 2, /control character/, 'parser'],
  ['a byte order mark', `\ufeff${file({})}`, 1, /expected a value/, 'parser'],
  ['a repeated field', file({ more: '"title": "s",\n' }), 3, /stands here twice/, 'parser'],
  [
    'a repeated field of a step',
    step('{ "do": "audit", "wallet": "a",\n"wallet": "b" }'),
    FIRST + 1,
    /twice/,
    'parser',
  ],
  ['lists in lists without end', `{"title":\n${'['.repeat(100)}`, 2, /too deeply/, 'parser'],
  ['more than a million characters', file({ more: ' '.repeat(1 << 20) }), 1, /at most/, 'parser'],

  [
    'a million letters without end',
    `{\n"title": "${'x'.repeat(1_000_000)}\n"}`,
    2,
    /no end in its line/,
    'parser',
  ],

  ['a list', '[]', 1, /expected an object/, 'schema'],
  ['null', 'null', 1, /expected an object/, 'schema'],
  ['no wallets', '{ "allocations": [], "steps": [] }', 1, /"wallets" is missing/, 'schema'],
  ['no allocations', '{ "wallets": [], "steps": [] }', 1, /"allocations" is missing/, 'schema'],
  ['no steps', '\n{ "wallets": [], "allocations": [] }', 2, /"steps" is missing/, 'schema'],
  [
    'wallets that are no list',
    '{ "wallets":\n{}, "allocations": [], "steps": [] }',
    2,
    /is a list/,
    'schema',
  ],
  [
    'a title that is no text',
    '{\n"title": 5, "wallets": [], "allocations": [], "steps": [] }',
    2,
    /is a text/,
    'schema',
  ],
  ['an unknown field', file({ more: '"fees": 1,\n' }), 2, /unknown field "fees"/, 'schema'],
  [
    'more than 64 wallets',
    file({ wallets: Array.from({ length: 65 }, (_, i) => `{ "name": "w${i}", "words": "new" }`).join() }),
    3,
    /at most 64/,
    'schema',
  ],

  ['a wallet that is a text', file({ wallets: '"a"' }), 3, /expected an object/, 'schema'],
  ['a wallet without name', file({ wallets: '{ "words": "new" }' }), 3, /"name" is missing/, 'schema'],
  ['a wallet without words', file({ wallets: '{ "name": "a" }' }), 3, /"words" is missing/, 'schema'],
  ['a wallet with a capital', file({ wallets: '{ "name": "Alice", "words": "new" }' }), 3, /a-z/, 'schema'],
  ['a wallet without letters', file({ wallets: '{ "name": "", "words": "new" }' }), 3, /a-z/, 'schema'],
  [
    'a wallet of 33 letters',
    file({ wallets: `{ "name": "${'a'.repeat(33)}", "words": "new" }` }),
    3,
    /1 to 32/,
    'schema',
  ],
  [
    'a wallet with a secret too many',
    file({ wallets: '{ "name": "a", "words": "new", "seed": "x" }' }),
    3,
    /unknown field "seed"/,
    'schema',
  ],
  [
    'a wallet twice',
    file({ wallets: '{ "name": "a", "words": "new" },\n{ "name": "a", "words": "new" }' }),
    4,
    /two wallets/,
    'parser',
  ],
  [
    'twelve words',
    file({ wallets: `{ "name": "a",\n"words": "${'abandon '.repeat(11)}about" }` }),
    4,
    /24 words/,
    'schema',
  ],
  [
    'words with a wrong checksum',
    file({ wallets: `{ "name": "a",\n"words": "${'abandon '.repeat(24)}" }` }),
    4,
    /24 words/,
    'parser',
  ],

  [
    'an allocation to nobody',
    file({ allocations: '{ "wallet": "z", "amount": "1" }' }),
    4,
    /no wallet "z"/,
    'parser',
  ],
  [
    'an allocation of a number',
    file({ allocations: '{ "wallet": "a", "amount": 5 }' }),
    4,
    /is a text/,
    'schema',
  ],
  [
    'an allocation of nothing',
    file({ allocations: '{ "wallet": "a", "amount": "0 SERO" }' }),
    4,
    /1 to 2\^128/,
    'schema',
  ],
  [
    'an allocation of an asset',
    file({ allocations: '{ "wallet": "a", "amount": "1", "asset": "GOLD" }' }),
    4,
    /unknown field "asset"/,
    'schema',
  ],
  [
    'allocations that sum to 2^128',
    file({
      allocations: `{ "wallet": "a", "amount": "${(1n << 128n) - 1n}" },\n{ "wallet": "b", "amount": "1" }`,
    }),
    5,
    /sum to 2\^128/,
    'parser',
  ],

  ['a step that is a text', step('"pay"'), FIRST, /a step is an object/, 'schema'],
  ['a step without "do"', step('{ "wallet": "a" }'), FIRST, /"do" is missing/, 'schema'],
  ['an unknown step', step('{\n"do": "steal", "wallet": "a" }'), FIRST + 1, /"steal" is no step/, 'schema'],
  ['a step "constructor"', step('{ "do": "constructor" }'), FIRST, /is no step/, 'schema'],
  ['a commit without name', step('{ "do": "commit", "wallet": "a" }'), FIRST, /"name" is missing/, 'schema'],
  [
    'a name in small letters',
    step('{ "do": "commit", "wallet": "a", "name": "gold" }'),
    FIRST,
    /A-Z/,
    'schema',
  ],
  ['the name SERO', step('{ "do": "commit", "wallet": "a", "name": "SERO" }'), FIRST, /reserved/, 'schema'],
  [
    'a name of 33 letters',
    step(`{ "do": "commit", "wallet": "a", "name": "${'A'.repeat(33)}" }`),
    FIRST,
    /1 to 32/,
    'schema',
  ],
  [
    'an issue by nobody',
    step('{ "do": "issue", "wallet": "z", "name": "GOLD", "supply": "1" }'),
    FIRST,
    /no wallet "z"/,
    'parser',
  ],
  [
    'an issue without supply',
    step('{ "do": "issue", "wallet": "a", "name": "GOLD" }'),
    FIRST,
    /"supply" is missing/,
    'schema',
  ],
  [
    'an issue of coins',
    step('{ "do": "issue", "wallet": "a", "name": "GOLD",\n"supply": "1 SERO" }'),
    FIRST + 1,
    /for another asset/,
    'schema',
  ],
  [
    'an issue of an unknown kind',
    step('{ "do": "issue", "wallet": "a", "name": "GOLD", "supply": "1", "kind": "offline" }'),
    FIRST,
    /"token" or "category"/,
    'schema',
  ],
  [
    'a category with supply',
    step('{ "do": "issue", "wallet": "a", "name": "GOLD", "supply": "1", "kind": "category" }'),
    FIRST,
    /no supply/,
    'schema',
  ],
  ['a wait of no blocks', step('{ "do": "wait", "blocks": 0 }'), FIRST, /1 to 2000/, 'schema'],
  ['a wait of half a block', step('{ "do": "wait", "blocks": 1.5 }'), FIRST, /1 to 2000/, 'schema'],
  ['a wait for ever', step('{ "do": "wait", "blocks": 1e9 }'), FIRST, /1 to 2000/, 'schema'],
  ['a wait as text', step('{ "do": "wait",\n"blocks": "1" }'), FIRST + 1, /1 to 2000/, 'schema'],
  ['a wait of unsaid length', step('{ "do": "wait" }'), FIRST, /1 to 2000/, 'schema'],
  [
    'a payment by nobody',
    step('{ "do": "pay", "from": "z", "to": "b", "amount": "1" }'),
    FIRST,
    /no wallet "z"/,
    'parser',
  ],
  [
    'a payment to nobody',
    step('{ "do": "pay", "from": "a", "to": "z", "amount": "1" }'),
    FIRST,
    /no wallet "z"/,
    'parser',
  ],
  ['a payment of nothing', step(pay('"amount": "0"')), FIRST, /1 to 2\^128/, 'schema'],
  ['a payment of less than nothing', step(pay('"amount": "-1"')), FIRST, /is no amount/, 'schema'],
  ['a payment of 2^128', step(pay(`"amount": "${1n << 128n}"`)), FIRST, /1 to 2\^128/, 'parser'],
  [
    'a payment in nineteen decimals',
    step(pay(`"amount": "0.${'1'.repeat(19)} SERO"`)),
    FIRST,
    /is no amount/,
    'schema',
  ],
  ['a payment in a unit unheard of', step(pay('"amount": "5 sero"')), FIRST, /is no amount/, 'schema'],
  [
    'a payment of coins in a token',
    step(COMMIT, ISSUE, pay('"asset": "GOLD", "amount": "5 SERO"')),
    FIRST + 2,
    /for another asset/,
    'parser',
  ],
  [
    'a payment in an asset that nobody issues',
    step(COMMIT, pay('"asset": "GOLD", "amount": "5"')),
    FIRST + 1,
    /no step before this one issues "GOLD"/,
    'parser',
  ],
  [
    'a payment in an asset issued later',
    step(pay('"asset": "GOLD", "amount": "5"'), ISSUE),
    FIRST,
    /no step before/,
    'parser',
  ],
  [
    'a memo of 513 bytes',
    step(pay(`"amount": "1",\n"memo": "${'x'.repeat(513)}"`)),
    FIRST + 1,
    /512 bytes/,
    'schema',
  ],
  [
    'a memo of 513 bytes in 257 letters',
    step(pay(`"amount": "1",\n"memo": "x${'é'.repeat(256)}"`)),
    FIRST + 1,
    /512 bytes/,
    'parser',
  ],
  [
    'a memo that is half a letter',
    step(pay('"amount": "1", "memo": "\\ud800"')),
    FIRST,
    /lone surrogate/,
    'parser',
  ],
  ['a memo with a zero in it', step(pay('"amount": "1", "memo": "a\\u0000"')), FIRST, /U\+0000/, 'parser'],
  ['a memo that is no text', step(pay('"amount": "1", "memo": null')), FIRST, /is a text/, 'schema'],
  ['a payment with a fee', step(pay('"amount": "1", "fee": "0"')), FIRST, /unknown field "fee"/, 'schema'],
  ['an audit of nobody', step('{ "do": "audit", "wallet": "z" }'), FIRST, /no wallet "z"/, 'parser'],
  [
    'a disclosure by a third',
    step('{ "do": "disclose", "wallet": "a", "by": "node" }'),
    FIRST,
    /"payer" or "payee"/,
    'schema',
  ],
  [
    'an unknown attack',
    step('{ "do": "attack", "attack": "bribe", "by": "a", "victim": "b" }'),
    FIRST,
    /the attacks are/,
    'schema',
  ],
  [
    'an attack on nobody',
    step('{ "do": "attack", "attack": "double-spend", "by": "a" }'),
    FIRST,
    /"victim" is missing/,
    'schema',
  ],
];

/** What a scenario file may also look like. */
const GOOD: readonly (readonly [string, string])[] = [
  ['the story', STORY],
  ['nothing at all to do', '{"wallets":[],"allocations":[],"steps":[]}'],
  ['Windows line ends', file({ steps: [COMMIT] }).replaceAll('\n', '\r\n')],
  [
    'escapes, a schema and a longest memo',
    file({
      more: '"$schema": "x",\n',
      steps: [pay(`"amount": "0.5 SERO", "memo": "\\u00e9\\n${'x'.repeat(509)}"`)],
    }),
  ],
  [
    'a token, a category and their payment',
    step(
      COMMIT,
      ISSUE,
      '{ "do": "issue", "wallet": "a", "name": "TICKETS", "kind": "category" }',
      '{ "do": "issue", "wallet": "a", "name": "IRON", "kind": "token", "supply": "1" }',
      pay('"asset": "GOLD", "amount": "5"'),
    ),
  ],
  [
    'every other step',
    step(
      '{ "do": "wait", "blocks": 2000 }',
      '{ "do": "audit", "wallet": "b" }',
      '{ "do": "disclose", "wallet": "a", "by": "payer" }',
      '{ "do": "attack", "attack": "framed-trace", "by": "a", "victim": "a" }',
    ),
  ],
  ['the largest amount', file({ allocations: `{ "wallet": "a", "amount": "${(1n << 128n) - 1n}" }` })],
];

describe('a scenario file', () => {
  it('of the story gives its wallets, money and steps', () => {
    const { wallets, allocations, steps }: Scenario = parseScenario(STORY);
    assert.deepEqual(
      wallets.map(({ name }) => name),
      ['first', 'second', 'third'],
    );
    assert.deepEqual(allocations, [{ wallet: 'first', amount: 1_000n * 10n ** 18n }]);
    const kinds = ['commit', 'wait', 'issue', 'pay', 'pay', 'pay', 'disclose', 'disclose', 'audit'];
    assert.deepEqual(
      steps.map((each) => each.do),
      [...kinds, 'attack', 'attack', 'attack', 'audit'],
    );
    assert.deepEqual(steps[4], {
      do: 'pay',
      from: 'first',
      to: 'second',
      asset: 'SERO',
      amount: 12_500_000_000_000_000_000n,
      memo: 'for the bread, and thank you',
    });
  });

  for (const [name, text] of GOOD) {
    it(`may hold ${name}`, () => {
      assert.equal(parseScenario(text).wallets.length, (JSON.parse(text) as Scenario).wallets.length);
    });
  }

  for (const [name, text, line, message] of BAD) {
    it(`with ${name} is refused at its line`, () => {
      assert.throws(
        () => parseScenario(text),
        (error) => {
          assert.ok(error instanceof ScenarioError, `${error}`);
          assert.equal(error.code, 'scenario-invalid');
          assert.match(error.message, message);
          assert.equal(error.line, line);
          return error.message.startsWith(`line ${line}: `);
        },
      );
    });
  }

  it('whatever its text, throws nothing but ScenarioError', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...GOOD.map(([, text]) => text), ...BAD.map(([, text]) => text.slice(0, 5_000))),
        fc.array(fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 4 }),
      )
      .map(([text, edits]) => {
        let out = text;
        for (const [place, insert] of edits) {
          const at = out.length === 0 ? 0 : place % out.length;
          out = out.slice(0, at) + insert + out.slice(at + (place % 3));
        }
        return out;
      });
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), mutated);
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseScenario(text);
        } catch (error) {
          assert.ok(error instanceof ScenarioError, `${error}`);
          const lines = text.split('\n').length;
          assert.ok(error.line >= 1 && error.line <= lines, `line ${error.line} of ${lines}`);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('docs/scenario.schema.json', () => {
  it('takes what the parser takes', () => {
    for (const [name, text] of GOOD) assert.ok(keeps(SCHEMA, JSON.parse(text)), name);
  });

  it('refuses what the parser refuses, as far as a schema can say it', () => {
    for (const [name, text, , , by] of BAD) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        assert.equal(by, 'parser', `${name} is no JSON`);
        continue;
      }
      assert.equal(keeps(SCHEMA, value), by === 'parser', name);
    }
  });

  it('takes nothing that the parser refuses for a field’s name or type: both agree on random steps', () => {
    const text = fc.constantFrom(
      'a',
      'b',
      'SERO',
      'GOLD',
      '5',
      '1.5 SERO',
      '0',
      'payer',
      'token',
      'category',
      'double-spend',
      '',
    );
    const value = fc.oneof(text, fc.constantFrom<unknown>(1, 0, 2000, 2001, null, true, [], {}));
    const names = [
      'wallet',
      'name',
      'supply',
      'kind',
      'blocks',
      'from',
      'to',
      'asset',
      'amount',
      'memo',
      'by',
      'attack',
      'victim',
    ];
    const kinds = fc.constantFrom('commit', 'issue', 'wait', 'pay', 'audit', 'disclose', 'attack', 'none');
    const fields = fc
      .subarray(names, { maxLength: 5 })
      .chain((chosen) => fc.tuple(...chosen.map((name) => fc.tuple(fc.constant(name), value))));
    fc.assert(
      fc.property(kinds, fields, (kind, given) => {
        const one = { do: kind, ...Object.fromEntries(given) };
        const story = JSON.stringify({
          wallets: ['a', 'b'].map((name) => ({ name, words: 'new' })),
          allocations: [],
          steps: [{ do: 'issue', wallet: 'a', name: 'GOLD', supply: '9' }, one],
        });
        let refused: string | undefined;
        try {
          parseScenario(story);
        } catch (error) {
          refused = (error as Error).message;
        }
        const taken = keeps(SCHEMA, JSON.parse(story));
        if (refused === undefined) assert.ok(taken, JSON.stringify(one));
        // What remains to the parser is about other parts of the file.
        else if (taken) assert.match(refused, /no wallet|issues|another asset/, JSON.stringify(one));
      }),
      { numRuns: 3_000 },
    );
  });
});
