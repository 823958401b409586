import { isObject } from '../api/reply.ts';
import type { Source } from '../auth/tokens.ts';
import type { Context } from '../context.ts';
import { columns, record, type View } from '../output/view.ts';

interface Status {
  readonly profile: string;
  readonly host: string;
  readonly user: string | null;
  readonly source: Source;
}

/** Where this profile is signed in, as whom, and where its token comes from. */
export async function signedIn({ api, tokens, settings }: Pick<Context, 'api' | 'tokens' | 'settings'>): Promise<View> {
  await tokens.token();
  const found = await tokens.find();
  const { data } = await api.send('GET /user');
  const status: Status = {
    profile: settings.profile,
    host: settings.host,
    user: isObject(data) ? String(data.email ?? data.name ?? '') : null,
    source: found?.source ?? 'keychain',
  };
  return record(status, columns<Status>('profile', 'host', 'user', { key: 'source', title: 'Token from' }));
}
