/**
 * Identifies a token at a host in caches and state files, which must not contain it: a 53-bit checksum (cyrb53) in hexadecimal.
 * Not cryptographic, because a token has far more bits, and loading node:crypto takes 2 ms.
 */
export function tokenFingerprint(token: string, host: string): string {
  const text = `${host}\n${token}`;
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(16).padStart(14, '0');
}
