import type { Decoded } from './codec.ts';
import { chainMethods } from './methods/chain.ts';
import { finalityMethods } from './methods/finality.ts';
import { scanningMethods } from './methods/scanning.ts';
import { stakeMethods } from './methods/stake.ts';
import { subscriptionMethods } from './methods/subscriptions.ts';
import { transactionMethods } from './methods/transactions.ts';

/** Every method of a node by name. */
export const METHODS = {
  ...chainMethods,
  ...transactionMethods,
  ...scanningMethods,
  ...finalityMethods,
  ...stakeMethods,
  ...subscriptionMethods,
} as const;

type Methods = typeof METHODS;

export type MethodName = keyof Methods;

/** Methods that HTTP carries too. */
export type RequestName = Exclude<MethodName, 'sero_subscribe' | 'sero_unsubscribe'>;

/** What a method takes: bigints for quantities, Uint8Array for bytes. */
export type ParamsOf<M extends MethodName> = Decoded<Methods[M]['params']>;

/** What a method gives. */
export type ResultOf<M extends MethodName> = Decoded<Methods[M]['result']>;

/** True for the name of a method. */
export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}
