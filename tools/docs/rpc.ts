// Writes docs/rpc.md from the OpenRPC document of the methods:  node tools/docs/rpc.ts

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { openRpcDocument, RPC_ERRORS } from '@sero/api';

/** Where it stands. */
export const RPC_DOCS = new URL('../../docs/rpc.md', import.meta.url);

type Json = Readonly<Record<string, unknown>>;
type Named = Json & { readonly name: string };

interface MethodObject extends Named {
  readonly summary: string;
  readonly description: string;
  readonly params: readonly (Named & { readonly schema: Json; readonly required: boolean })[];
  readonly result: Json & { readonly schema: Json };
  readonly errors: readonly { readonly message: string }[];
  readonly examples: readonly {
    readonly params: readonly (Named & { readonly value: unknown })[];
    readonly result: { readonly value: unknown };
  }[];
}

/** Longest text that an example shows whole. */
const MAX_SHOWN = 80;

/** The text of docs/rpc.md. */
export function rpcDocs(): string {
  const document = openRpcDocument('');
  const methods = document.methods as readonly unknown[] as readonly MethodObject[];
  const [notification] = document['x-notifications'] as readonly (Named & { readonly example: unknown })[];
  const common = methods[0]!.errors
    .map(({ message }) => message)
    .filter((name) => methods.every(({ errors }) => errors.some(({ message }) => message === name)));
  return `# RPC

<!-- Written by tools/docs/rpc.ts from @sero/api: change the declarations there, then run it. -->

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

Every method can give ${common.map((name) => `\`${name}\``).join(', ')}; a body that is no JSON gives \`parse-error\`, an unknown
method \`method-not-found\`. What is refused for the rate comes with HTTP status 429 where nothing of the request was done. A status of 4xx or 503
without JSON means that the request did not reach JSON-RPC (403: host or origin is not allowed, 413: too long, 415: no JSON, 503: the node receives
too much); a WebSocket is then closed with 1013 (too many of this address).

The calls of a batch are done in order. What counts for the rate is work: the call, its bytes and those of its answer, the blocks that are read for
it; a range that turns out to be too much work is broken off with \`rate\`. A request that is refused for its rate before it is read is answered with its id
where the body begins with \`{"jsonrpc":"2.0","id":NUMBER,\`, else with null. Who sends more transactions at once than his budget pays for (64 by default) is answered \`busy\` until
one of them is decided; \`budget-exhausted\` says that what was refused has spent it.

## Methods

${methods.map(({ name, summary }) => `- [\`${name}\`](#${name.toLowerCase().replace('.', '')}): ${summary}`).join('\n')}

${methods.map((method) => section(method, common)).join('\n\n')}

## Notifications

\`${notification!.name}\`, to the socket that subscribed:

${json({ jsonrpc: '2.0', method: notification!.name, params: notification!.example })}
`;
}

function section(method: MethodObject, common: readonly string[]): string {
  const { name, summary, description, params, result, errors } = method;
  const [example] = method.examples;
  const own = errors.map(({ message }) => message).filter((error) => !common.includes(error));
  const fields = params.flatMap((param) => fieldLines(param.name, param, param.required, 0));
  const given = Object.fromEntries(example!.params.map((param) => [param.name, param.value]));
  return [
    `### ${name}`,
    summary,
    description,
    method['x-transport'] === 'websocket' ? 'Over a WebSocket only.' : '',
    fields.length === 0 ? 'Parameters: none.' : `Parameters:\n\n${fields.join('\n')}`,
    resultText(result),
    own.length === 0 ? '' : `Errors: ${own.map((error) => `\`${error}\``).join(', ')}.`,
    json({ jsonrpc: '2.0', id: 1, method: name, params: given }),
    json({ jsonrpc: '2.0', id: 1, result: example!.result.value }),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function resultText(result: Json & { readonly schema: Json }): string {
  const lines = innerLines(result.schema, 0);
  return lines.length === 0 ? `Result: ${String(result['description'])}` : `Result:\n\n${lines.join('\n')}`;
}

function json(value: unknown): string {
  const short = (_: string, item: unknown): unknown =>
    typeof item === 'string' && item.length > MAX_SHOWN ? `${item.slice(0, 20)}…${item.slice(-4)}` : item;
  return `\`\`\`json\n${JSON.stringify(value, short, 2)}\n\`\`\``;
}

/** A field and, below it, the fields of what is in it. @param field a schema, or a descriptor that has one */
function fieldLines(name: string, field: Json, required: boolean, depth: number): string[] {
  const schema = (field['schema'] ?? field) as Json;
  const { description } = field;
  const what = `${typeText(schema)}${required ? '' : ', may be absent'}`;
  const says = description === undefined ? '' : `: ${String(description)}`;
  return [`${'  '.repeat(depth)}- \`${name}\` (${what})${says}`, ...innerLines(schema, depth + 1)];
}

function innerLines(schema: Json, depth: number): string[] {
  if (schema['type'] === 'array') return innerLines(schema['items'] as Json, depth);
  const cases = schema['oneOf'] as readonly Json[] | undefined;
  if (cases !== undefined) {
    return cases.flatMap((one) => [
      `${'  '.repeat(depth)}- ${caseText(one)}:`,
      ...innerLines(one, depth + 1),
    ]);
  }
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries((schema['properties'] ?? {}) as Record<string, Json>).flatMap(([name, field]) =>
    fieldLines(name, field, required.includes(name), depth),
  );
}

/** The field that tells a case from the others comes first. */
function caseText(one: Json): string {
  const [[name, schema] = ['', {}]] = Object.entries((one['properties'] ?? {}) as Record<string, Json>);
  return `where \`${name}\` is \`${String(schema['const'])}\``;
}

function typeText(schema: Json): string {
  const { anyOf, items, enum: words, pattern, maxLength } = schema;
  if (Array.isArray(anyOf)) return anyOf.map((one: Json) => typeText(one)).join(' or ');
  if (schema['type'] === 'array') return `list of ${typeText(items as Json)}`;
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(RPC_DOCS, rpcDocs());
