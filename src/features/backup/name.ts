const LONGEST = 200;

/** The file name in a Content-Disposition header (RFC 6266); `filename*` takes precedence. Not yet safe to write to. */
export function proposedName(disposition: string | undefined): string | undefined {
  const parameters = new Map<string, string>();
  for (const [, key = '', value = ''] of (disposition ?? '').matchAll(/;\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g)) {
    if (!parameters.has(key.toLowerCase())) parameters.set(key.toLowerCase(), unquoted(value.trim()));
  }
  return extended(parameters.get('filename*')) ?? asUtf8(parameters.get('filename'));
}

/** The last part of a URL's path, if it looks like a file name. */
export function nameInUrl(url: string): string | undefined {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  return /\.\w/.test(last) ? decoded(last, 'utf-8') : undefined;
}

/** Makes a proposed file name safe: no path, hidden file, device or control characters. Undefined if nothing is left. */
export function safeName(proposed: string): string | undefined {
  const last = proposed.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .trim()
    .replace(/^[.\s~-]+|[.\s]+$/g, '');
  const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain);
  return plain === '' ? undefined : shortened(device ? `_${plain}` : plain);
}

/** Shortens a name but keeps its extensions. */
function shortened(name: string): string {
  const [, extensions = ''] = /((?:\.[a-z0-9]{1,8}){0,2})$/i.exec(name) ?? [];
  let stem = name.slice(0, name.length - extensions.length);
  while (Buffer.byteLength(stem) + extensions.length > LONGEST) stem = [...stem].slice(0, -1).join('');
  return `${stem}${extensions}`;
}

const unquoted = (value: string): string => (value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value);

/** RFC 5987: `UTF-8''sh%C3%B6p.sql.gz`. */
function extended(value: string | undefined): string | undefined {
  const [, charset = '', encoded = ''] = /^([\w-]+)'[^']*'(.*)$/.exec(value ?? '') ?? [];
  if (!/^(utf-8|iso-8859-1)$/i.test(charset)) return undefined;
  return decoded(encoded, charset.toLowerCase() === 'utf-8' ? 'utf-8' : 'latin1');
}

function decoded(encoded: string, charset: 'utf-8' | 'latin1'): string | undefined {
  const bytes = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return charset === 'utf-8' ? asUtf8(bytes) : bytes;
}

/** Node reads headers as Latin-1, but many servers send UTF-8. */
function asUtf8(value: string | undefined): string | undefined {
  if (value === undefined || !/[\u0080-\u00ff]/.test(value) || /[^\0-\u00ff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
