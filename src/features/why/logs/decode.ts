/** More control characters than one in ten make it no text. */
const MOST_CONTROL = 0.1;

/** The text of a log, or of its end, in UTF-8, UTF-16 or Latin-1. Undefined if it is not text. */
export function textIn(bytes: Buffer): string | undefined {
  const text = decoded(bytes);
  // A server that lost power leaves a block of zeros.
  const kept = text.replaceAll('\0', '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are counted
  const control = kept.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\u007f]/g)?.length ?? 0;
  return control > kept.length * MOST_CONTROL ? undefined : kept;
}

function decoded(bytes: Buffer): string {
  const wide = wideIn(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  try {
    // The end of a log may begin within a character.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(continuationsOf(bytes)));
  } catch {
    return mostlyUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1');
  }
}

/** UTF-16 by its mark, or by every other byte being zero, as in English text. */
function wideIn(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const length = Math.min(bytes.length, 4096);
  for (let at = 0; at < length; at += 1) if (bytes[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > length * 0.3 && even < length * 0.05) return 'utf-16le';
  return even > length * 0.3 && odd < length * 0.05 ? 'utf-16be' : undefined;
}

function continuationsOf(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

/** True for UTF-8 with single broken characters, which a program may have cut. */
function mostlyUtf8(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything but ASCII
  const wide = text.match(/[^\u0000-\u007f\ufffd]/g)?.length ?? 0;
  return broken < wide;
}
