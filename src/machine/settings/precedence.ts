import { isError, usage } from '../../base/errors.ts';

/** Where the value of a setting came from. */
export type Origin = 'option' | 'environment' | 'link file' | 'profile' | 'default';

/** Every setting, in the order of lists. */
export const settingNames = ['profile', 'host', 'environment', 'server', 'site', 'output'] as const;
/** One of them. */
export type SettingName = (typeof settingNames)[number];

/** The values of one setting by origin. An empty value is ignored, but an error as an option. */
type Values = Readonly<Partial<Record<Origin, string | undefined>>>;

/** The settings chosen so far. */
export interface Precedence {
  /** Chooses the value with the highest precedence, and records its origin. */
  choose(name: SettingName, values: Values): string | undefined;
  /** Parses a chosen value. If it is invalid, the hint names its origin, unless that is an option. */
  explain<T>(name: SettingName, read: () => T, reset: string): T;
  readonly origins: Readonly<Partial<Record<SettingName, Origin>>>;
}

const order: readonly Origin[] = ['option', 'environment', 'link file', 'profile', 'default'];

/** Chooses settings: option > environment > link file > profile > default. */
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
        const remedy = origin === 'profile' ? ` Remove it with: dnx config unset ${name} --${name} ${reset}` : '';
        throw error.withHint(`${error.hint ?? ''} It came from the ${origin}.${remedy}`.trim());
      }
    },
  };
}
