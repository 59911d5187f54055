import type { Codec } from './codec.ts';
import type { RpcErrorName } from './errors.ts';

/** One method: everything that types, checks, the OpenRPC document and docs/rpc.md say of it comes from here. */
export interface Method<P, R> {
  /** One line. */
  readonly summary: string;
  /** What a caller must know beside the schemas. */
  readonly description: string;
  readonly params: Codec<P>;
  readonly result: Codec<R>;
  /** Errors beside those that every method can give (parse, request, parameters, rate, internal). */
  readonly errors: readonly RpcErrorName[];
  /** Where it can be called: only a socket carries subscriptions. */
  readonly transport: 'any' | 'socket';
  readonly example: { readonly params: P; readonly result: R };
}

/** Declares a method; its example must be what the schemas say. */
export function method<P, R>(declared: {
  readonly summary: string;
  readonly description?: string;
  readonly params: Codec<P>;
  readonly result: Codec<R>;
  readonly errors?: readonly RpcErrorName[];
  readonly transport?: 'any' | 'socket';
  readonly example: { readonly params: NoInfer<P>; readonly result: NoInfer<R> };
}): Method<P, R> {
  return { description: '', errors: [], transport: 'any', ...declared };
}
