import { parse } from 'content-disposition';
import { attempt, DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { isLoopback } from '../../machine/settings/host.ts';
import { type HttpResponse, NetworkFault, type Transport } from '../../machine/world.ts';
import { fill } from '../../platform/api/endpoint.ts';
import { failureOf } from '../../platform/api/failure.ts';
import { unreachable } from '../../platform/api/network/unreachable.ts';
import { readReply } from '../../platform/api/send.ts';

const MOST_REDIRECTS = 5;
const API = '/api/v1';
const ENDPOINT = 'GET /backups/{backup}/download';
const FILE = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'dnx' };
const keys = ['url', 'download_url', 'temporary_url', 'link', 'href'];

/** A file to download, and its headers. Its name is not safe to write to. */
export type BackupSource = Awaited<ReturnType<typeof openBackup>>;

/**
 * Opens the download of a backup: the response itself, a redirect, or JSON with a URL. The token is only sent to the API, never
 * to another origin or path.
 */
export async function openBackup({ api, settings, signal, world }: Context, backup: string) {
  let transport: Transport | undefined;
  const close = async () => {
    const opened = transport;
    transport = undefined;
    await opened?.close();
  };

  const root = `${settings.host}${API}`;
  const requestHead = async (url: URL): Promise<HttpResponse> => {
    const path = pathIn(url, root);
    if (path !== undefined) return api.raw('GET', `${path}${url.search}`);
    transport ??= await world.connect(settings.caFile);
    return transport.request({ method: 'GET', url: url.href, headers: FILE, signal });
  };

  let url = new URL(`${root}${fill(ENDPOINT, { backup }).path}`);
  try {
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const response = await requestHead(url);
      const next = await elsewhere(response, url, root);
      if (!next) {
        await refuse(response, url, root);
        const name = proposedName(response.headers['content-disposition']) ?? (hops > 0 ? nameInUrl(url) : undefined);
        if (isCompressed(response, name)) {
          response.discard();
          throw new DnxError('failed', `${url.host} compressed the download, which dnx did not request.`, { hint: 'No file was saved.' });
        }
        return { body: response.file, length: lengthOf(response), name, close };
      }
      url = checked(next, url);
    }
    throw new DnxError('failed', `The download was redirected more than ${MOST_REDIRECTS} times.`);
  } catch (error) {
    await close();
    throw error instanceof NetworkFault ? unreachableStore(error, url, root) : error;
  }
}

const pathIn = ({ origin, pathname }: URL, root: string): string | undefined =>
  `${origin}${pathname}`.startsWith(`${root}/`) ? `${origin}${pathname}`.slice(root.length) : undefined;

const unreachableStore = (fault: NetworkFault, url: URL, root: string): DnxError =>
  pathIn(url, root) === undefined
    ? new DnxError('network', `Could not reach ${url.origin}, which stores the backup: ${fault.message}.`, { cause: fault })
    : unreachable(fault, 'GET', url.origin);

async function elsewhere(response: HttpResponse, from: URL, root: string): Promise<string | undefined> {
  const { status, headers } = response;
  if (status >= 300 && status < 400 && headers.location) {
    response.discard();
    return headers.location;
  }
  if (status >= 300 || !isJson(response)) return undefined;
  const { body } = await readReply(response);
  const found = urlIn(body) ?? (isObject(body) ? urlIn(body.data) : undefined);
  if (found) return found;
  const path = pathIn(from, root);
  throw new DnxError('failed', `The response from ${from.host} contains neither a file nor a URL.`, {
    next: path === undefined ? [] : [{ command: ['api', 'GET', path], why: 'See' }],
  });
}

const isJson = ({ headers }: HttpResponse): boolean =>
  /[/+]json\b/i.test(headers['content-type'] ?? '') && !/^attachment/i.test(headers['content-disposition'] ?? '');

const urlIn = (value: unknown): string | undefined =>
  typeof value === 'string' && URL.canParse(value)
    ? value
    : isObject(value)
      ? (keys.map((key) => value[key]).find((item) => typeof item === 'string') as string | undefined)
      : undefined;

function checked(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new DnxError('failed', `${from.host} links to “${location}”, which is not a URL.`);
  const url = new URL(location, from);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new DnxError('failed', `${from.host} links to ${url.protocol}//${url.host}, which is not encrypted.`);
}

/** Throws unless the response is the complete file, which only a 200 is. */
async function refuse(response: HttpResponse, url: URL, root: string): Promise<void> {
  const { status, headers } = response;
  const page = /^text\/html/i.test(headers['content-type'] ?? '');
  if (status === 200 && !page) return;
  if (status >= 300 && pathIn(url, root) !== undefined) throw failureOf(await readReply(response), ENDPOINT);
  response.discard();
  throw new DnxError('failed', `${url.host} returned ${status === 200 ? 'a web page' : status} instead of the backup.`, {
    hint: status === 200 || status >= 300 ? 'The link may have expired. Try again.' : 'No file was saved.',
  });
}

/** True if the bytes are not the file itself. Some stores announce a .gz file as the encoding of its content, as web servers do. */
function isCompressed({ headers }: HttpResponse, name = ''): boolean {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return false;
  const gzip = /\.t?gz$/i.test(name) || /^application\/(x-)?gzip\b/i.test(headers['content-type'] ?? '');
  return !(gzip && /^(x-)?gzip$/.test(encoding));
}

const lengthOf = ({ headers: { 'content-length': length = '' } }: HttpResponse): number | undefined =>
  /^\d+$/.test(length) ? Number(length) : undefined;

const LONGEST = 200;

const proposedName = (disposition: string | undefined): string | undefined =>
  disposition === undefined ? undefined : parse(disposition).parameters.filename;

function nameInUrl({ pathname }: URL): string | undefined {
  const last = pathname.split('/').at(-1) ?? '';
  return /\.\w/.test(last) ? attempt(() => decodeURIComponent(last)) : undefined;
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

function shortened(name: string): string {
  const [, extensions = ''] = /((?:\.[a-z0-9]{1,8}){0,2})$/i.exec(name) ?? [];
  let stem = name.slice(0, name.length - extensions.length);
  while (Buffer.byteLength(stem) + extensions.length > LONGEST) stem = [...stem].slice(0, -1).join('');
  return `${stem}${extensions}`;
}
