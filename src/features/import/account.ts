/** What a thing of another platform is. Kinds that a state file has keep its words. */
export type ThingKind =
  | 'server'
  | 'site'
  | 'variable'
  | 'repository'
  | 'queue'
  | 'daemon'
  | 'crontab'
  | 'database'
  | 'database_user'
  | 'network_rule'
  | 'ssh_key'
  | 'redirect'
  | 'certificate'
  | 'other';

/** The fields of a thing: text of at most 64 kB, numbers, flags, and lists of text. Never a secret of the platform. */
export type Fields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** One thing of an account, read from its platform. Exactly one of these stands for each resource that the platform lists. */
export interface Thing {
  readonly kind: ThingKind;
  /** What the platform calls it: 'nginx template', 'security rule'. */
  readonly noun: string;
  /** Its name there: a domain, a command, a key. As the platform has it, so it may hold anything but is at most 4 kB. */
  readonly name: string;
  /** The name of its server, if it has one. Of two servers with one name, the second is `NAME (ID)`. */
  readonly server?: string;
  /** The domain of its site, if it has one. */
  readonly site?: string;
  /** Its fields, in the words of a state file where there are such. Values of variables are not here. */
  readonly fields: Fields;
}

/** What could not be read, and why: a list that the token may not read or the platform failed to give, or one thing that makes no sense. */
export interface Unread {
  readonly what: string;
  readonly server?: string;
  readonly site?: string;
  readonly why: string;
  /** What the token lacks, where the platform documents it. */
  readonly scope?: string;
}

/** An account of another platform, as `dnx import` reads it. */
export interface Account {
  readonly platform: 'Forge' | 'Ploi';
  readonly name: string;
  readonly things: readonly Thing[];
  readonly unread: readonly Unread[];
  /** The text of the environment file of each site, by `server/domain`. */
  readonly environments: ReadonlyMap<string, string>;
  /** What is never read of an account, a sentence each: history, and what the platform does not give. */
  readonly outside: readonly string[];
}
