/** Characters that are made at a time: each is an argument of one call. */
const PIECE = 4_096;

/**
 * A byte string as a text of one character a byte: a key for maps. Texts compare as the byte strings do, because
 * JavaScript orders texts by code unit.
 */
export function byteText(bytes: Uint8Array): string {
  if (bytes.length <= PIECE) return textOf(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += textOf(bytes.subarray(at, at + PIECE));
  return text;
}

/** By `apply`: spreading goes through an iterator and takes five times as long. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}
