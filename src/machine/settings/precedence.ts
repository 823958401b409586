import { isError, usage } from '../../base/errors.ts';

/** Where the value of a setting came from. */
export type Origin = 'option' | 'environment' | 'link file' | 'profile' | 'default';

/** Every setting that can be set, in the order in which they are listed. */
export const settingNames = ['profile', 'host', 'server', 'site', 'output'] as const;
/** One of them. */
export type SettingName = (typeof settingNames)[number];

/** What each place says of one setting. An empty value counts as none, except as an option. */
export type Values = Readonly<Partial<Record<Origin, string | undefined>>>;

/** The settings that have been chosen so far. */
export interface Precedence {
  /** The strongest value of a setting. */
  choose(name: SettingName, values: Values): string | undefined;
  /** Reads a chosen value. Where it is refused, the hint tells its origin, unless it was typed just now. */
  explain<T>(name: SettingName, read: () => T, reset: string): T;
  readonly origins: Readonly<Partial<Record<SettingName, Origin>>>;
}

const order: readonly Origin[] = ['option', 'environment', 'link file', 'profile', 'default'];

/** Option > environment > link file > profile > default. */
export function openPrecedence(): Precedence {
  const origins: Partial<Record<SettingName, Origin>> = {};
  return {
    origins,
    choose(name, values) {
      if (values.option === '') throw usage(`--${name} is empty.`);
      const origin = order.find((each) => values[each] !== undefined && values[each] !== '');
      if (!origin) return undefined;
      origins[name] = origin;
      return values[origin];
    },
    explain(name, read, reset) {
      try {
        return read();
      } catch (error) {
        const origin = origins[name];
        if (!isError(error) || !origin || origin === 'option') throw error;
        const remedy = origin === 'profile' ? ` To forget it: dnx config unset ${name} --${name} ${reset}` : '';
        throw error.withHint(`${error.hint ?? ''} It came from the ${origin}.${remedy}`.trim());
      }
    },
  };
}
