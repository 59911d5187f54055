// What code that every node must compute alike may not name (design 1, "The rooms"). Tables only:
// determinism.ts finds the names in the syntax tree.

/** What to use instead, by rule. */
export const ADVICE = {
  date: 'there is no clock here: take the time from the block header',
  performance: 'there is no clock here: measure in bench/',
  timer: 'there is no clock here: what must wait is asked of the caller',
  process: 'the environment must not be seen: take it as a parameter',
  random: 'randomness is passed in as an argument',
  locale: 'results depend on the machine: compare and format by code units',
  'sort-comparator': 'the default order is by string: give a comparator',
  'number-division': 'numbers become fractions: divide bigints',
  'number-power': 'numbers become inexact: raise bigints or shift',
  math: 'Math works on floating point: use integer operators',
  'parse-float': 'there are no fractions here: parse digits with BigInt',
  fraction: 'there are no fractions here',
  exponent: 'write the digits out, or use a bigint',
  'float-bytes': 'there is no floating point here',
  'for-in': 'the order is that of insertion and prototypes: use for-of over an array or Map',
  'node-import': "node's modules are not there in a browser: declare an interface and let the caller pass it",
  io: 'there is no input or output here: declare an interface and let the caller pass it',
  'shared-memory': 'what another thread writes is seen sooner or later: pass values',
  'garbage-collection': 'when memory is reclaimed differs from run to run',
  eval: 'code that is made at run time cannot be checked',
  global: 'globals reached by name cannot be checked: name them directly',
} as const;

/** A name of {@link ADVICE}. */
export type Rule = keyof typeof ADVICE;

/** Global names, each with the rule that forbids it. A local variable of the same name is not meant. */
export const GLOBALS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Date', 'date'],
  ['Temporal', 'date'],
  ['performance', 'performance'],
  ['setTimeout', 'timer'],
  ['setInterval', 'timer'],
  ['setImmediate', 'timer'],
  ['queueMicrotask', 'timer'],
  ['AbortSignal', 'timer'],
  ['MessageChannel', 'timer'],
  ['Atomics', 'shared-memory'],
  ['SharedArrayBuffer', 'shared-memory'],
  ['console', 'io'],
  ['requestAnimationFrame', 'timer'],
  ['process', 'process'],
  ['navigator', 'process'],
  ['crypto', 'random'],
  ['Intl', 'locale'],
  ['Math', 'math'],
  ['parseFloat', 'parse-float'],
  ['Float16Array', 'float-bytes'],
  ['Float32Array', 'float-bytes'],
  ['Float64Array', 'float-bytes'],
  ['fetch', 'io'],
  ['WebSocket', 'io'],
  ['EventSource', 'io'],
  ['Worker', 'io'],
  ['WeakRef', 'garbage-collection'],
  ['FinalizationRegistry', 'garbage-collection'],
  ['eval', 'eval'],
  ['Function', 'eval'],
  ['globalThis', 'global'],
  ['global', 'global'],
  ['self', 'global'],
  ['window', 'global'],
]);

/** Properties and imported names, each with its rule, unless the package itself declares them. */
export const MEMBERS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['getRandomValues', 'random'],
  ['randomBytes', 'random'],
  ['randomFill', 'random'],
  ['randomFillSync', 'random'],
  ['randomInt', 'random'],
  ['randomUUID', 'random'],
  ['randomSecretKey', 'random'],
  ['randomPrivateKey', 'random'],
  ['generateKey', 'random'],
  ['generateKeyPair', 'random'],
  ['generateKeyPairSync', 'random'],
  ['generateMnemonic', 'random'],
  ['keygen', 'random'],
  ['localeCompare', 'locale'],
  ['toLocaleString', 'locale'],
  ['toLocaleDateString', 'locale'],
  ['toLocaleTimeString', 'locale'],
  ['toLocaleLowerCase', 'locale'],
  ['toLocaleUpperCase', 'locale'],
  ['normalize', 'locale'],
  ['toFixed', 'fraction'],
  ['toPrecision', 'fraction'],
  ['toExponential', 'fraction'],
  ['parseFloat', 'parse-float'],
  ['getFloat16', 'float-bytes'],
  ['setFloat16', 'float-bytes'],
  ['getFloat32', 'float-bytes'],
  ['setFloat32', 'float-bytes'],
  ['getFloat64', 'float-bytes'],
  ['setFloat64', 'float-bytes'],
]);

/** Of Math what takes and gives 32-bit integers. */
export const WHOLE_MATH: ReadonlySet<string> = new Set(['imul', 'clz32']);

/** Methods that order by string unless they are given a comparator. */
export const SORTS: ReadonlySet<string> = new Set(['sort', 'toSorted']);
