import { createHash } from 'node:crypto';
import { z } from 'zod';
import { abilities } from '../../base/abilities.ts';
import { issue } from '../auth.ts';
import { crud, listResponse, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Credential, GitProvider, GitRepository, NamedChoice, Size, TokenRow, User } from '../records.ts';
import { createdResponse, gone, invalid, notFoundRefusal, okResponse } from '../response.ts';
import { exists, oneOf, patternRule, textRule, urlRule, verbatim } from '../rules.ts';
import { removeRow } from '../state.ts';

const present = showing<TokenRow>('id', 'name', 'abilities', 'last_used_at', 'created_at');
const presentUser = showing<User>('id', 'name', 'email');
const chosen = { abilities: z.array(z.enum(abilities)).optional() };
const EVERY_ABILITY = ['*'];

/** The user and their tokens. The plain text of a token is sent once, as `token` next to `user` or `data`. */
export const account: SandboxOperation[] = [
  operation(
    'POST /login',
    undefined,
    ({ state, now, input }) => {
      const user = state.users.find(({ email, password }) => email === input.email && password === input.password);
      if (user === undefined) throw invalid({ email: ['These credentials do not match our records.'] });
      const { plain } = issue(state, user, 'API Login', input.abilities ?? EVERY_ABILITY, now);
      return { status: 200, headers: {}, body: { token: plain, user: presentUser(user) } };
    },
    { body: { email: textRule(), password: verbatim(), ...chosen }, open: true, limit: 'login' },
  ),
  operation('POST /logout', undefined, ({ state, current }) => {
    removeRow(state, 'token', current);
    return { status: 200, headers: {}, body: { message: 'Logged out.' } };
  }),
  operation('GET /user', undefined, ({ me }) => okResponse(presentUser(me))),
  operation(
    'GET /tokens',
    undefined,
    (request) => {
      const mine = request.state.tokens.filter((token) => token.user_id === request.me.id);
      return listResponse(request, mine, present);
    },
    { paged: true },
  ),
  operation(
    'POST /tokens',
    undefined,
    ({ state, now, me, input }) => {
      const { token, plain } = issue(state, me, input.name, input.abilities ?? EVERY_ABILITY, now);
      return createdResponse(present(token), { token: plain });
    },
    { body: { name: textRule(), ...chosen }, limit: 'token-creation' },
  ),
  operation('DELETE /tokens/{token}', undefined, ({ state, me }, { token }) => {
    if (token.user_id !== me.id) throw notFoundRefusal('PersonalAccessToken', String(token.id));
    removeRow(state, 'token', token);
    return gone();
  }),
];

const choice = showing<NamedChoice>('id', 'name');
const size = showing<NamedChoice & Partial<Size>>('id', 'name', 'vcpus', 'memory', 'price_monthly', 'currency');

/** Cloud providers, their offers, and the organization's credentials. */
export const providers: SandboxOperation[] = [
  operation('GET /providers', 'provider:read', (request) => listResponse(request, request.state.providers, choice), { paged: true }),
  ...(['regions', 'sizes', 'images'] as const).map((offer) =>
    operation(
      `GET /providers/{provider}/${offer}`,
      'provider:read',
      (request, { provider }) => listResponse<NamedChoice>(request, provider[offer], offer === 'sizes' ? size : choice),
      { paged: true },
    ),
  ),
  ...crud({
    noun: 'credential',
    path: '/providers/credentials',
    ability: 'provider',
    verbs: ['list', 'create', 'delete'],
    present: showing<Credential>('id', 'provider', 'name', 'created_at'),
    fields: { provider: textRule(), name: textRule(), token: verbatim() },
    check: ({ provider }, { request }) =>
      exists(
        request.state.providers.some((row) => row.id === provider),
        'provider',
      ),
  }),
];

const names: Record<string, string> = { github: 'GitHub', gitlab: 'GitLab', bitbucket: 'Bitbucket', custom: 'Custom' };

/** Connections to Git hosts, and repositories. */
export const gitConnections: SandboxOperation[] = [
  ...crud({
    noun: 'git_provider',
    path: '/git-providers',
    ability: 'provider',
    present: showing<GitProvider>('id', 'provider', 'name', 'url', 'created_at'),
    fields: {
      provider: oneOf('github', 'gitlab', 'bitbucket', 'custom'),
      name: textRule().optional(),
      token: verbatim(),
      url: urlRule().nullish(),
    },
    changeable: ['name', 'token'],
    fresh: ({ provider }) => ({ name: names[provider] ?? provider, url: null }),
  }),
  ...crud({
    noun: 'git_repository',
    path: '/git-repositories',
    ability: 'provider',
    present: showing<GitRepository>('id', 'git_provider_id', 'name', 'auto_deploy_enabled', 'deploy_key', 'created_at'),
    fields: { git_provider_id: textRule(), name: patternRule(/^[\w.-]+(\/[\w.-]+)+$/) },
    changeable: ['name'],
    fresh: () => ({ auto_deploy_enabled: false, deploy_key: null }),
    check: ({ git_provider_id: id }, { request }) =>
      exists(id === undefined || request.state.git_providers.some((provider) => provider.id === id), 'git_provider_id'),
    actions: {
      'setup-deploy-key': ['Deploy key set up.', ({ id, deploy_key }) => ({ deploy_key: deploy_key ?? deployKey(id) })],
      'enable-auto-deploy': ['Auto-deploy enabled.', () => ({ auto_deploy_enabled: true })],
      'disable-auto-deploy': ['Auto-deploy disabled.', () => ({ auto_deploy_enabled: false })],
    },
  }),
];

/** A realistic public key that no private key belongs to. */
export function deployKey(repositoryId: string): string {
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const key = Buffer.concat([part(Buffer.from('ssh-ed25519')), part(createHash('sha256').update(repositoryId).digest())]);
  return `ssh-ed25519 ${key.toString('base64')} deploynix`;
}
