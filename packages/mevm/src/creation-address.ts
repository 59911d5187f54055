/** RLP of [creator, nonce], whose hash gives CREATE's address (Yellow Paper 7, equation 90). Nonce below 2^64. */
export function encodeCreation(creator: Uint8Array, nonce: bigint): Uint8Array {
  const digits: number[] = [];
  for (let left = nonce; left > 0n; left >>= 8n) digits.unshift(Number(left & 0xffn));
  const number = nonce === 0n ? [0x80] : nonce < 0x80n ? digits : [0x80 + digits.length, ...digits];
  return Uint8Array.from([0xc0 + 21 + number.length, 0x94, ...creator, ...number]);
}
