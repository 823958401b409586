import { isError, isStop } from '../../base/errors.ts';
import { DAY } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { type HttpResponse, NetworkFault, type ServerCertificate, type Transport } from '../../machine/world.ts';
import { transportUntil } from '../../platform/api/deadline.ts';
import { siteUrl } from '../../platform/names/names.ts';

/** How a site answered at one of its servers. `tls`: why it did not over https, after which it was requested over http. */
export interface SiteAnswer {
  readonly status: number;
  readonly location: string | null;
  /** Of an HTML page. */
  readonly title: string | undefined;
  readonly certificate: ServerCertificate | undefined;
  readonly tls: string | undefined;
}

/** How long a site may take to answer, in ms. */
const LIMIT_MS = 10_000;

/** Requests a page of a site at an address, without following a redirect. Resolves to why there was no answer, if there was none. */
export async function requestAt(ctx: Context, domain: string, address: string, path: string): Promise<SiteAnswer | string> {
  const transport = await ctx.world.connect(ctx.settings.caFile);
  try {
    const secure = await requestOnce(ctx, transport, urlOf(domain, 'https', path), address);
    if (typeof secure !== 'string') return { ...secure, tls: undefined };
    const plain = await requestOnce(ctx, transport, urlOf(domain, 'http', path), address);
    return typeof plain === 'string' ? secure : { ...plain, tls: secure };
  } finally {
    await transport.close();
  }
}

/** Undefined for a site that has no URL, such as a wildcard. */
const urlOf = (domain: string, scheme: 'https' | 'http', path: string): string | undefined => {
  const base = siteUrl(domain, scheme);
  return base && new URL(`./${path.replace(/^\/+/, '')}`, base).href;
};

async function requestOnce({ clock, signal }: Context, transport: Transport, url: string | undefined, at: string) {
  if (url === undefined) return 'its domain is not a host name';
  const timed = transportUntil(transport, clock, clock.elapsed() + LIMIT_MS);
  try {
    const response = await timed.request({ method: 'GET', url, at, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    const title = await titleOf(response).finally(response.discard);
    const { status, headers, certificate } = response;
    const { location } = headers;
    const to = location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : location;
    return { status, certificate, title, location: to ?? null };
  } catch (error) {
    if (error instanceof NetworkFault) return error.message;
    if (isError(error, 'timed_out') && !isStop(error)) return `no answer in ${LIMIT_MS / 1_000}s`;
    throw error;
  }
}

/** How much of a page is read, in bytes, and how much of its title is shown. */
const MOST_READ = 65_536;
const LONGEST_TITLE = 80;

async function titleOf({ body }: HttpResponse): Promise<string | undefined> {
  let page = Buffer.alloc(0);
  for await (const chunk of body) {
    page = Buffer.concat([page, chunk]);
    if (page.length > MOST_READ) break;
  }
  return /<title\b[^>]{0,100}>\s*([^<]*)/i.exec(page.toString())?.[1]?.trim().slice(0, LONGEST_TITLE);
}

/** `200`, `301 to https://www.example.com/`, `200 over http`. */
export const answerWords = ({ status, location, tls }: SiteAnswer): string =>
  [status, ...(location === null ? [] : [`to ${location}`]), ...(tls === undefined ? [] : ['over http'])].join(' ');

/** What makes two certificates equal: both are valid for the site, or have the same problem. */
export const certificateProblem = ({ certificate, tls }: SiteAnswer): string | null =>
  certificate ? certificate.problem : (tls ?? 'no certificate');

/** The domain with or without `www.`, if the old certificate is valid for it and the new one is not. */
export function lostName(domain: string, [old, now]: readonly SiteAnswer[]): readonly string[] {
  const twin = domain.startsWith('www.') ? domain.slice(4) : `www.${domain}`;
  const isValid = ({ certificate }: SiteAnswer) =>
    certificate?.problem === null && certificate.names.some((name) => [twin, twin.replace(/^[^.]+/, '*')].includes(name));
  return old && now && isValid(old) && !isValid(now) ? [twin] : [];
}

/** How many names of a certificate are shown. */
const NAMES = 3;

/** `Let's Encrypt, 62d left`, or what is wrong with it. */
export function certificateWords(answer: SiteAnswer, now: number): string {
  const { certificate } = answer;
  const problem = certificateProblem(answer);
  if (!certificate) return `none: ${problem}`;
  const { names, issuer, expiresAt } = certificate;
  const wrong = problem === null ? [] : [problem, `for ${names.slice(0, NAMES).join(', ')}${names.length > NAMES ? ', …' : ''}`];
  const left = expiresAt === undefined ? '' : `${Math.floor((expiresAt - now) / DAY)}d left`;
  return [...wrong, issuer, left].filter(Boolean).join(', ');
}
