import { concat } from '@sero/crypto';
import { CeremonyError } from './errors.ts';
import { type FieldReader, u32 } from './sections.ts';

/** Where a contribution's secret comes from, and what its author calls himself: the end of its record in both phases. */
export interface Origin {
  /** At most 64 bytes of UTF-8; may be empty. */
  readonly name: string;
  /** Set where the secret is no secret, but follows from a number that nobody could foresee. */
  readonly beacon?: Beacon;
}

/** A public beacon: a number that nobody could foresee, hashed so long that nobody can have tried many. */
export interface Beacon {
  /** 1 to 255 bytes. */
  readonly value: Uint8Array;
  /** Its SHA-256 is taken 2^iterationsPower times: 10 to 24. */
  readonly iterationsPower: number;
}

const MAX_NAME_BYTES = 64;
const MAX_BEACON_BYTES = 255;
/** The least that snarkjs takes. */
const LEAST_ITERATIONS_POWER = 10;
/**
 * How often all beacons of a transcript may ask to hash, together. Whoever verifies takes every one of these hashes, and
 * the file that says how many is a stranger's. snarkjs takes up to 2^63 for one beacon, which nobody sees the end of;
 * 2^24 are 16 times what `sero ceremony beacon` asks for, and some tens of seconds here.
 */
const MOST_ITERATIONS = 2 ** 24;
/** And those that others follow: so that a beacon in the middle leaves room for the one that closes the phase. */
const MOST_BEFORE_OTHERS = 2 ** 23;

const TYPE_PERSON = 0;
const TYPE_BEACON = 1;
const NAME = 1;
const ITERATIONS = 2;
const VALUE = 3;

/** What is read here of a contribution of either phase. */
export interface Originated {
  readonly origin: Origin;
}

/** Refuses to go on with a name or a beacon that the format does not hold, or with more hashes than are taken. */
export function checkNext(earlier: readonly Originated[], origin: Origin): void {
  if (new TextEncoder().encode(origin.name).length > MAX_NAME_BYTES) {
    throw new CeremonyError('option-invalid', 'a name has at most 64 bytes');
  }
  checkBeacons([...earlier, { origin }]);
}

/**
 * What can be said of a transcript by its authors alone, before anything is hashed: somebody contributed, of whom it can
 * be believed that he forgot his secret, and its beacons can be checked in bearable time.
 *
 * @throws CeremonyError `beacons-only`, `beacon-too-long`, `option-invalid`
 */
export function checkAuthors(contributions: readonly Originated[]): void {
  checkBeacons(contributions);
  if (contributions.some(({ origin }) => origin.beacon === undefined)) return;
  throw new CeremonyError(
    'beacons-only',
    'every contribution is a beacon’s: nobody added a secret, and anybody can compute what nobody is to know',
  );
}

/** Refuses beacons that the format does not hold, and such as nobody would see the end of. */
function checkBeacons(contributions: readonly Originated[]): void {
  const refuse = (why: string): CeremonyError => new CeremonyError('option-invalid', why);
  let [iterations, earlier] = [0, 0];
  for (const { origin } of contributions) {
    earlier = iterations;
    if (origin.beacon === undefined) continue;
    const { value, iterationsPower } = origin.beacon;
    if (value.length === 0 || value.length > MAX_BEACON_BYTES) throw refuse('a beacon has 1 to 255 bytes');
    if (!Number.isInteger(iterationsPower) || iterationsPower < LEAST_ITERATIONS_POWER) {
      throw refuse(`a beacon is hashed at least 2^${LEAST_ITERATIONS_POWER} times`);
    }
    iterations += 2 ** iterationsPower;
  }
  if (iterations <= MOST_ITERATIONS && earlier <= MOST_BEFORE_OTHERS) return;
  throw new CeremonyError(
    'beacon-too-long',
    `beacons are hashed at most 2^${Math.log2(MOST_ITERATIONS)} times together, those before the last contribution 2^${Math.log2(MOST_BEFORE_OTHERS)}`,
  );
}

/** type (u32), length of the parameters (u32), parameters in rising order, each a number (u8) and its value. */
export function writeOrigin({ name, beacon }: Origin): Uint8Array {
  const text = new TextEncoder().encode(name);
  const parameters = concat(
    ...(text.length === 0 ? [] : [Uint8Array.of(NAME, text.length), text]),
    ...(beacon === undefined
      ? []
      : [Uint8Array.of(ITERATIONS, beacon.iterationsPower, VALUE, beacon.value.length), beacon.value]),
  );
  return concat(u32(beacon === undefined ? TYPE_PERSON : TYPE_BEACON), u32(parameters.length), parameters);
}

export function readOrigin(from: FieldReader): Origin {
  const malformed = (why: string): CeremonyError =>
    new CeremonyError('file-malformed', `a contribution: ${why}`);
  const type = from.u32();
  if (type !== TYPE_PERSON && type !== TYPE_BEACON) throw malformed(`type ${type}`);
  const end = from.u32();
  if (end > from.left()) throw malformed('cut short');
  const stop = from.left() - end;
  let [name, iterationsPower, value]: [string, number | undefined, Uint8Array | undefined] = [
    '',
    undefined,
    undefined,
  ];
  for (let last = 0; from.left() > stop; ) {
    const parameter = from.u8();
    if (parameter <= last) throw malformed('parameters out of order');
    last = parameter;
    if (parameter === NAME) name = new TextDecoder().decode(from.bytes(from.u8()));
    else if (parameter === ITERATIONS) iterationsPower = from.u8();
    else if (parameter === VALUE) value = from.bytes(from.u8());
    else throw malformed(`parameter ${parameter}`);
  }
  if (from.left() !== stop) throw malformed('parameters are longer than announced');
  if (type === TYPE_PERSON) {
    if (iterationsPower !== undefined || value !== undefined)
      throw malformed('a person with a beacon’s number');
    return { name };
  }
  if (iterationsPower === undefined || value === undefined) throw malformed('a beacon without its number');
  return { name, beacon: { value, iterationsPower } };
}
