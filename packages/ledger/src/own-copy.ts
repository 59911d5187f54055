/**
 * What is given away is not what is remembered: changing any part of it changes no later verdict. What is no plain data (curve points, which
 * are frozen, and functions) is shared.
 */
export function ownCopy<T>(value: T): T {
  // Not `slice`, which of Node's Buffer is a view.
  if (value instanceof Uint8Array) return new Uint8Array(value) as T;
  if (Array.isArray(value)) return value.map(ownCopy) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, ownCopy(part)])) as T;
}
