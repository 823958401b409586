import { parse } from 'content-disposition';

const LONGEST = 200;

/** The file name that a Content-Disposition header proposes. Not yet safe to write to. */
export const proposedName = (disposition: string | undefined): string | undefined =>
  disposition === undefined ? undefined : asUtf8(parse(disposition).parameters.filename);

/** The last part of a URL's path, if it looks like a file name. */
export function nameInUrl(url: string): string | undefined {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const bytes = last.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return /\.\w/.test(last) ? asUtf8(bytes) : undefined;
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

/** Node reads headers as Latin-1, but many servers send UTF-8. */
function asUtf8(value: string | undefined): string | undefined {
  if (value === undefined || !/[\u0080-\u00ff]/.test(value) || /[^\0-\u00ff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
