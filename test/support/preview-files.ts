import { previewSettings } from './preview-bed.ts';

/** What the `preview` of a link file may be, beside its server and domain. */
export const rightPreviews: readonly object[] = [
  {},
  { $note: 'x', site: 'production', server: ['previews-1', 'web-1'], domain: '{branch}.Preview.example.co.uk' },
  { site: 'shop.example.com', ttl: '12h', database: 'none', certificate: 'none', seed: 'db:seed --class=Preview', verify: '/up?x=1' },
  { ttl: '1h', copy: ['STRIPE_TEST_KEY', 'MIX_key'], set: { MAIL_FROM_ADDRESS: 'x@y', A_SECRET: 'env://PREVIEW_A', ON: true, COUNT: 3 } },
  { set: { URL: 'https://example.com/', EMPTY: '', TWO: 'a\nb' }, copy: [] },
];

const file = 'file://secrets';

/** What it may not be, by the key that is wrong. */
export const wrongPreviews: readonly (readonly [key: string, preview: object])[] = [
  ...[undefined, '', ' ', 7, [], ['a', 'a'], [7], {}, 'a\nb', '\u001b[2J', Array.from({ length: 21 }, (_, at) => `s${at}`)].map(
    (server) => ['server', { server }] as const,
  ),
  ...[
    ...[undefined, '', '{branch}', '{branch}.com', 'preview.example.com', 'x-{branch}.example.com', '{branch}-x.example.com'],
    ...['{branch}.{branch}.example.com', 'a.{branch}.example.com', '{BRANCH}.example.com', '*.example.com', '{branch}.example.com/x'],
    ...['{branch}..example.com', '{branch}.-a.example.com', '{branch}.ü.example.com', '{branch}.example.com ', ['{branch}.a.com']],
    ...[`{branch}.${'a'.repeat(64)}.com`, `{branch}.${'a.'.repeat(100)}com`, '{branch}.example.com\n'],
  ].map((domain) => ['domain', { domain }] as const),
  ...[3, '3 days', '', '-1d', '1w', null].map((ttl) => ['ttl', { ttl }] as const),
  ...['production', 'shared', true, null].map((database) => ['database', { database }] as const),
  ...['custom', true].map((certificate) => ['certificate', { certificate }] as const),
  ...['', 7, 'db:seed\nmigrate:fresh', ['db:seed']].map((seed) => ['seed', { seed }] as const),
  ...['up', '//evil.example.com', '/a b', 'https://evil.example.com/', 7].map((verify) => ['verify', { verify }] as const),
  ...['', 7, {}, 'a\u202eb'].map((site) => ['site', { site }] as const),
  ...['APP_KEY', 'app_key', 'DNX_PREVIEW', 'DB_PASSWORD', 'DB_READ_HOST', 'DATABASE_URL', '1X', 'A B', '', 7, 'A=B', 'A\nB'].map(
    (key) => ['copy', { copy: [key] }] as const,
  ),
  ...['STRIPE', { STRIPE: true }, ['A', 'A']].map((copy) => ['copy', { copy }] as const),
  ...['APP_KEY', 'DNX_PREVIEW', 'DB_HOST', 'Db_Host', 'DATABASE_URL', '', 'A B', 'A\nB'].map(
    (key) => ['set', { set: { [key]: 'x' } }] as const,
  ),
  ...[file, 'op://vault/item/field', 'FILE://x', 'dotenv://.env#X', 'state://x', 'env://', 'env://A B', 'env://A/../B', 'ENV://A'].map(
    (value) => ['set', { set: { A: value } }] as const,
  ),
  ...[null, {}, ['x'], 'a\0b'].map((value) => ['set', { set: { A: value } }] as const),
  ...[[], 'A=B'].map((set) => ['set', { set }] as const),
];

/** Those that only the reader refuses: a schema does not know how long a time is. */
export const wrongTimes: readonly string[] = ['3', '0h', '59m', '366d', '1ms', '99999999999999999999d'];

/** A link file with this `preview`. */
export const withPreview = (preview: object): object => ({ site: 'shop.example.com', preview: { ...previewSettings, ...preview } });
