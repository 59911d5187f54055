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
  /** Its SHA-256 is taken 2^iterationsPower times: 10 to 32. */
  readonly iterationsPower: number;
}

const MAX_NAME_BYTES = 64;
const MAX_BEACON_BYTES = 255;
const ITERATIONS_POWER = { least: 10, most: 32 };

const TYPE_PERSON = 0;
const TYPE_BEACON = 1;
const NAME = 1;
const ITERATIONS = 2;
const VALUE = 3;

/** Refuses a name that the format does not hold, and such a beacon. */
export function checkOrigin({ name, beacon }: Origin): void {
  const refuse = (why: string): CeremonyError => new CeremonyError('option-invalid', why);
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) throw refuse('a name has at most 64 bytes');
  if (beacon !== undefined) checkBeaconLimits(beacon);
}

/** Refuses a beacon that the format does not hold, or that nobody would see the end of. */
export function checkBeaconLimits({ value, iterationsPower }: Beacon): void {
  const refuse = (why: string): CeremonyError => new CeremonyError('option-invalid', why);
  if (value.length === 0 || value.length > MAX_BEACON_BYTES) throw refuse('a beacon has 1 to 255 bytes');
  const { least, most } = ITERATIONS_POWER;
  if (!Number.isInteger(iterationsPower) || iterationsPower < least || iterationsPower > most) {
    throw refuse(`a beacon is hashed 2^${least} to 2^${most} times`);
  }
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
  if (type === TYPE_PERSON) return { name };
  if (iterationsPower === undefined || value === undefined) throw malformed('a beacon without its number');
  return { name, beacon: { value, iterationsPower } };
}
