import type { JsonSchema } from './codec.ts';
import { RPC_ERRORS, type RpcErrorName } from './errors.ts';
import type { Method } from './method.ts';
import { HeadNotification, NOTIFICATION, NOTIFICATION_EXAMPLE } from './methods/subscriptions.ts';
import { METHODS } from './methods.ts';

/** Errors that every method can give, beside its own. */
const COMMON_ERRORS: readonly RpcErrorName[] = [
  'invalid-request',
  'invalid-params',
  'limit-exceeded',
  'busy',
  'internal',
];

/** An OpenRPC document (spec.open-rpc.org, 1.3.2), as JSON. */
export interface OpenRpcDocument extends Readonly<Record<string, unknown>> {
  readonly openrpc: string;
  readonly methods: readonly Readonly<Record<string, unknown>>[];
}

/** The document of all methods. @param version of the node that serves it */
export function openRpcDocument(version: string): OpenRpcDocument {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'SERO node',
      version,
      description:
        'JSON-RPC 2.0 over HTTP POST and WebSocket. Parameters are by name. Quantities are 0x and digits without leading zeros, bytes 0x and two digits each.',
      license: { name: 'Apache-2.0' },
    },
    methods: methodEntries().map(([name, method]) => methodObject(name, method)),
    // OpenRPC has no word for what a node sends unasked.
    'x-notifications': [
      {
        name: NOTIFICATION,
        params: descriptor(HeadNotification.schema),
        example: HeadNotification.encode(NOTIFICATION_EXAMPLE),
      },
    ],
  };
}

/** All methods, with the types of their values forgotten. */
export function methodEntries(): [string, Method<unknown, unknown>][] {
  return Object.entries(METHODS) as unknown as [string, Method<unknown, unknown>][];
}

function methodObject(name: string, method: Method<unknown, unknown>): Readonly<Record<string, unknown>> {
  const { properties, required } = method.params.schema as {
    readonly properties: Readonly<Record<string, JsonSchema>>;
    readonly required: readonly string[];
  };
  const exampleParams = method.params.encode(method.example.params) as Record<string, unknown>;
  return {
    name,
    summary: method.summary,
    description: method.description,
    paramStructure: 'by-name',
    params: Object.entries(properties).map(([param, schema]) => ({
      name: param,
      ...descriptor(schema),
      required: required.includes(param),
    })),
    result: { name: 'result', ...descriptor(method.result.schema) },
    errors: [...new Set([...method.errors, ...COMMON_ERRORS])].map((error) => ({
      code: RPC_ERRORS[error].code,
      message: error,
      data: RPC_ERRORS[error].meaning,
    })),
    examples: [
      {
        name: 'example',
        params: Object.entries(exampleParams).map(([param, value]) => ({ name: param, value })),
        result: { name: 'result', value: method.result.encode(method.example.result) },
      },
    ],
    ...(method.transport === 'socket' ? { 'x-transport': 'websocket' } : {}),
  };
}

/** A content descriptor: the description stands beside the schema. */
function descriptor(schema: JsonSchema): Readonly<Record<string, unknown>> {
  const { description, ...rest } = schema;
  return description === undefined ? { schema: rest } : { description, schema: rest };
}
