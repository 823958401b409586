import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Server, startServer } from '../support/programs.ts';
import type { Pair } from './authority.ts';

/** One port of nginx, which passes requests on to the sandbox. */
interface Front {
  /** Without it, the port speaks plain HTTP. */
  readonly pair?: Pair;
  /** More directives. */
  readonly settings?: string;
}

/** nginx in front of the sandbox. */
export interface Nginx<Name extends string> extends Server {
  /** `https://127.0.0.1:PORT`, by name. */
  readonly urls: Readonly<Record<Name, string>>;
  /** Lines such as `200 gzip GET /api/v1/servers`. */
  readonly log: string;
}

const BROTLI = '/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so';
/** Whether nginx can compress with brotli. */
export const hasBrotli = existsSync(BROTLI);

/** Starts nginx with these ports. */
export async function openNginx<Name extends string>(
  directory: string,
  target: string,
  fronts: Readonly<Record<Name, Front>>,
): Promise<Nginx<Name>> {
  const log = join(directory, 'access.log');
  const ports = new Map<Name, number>();
  for (const name of Object.keys(fronts) as Name[]) ports.set(name, await freePort());
  const servers = (Object.entries(fronts) as [Name, Front][]).map(([name, { pair, settings = '' }]) => {
    const tls = pair ? `ssl_certificate ${pair.certificate}; ssl_certificate_key ${pair.key};` : '';
    const kind = pair ? ' ssl' : '';
    return `server {
    listen 127.0.0.1:${ports.get(name)}${kind}; listen [::1]:${ports.get(name)}${kind};
    ${tls} ${settings}
    location / { proxy_pass ${target}; proxy_http_version 1.1; }
  }`;
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${directory};`);
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `${hasBrotli ? `load_module ${BROTLI};` : ''}
daemon off; master_process off; pid ${join(directory, 'nginx.pid')}; error_log stderr;
events {}
http {
  log_format short '$status $sent_http_content_encoding $request_method $request_uri';
  access_log ${log} short; default_type application/octet-stream;
  ${temporary.join(' ')}
  ${servers.join('\n  ')}
}
`,
  );
  const first = [...ports.values()][0] ?? 0;
  const server = await startServer('nginx', ['-c', file, '-p', directory, '-e', 'stderr'], first);
  const urls = Object.fromEntries([...ports].map(([name, port]) => [name, `${fronts[name].pair ? 'https' : 'http'}://127.0.0.1:${port}`]));
  return { ...server, urls: urls as Record<Name, string>, log };
}
