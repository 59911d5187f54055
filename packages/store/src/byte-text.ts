/**
 * A byte string as a text of one character a byte: a key for maps. Texts compare as the byte strings do, because
 * JavaScript orders texts by code unit.
 */
export function byteText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
