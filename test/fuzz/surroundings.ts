import fc from 'fast-check';
import { value } from './junk.ts';

/** An environment with random values of a few variables. */
export const environment: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 3 },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom(
        'DNX_OUTPUT',
        'DNX_TIMEOUT',
        'DNX_HOST',
        'DNX_SERVER',
        'DNX_SITE',
        'DNX_ENV',
        'DNX_PROFILE',
        'DNX_TOKEN',
        'DNX_DEBUG',
        'DNX_NO_INPUT',
        'NO_PROXY',
        'no_proxy',
        'COLUMNS',
        'TERM',
        'CI',
        'GITHUB_ACTIONS',
        'FORCE_COLOR',
        'SHELL',
        'EDITOR',
        'HOME',
        'TZ',
      ),
      value.filter((word) => !word.includes('\u0000')),
      { minKeys: 1, maxKeys: 2 },
    ),
    weight: 1,
  },
  {
    arbitrary: fc
      .dictionary(
        fc.constantFrom('HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'),
        fc.constantFrom(
          '',
          'x',
          'proxy:3128',
          'http://',
          'http://127.0.0.1:1',
          'socks5://127.0.0.1:1',
          '127.0.0.1:1',
          'http://a b',
          `http://\u001b`,
          'http://u:p%zz@127.0.0.1:1',
          '://',
          'http://127.0.0.1:99999',
        ),
        { minKeys: 1, maxKeys: 1 },
      )
      .map((proxies) => ({ ...proxies })),
    weight: 1,
  },
);

const place = fc.oneof(value, fc.record({ id: fc.oneof(value, fc.nat()), name: value }, { requiredKeys: [] }));
const site = fc.record({ server: place, site: place, confirm: fc.oneof(fc.boolean(), value) }, { requiredKeys: [] });
const names = fc.constantFrom('production', 'staging', '__proto__', 'constructor', '');

/** A link file with environments. */
const link = fc
  .record(
    {
      default: fc.oneof(names, value),
      environments: fc.dictionary(names, fc.oneof({ arbitrary: site, weight: 5 }, value), { maxKeys: 3 }),
    },
    { requiredKeys: ['environments'] },
  )
  .map((content) => ({ 'work/.deploynix.json': JSON.stringify(content) }));

/** The user's files: contents by path. */
export const files: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 4 },
  { arbitrary: link, weight: 1 },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom('config/config.json', 'config/tokens.json', 'cache/names.json', 'state/runs/x.json', 'work/.deploynix.json'),
      fc.oneof(
        fc.constantFrom(
          '',
          '{',
          'null',
          '[]',
          '1',
          '"x"',
          '\ufeff{}',
          '{}',
          '\u0000',
          '{"profiles":null}',
          '{"profiles":{"default":null}}',
          '{"profile":1}',
          '{"accounts":[]}',
          '{"accounts":{"default@x":1}}',
          '{"server":{}}',
          '{"site":["x"]}',
          '{"host":"://"}',
          '{"host":1}',
          '{"profile":"__proto__"}',
          '{"servr":"web-1"}',
          '{"__proto__":{"server":"web-1"}}',
          '['.repeat(6_000),
        ),
        fc
          .dictionary(
            fc.constantFrom('profile', 'profiles', 'accounts', 'host', 'server', 'site', 'output', 'version', '__proto__'),
            fc.oneof(value, fc.jsonValue({ maxDepth: 2 })),
            { maxKeys: 3 },
          )
          .map((value) => JSON.stringify(value)),
      ),
      { minKeys: 1, maxKeys: 2 },
    ),
    weight: 1,
  },
);
