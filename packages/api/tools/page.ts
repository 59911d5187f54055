import type { JsonSchema } from '../src/codec.ts';
import { RPC_ERRORS, type RpcErrorName } from '../src/errors.ts';
import type { Method } from '../src/method.ts';
import { HeadNotification, NOTIFICATION, NOTIFICATION_EXAMPLE } from '../src/methods/subscriptions.ts';
import { COMMON_ERRORS, methodEntries } from '../src/openrpc.ts';

/** Longest text that an example shows whole. */
const MAX_SHOWN = 80;

/** docs/rpc.md, out of the declarations of the methods. */
export function rpcPage(): string {
  const methods = methodEntries();
  return `# RPC

Written by \`node packages/api/tools/docs.ts\`; a test compares it with the program.

A node speaks JSON-RPC 2.0 at one address: by HTTP POST with \`content-type: application/json\`, one call or a batch, and over a
WebSocket, which carries subscriptions too. GET \`/openrpc.json\` is this page for programs; \`/health\`, \`/ready\` and \`/metrics\` are for who
runs it. By default it listens at \`127.0.0.1:8645\` only. Its limits are options of the node (packages/node/README.md).

Parameters are by name. A **quantity** is \`0x\` and hexadecimal digits without leading zeros (\`0x0\`, \`0x400\`); **bytes** are \`0x\` and two
digits each (\`0x\`, \`0x0a\`); either case is read, lower case is written. A parameter that does not exist is refused; a result may gain
fields, which an older client passes over.

A wallet asks for ranges and whole tables alone, so that what it asks depends on its birthday and the tip, never on its own notes; what
names one item (\`sero_getTransaction\`, \`sero_getStateProof\`) is for explorers. No answer is to be trusted: headers are checked as a chain,
blocks against their headers, proofs against roots.

\`createClient\` of @sero/api speaks it with types, in node and in browsers:

\`\`\`ts
import { createClient } from '@sero/api';

const node = createClient({ url: 'http://127.0.0.1:8645' });
const { head } = await node.request('sero_getStatus', {});
const { blocks } = await node.request('sero_getCompactOutputs', { from: head.height, limit: 1 });
\`\`\`

## Errors

| code | name | meaning |
|---|---|---|
${Object.entries(RPC_ERRORS)
  .map(([name, { code, meaning }]) => `| ${code} | \`${name}\` | ${meaning} |`)
  .join('\n')}

Every method can give ${COMMON_ERRORS.map((name) => `\`${name}\``).join(', ')}; a body that is no JSON gives \`parse-error\`, an unknown
method \`method-not-found\`. Calls that were refused for the rate come with HTTP status 429 where nothing of the request was done; 4xx without
JSON means that the request did not reach JSON-RPC (403: host or origin is not allowed, 413: too long, 415: no JSON).

## Methods

${methods.map(([name, { summary }]) => `- [\`${name}\`](#${anchor(name)}): ${summary}`).join('\n')}

${methods.map(([name, method]) => section(name, method)).join('\n')}
## Notifications

\`${NOTIFICATION}\`, to the socket that subscribed:

${json({ jsonrpc: '2.0', method: NOTIFICATION, params: HeadNotification.encode(NOTIFICATION_EXAMPLE) })}
`;
}

function anchor(name: string): string {
  return name.toLowerCase().replace('.', '');
}

function section(name: string, method: Method<unknown, unknown>): string {
  const { params, result, example, description, errors, transport, summary } = method;
  const own: readonly RpcErrorName[] = errors.filter((error) => !COMMON_ERRORS.includes(error));
  const fields = fieldLines(params.schema, 0);
  const parts = [
    `### ${name}`,
    [summary, description, transport === 'socket' ? 'Over a WebSocket only.' : '']
      .filter((line) => line !== '')
      .join('\n\n'),
    fields.length === 0 ? 'Parameters: none.' : `Parameters:\n\n${fields.join('\n')}`,
    `Result:\n\n${[...fieldLines(result.schema, 0)].join('\n')}`,
    ...(own.length === 0 ? [] : [`Errors: ${own.map((error) => `\`${error}\``).join(', ')}.`]),
    json({ jsonrpc: '2.0', id: 1, method: name, params: params.encode(example.params) }),
    json({ jsonrpc: '2.0', id: 1, result: result.encode(example.result) }),
  ];
  return `${parts.filter((part) => part !== 'Result:\n\n').join('\n\n')}\n`;
}

function json(value: unknown): string {
  const short = (_: string, item: unknown): unknown =>
    typeof item === 'string' && item.length > MAX_SHOWN ? `${item.slice(0, 20)}…${item.slice(-4)}` : item;
  return `\`\`\`json\n${JSON.stringify(value, short, 2)}\n\`\`\``;
}

type Properties = Readonly<Record<string, JsonSchema>>;

/** A list of the fields of an object, with those of what is in them below. */
function fieldLines(schema: JsonSchema, depth: number): string[] {
  const cases = schema['oneOf'] as readonly JsonSchema[] | undefined;
  if (cases !== undefined) {
    return cases.flatMap((one) => [
      `${'  '.repeat(depth)}- with \`status\` \`${caseWord(one)}\`:`,
      ...fieldLines(one, depth + 1),
    ]);
  }
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries((schema['properties'] ?? {}) as Properties).flatMap(([name, field]) => {
    const { description } = field;
    const what = `${typeText(field)}${required.includes(name) ? '' : ', may be absent'}`;
    const line = `${'  '.repeat(depth)}- \`${name}\` (${what})${description === undefined ? '' : `: ${description}`}`;
    return [line, ...fieldLines(innermost(field), depth + 1)];
  });
}

function caseWord(schema: JsonSchema): string {
  const [first] = Object.values((schema['properties'] ?? {}) as Properties);
  return String(first?.['const']);
}

function innermost(schema: JsonSchema): JsonSchema {
  return schema['type'] === 'array' ? innermost(schema['items'] as JsonSchema) : schema;
}

function typeText(schema: JsonSchema): string {
  const { anyOf, items, enum: words, pattern, maxLength } = schema;
  if (Array.isArray(anyOf)) return anyOf.map((one) => typeText(one)).join(' or ');
  if (schema['type'] === 'array') return `list of ${typeText(items as JsonSchema)}`;
  if (Array.isArray(words)) return words.map((word) => `\`${word}\``).join(' or ');
  if (schema['const'] !== undefined) return `\`${String(schema['const'])}\``;
  if (schema['type'] !== 'string') return String(schema['type']);
  if (pattern === undefined) return `text, at most ${String(maxLength)} characters`;
  if (!String(pattern).startsWith('^0x(0|')) return bytesText(String(pattern), Number(maxLength));
  const digits = /\{0,(\d+)\}/.exec(String(pattern))?.[1];
  return `quantity, at most ${4 * (Number(digits) + 1)} bits`;
}

function bytesText(pattern: string, maxLength: number): string {
  const most = (maxLength - 2) / 2;
  if (!pattern.endsWith(')*$')) return `${most} bytes`;
  const unit = Number(/\{(\d+)\}/.exec(pattern)?.[1]) / 2;
  return `at most ${most} bytes${unit === 1 ? '' : `, ${unit} each`}`;
}
