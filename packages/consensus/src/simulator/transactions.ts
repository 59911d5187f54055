/** What a transaction of the light chain does beside taking time. */
export interface StakeCommand {
  readonly id: number;
  /** `invalid`: a block with it does not hold. `salt`: nothing, but the block has another hash. */
  readonly kind: 'plain' | 'weight' | 'invalid' | 'salt';
  /** Virtual time of its execution, ms. */
  readonly cost: number;
  /** Row of the first table, and its new weight. */
  readonly row: number;
  readonly weight: number;
}

const KINDS: readonly StakeCommand['kind'][] = ['plain', 'weight', 'invalid', 'salt'];

const LENGTH = 13;

/** Bytes of a transaction of the light chain. */
export function encodeCommand({ id, kind, cost, row, weight }: StakeCommand): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id);
  view.setUint8(4, KINDS.indexOf(kind));
  view.setUint16(5, cost);
  view.setUint16(7, row);
  view.setUint32(9, weight);
  return bytes;
}

/** A transaction from its bytes; what is none is an invalid one. */
export function decodeCommand(bytes: Uint8Array): StakeCommand {
  if (bytes.length !== LENGTH) return { id: 0, kind: 'invalid', cost: 0, row: 0, weight: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    id: view.getUint32(0),
    kind: KINDS[view.getUint8(4)] ?? 'invalid',
    cost: view.getUint16(5),
    row: view.getUint16(7),
    weight: view.getUint32(9),
  };
}
