import { DnxError } from '../base/errors.ts';
import { type Context, command, group } from '../cli/language/command.ts';
import { argument, choice, required, text } from '../cli/language/options.ts';
import { listOf, nullable, objectOf, oneOf, type Printed, type Shape, word } from '../cli/language/shape.ts';
import { columns, done, textView as plain, rows } from '../cli/output/view.ts';
import { hostOf, originNames, type SettingName, settingNames } from '../machine/settings/host.ts';
import { linkOrigin } from '../machine/settings/link.ts';
import { formatOf } from '../machine/settings/settings.ts';

const keys = ['host', 'server', 'site', 'output'] as const;
type Key = (typeof keys)[number];

/** A setting in effect. `file`, `directory`: the link file, or the directory of the profile, that it comes from. */
const shownSetting = objectOf(
  { key: word as Shape<SettingName | 'read_only'>, value: nullable(word), origin: nullable(oneOf(...originNames)) },
  { file: word, directory: word },
);
type Setting = Printed<typeof shownSetting>;
const setting = objectOf({ profile: word, key: word, value: nullable(word) });

const key = argument(required(choice('Setting', keys)));

/** The settings in effect, and where each comes from. */
function settingsOf({ settings }: Pick<Context, 'settings'>): Setting[] {
  const { profile, directory, host, server, site, format, origins, link, readOnly } = settings;
  const environment = link?.chosen?.name || settings.environment;
  const values: Readonly<Record<SettingName, string | undefined>> = { profile, host, environment, server, site, output: format };
  const chosen = settingNames.map((name) => ({
    key: name,
    value: values[name] ?? null,
    origin: origins[name] ?? null,
    ...(link && origins[name] === 'link file' && { file: link.file }),
    ...(directory && name === 'profile' && { directory }),
  }));
  return readOnly ? [...chosen, { key: 'read_only', value: 'true', origin: 'environment' }] : chosen;
}

/** Where a setting comes from, for people. */
const from = ({ settings: { link } }: Pick<Context, 'settings'>) => ({
  key: 'origin' as const,
  title: 'From',
  cell: ({ origin, directory }: Setting) => (link && origin === 'link file' ? linkOrigin(link) : (directory ?? origin)),
});

async function change(
  ctx: Pick<Context, 'settings' | 'clock' | 'signal' | 'progress'>,
  name: Key,
  value: string | undefined,
): Promise<void> {
  const { profile, directories, blocked } = ctx.settings;
  const { editConfig, repairConfig } = await import('../machine/settings/config-file.ts');
  if (blocked.storing) {
    const broken = await repairConfig(directories.config, ctx);
    if (broken) ctx.progress.warn(`Repaired the settings and dropped what could not be read. The broken file was kept as ${broken}.`);
  }
  await editConfig(directories.config, ctx, (config) => {
    const { [name]: _, ...others } = config.profiles?.[profile] ?? {};
    return { ...config, profiles: { ...config.profiles, [profile]: value === undefined ? others : { ...others, [name]: value } } };
  });
}

const checked = (name: Key, value: string): string => (name === 'host' ? hostOf(value) : name === 'output' ? formatOf(value) : value);

export default group({
  name: 'config',
  commands: [
    command({
      name: 'list',
      effect: 'read',
      aliases: ['ls'],
      summary: 'List the settings in effect',
      prints: () => listOf(shownSetting),
      examples: ['list', 'list --profile work --json'],
      run: async (ctx) => ({
        view: rows(settingsOf(ctx), columns<Setting>('key', { key: 'value', wrap: true }, from(ctx)), ''),
        ...(ctx.settings.unplaced && { note: ctx.settings.unplaced.message }),
      }),
    }),
    command({
      name: 'get',
      effect: 'read',
      summary: 'Print a setting',
      options: { key: argument(required(choice('Setting', settingNames))) },
      prints: () => shownSetting,
      examples: ['get host'],
      async run(ctx, { options: { key } }) {
        const found = settingsOf(ctx).find((setting) => setting.key === key);
        if (ctx.settings.unplaced && (key === 'server' || key === 'site')) throw ctx.settings.unplaced;
        if (!found || found.value === null)
          throw new DnxError('not_found', `${key} is not set.`, {
            next: [{ command: key === 'environment' ? ['link'] : ['config', 'set', key, '…'], why: 'Set it with' }],
          });
        return plain(found.value, found);
      },
    }),
    command({
      name: 'set',
      reach: 'outlasts',
      summary: 'Save a setting in the profile',
      effect: 'local',
      options: { key, value: argument(required(text('New value'))) },
      prints: () => setting,
      examples: ['set server web-1', 'set output json --profile work'],
      async run(ctx, { options: { key, value } }) {
        const kept = checked(key, value);
        await change(ctx, key, kept);
        const { origins, profile } = ctx.settings;
        const stronger = origins[key];
        if (stronger === 'environment' || stronger === 'link file')
          ctx.progress.warn(`The ${stronger} also sets ${key} and overrides the profile.`);
        return done(`Set ${key} to ${kept} (profile ${profile})`, { profile, key, value: kept });
      },
    }),
    command({
      name: 'unset',
      reach: 'outlasts',
      summary: 'Remove a setting from the profile',
      effect: 'local',
      options: { key },
      prints: () => setting,
      examples: ['unset server'],
      async run(ctx, { options: { key } }) {
        await change(ctx, key, undefined);
        const { profile } = ctx.settings;
        return done(`Removed ${key} (profile ${profile})`, { profile, key, value: null });
      },
    }),
    command({
      name: 'profiles',
      effect: 'read',
      summary: 'List profiles',
      prints: async () => listOf((await import('../features/auth/profiles.ts')).listedProfile),
      examples: ['profiles', 'profiles --json'],
      run: async (ctx) => (await import('../features/auth/profiles.ts')).listProfiles(ctx),
    }),
    command({
      name: 'delete-profile',
      reach: 'account',
      summary: 'Delete a profile and revoke its token',
      calls: 'POST /logout',
      signs: true,
      consent: async (ctx, { options: { profile_name } }) =>
        (await import('../features/auth/profiles.ts')).deleteConsent(ctx, profile_name),
      options: { profile_name: argument(required(text('Profile name', 'profile'))) },
      prints: () => objectOf({ profile: word, deleted: oneOf(true) }),
      examples: ['delete-profile work --yes'],
      run: async (ctx, { options: { profile_name } }) => (await import('../features/auth/profiles.ts')).deleteProfile(ctx, profile_name),
    }),
  ],
});
