import type { JsonObject } from '../../base/json.ts';
import { timeOf } from '../../base/time.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import { type Located, sameDomain, type Target } from '../../platform/names/names.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/steps.ts';
import type { PreviewOwner } from './names.ts';

/** A project whose branches have previews: what its default branch says, and what Deploynix has. */
export interface PreviewProject {
  readonly owner: PreviewOwner;
  readonly settings: PreviewSettings;
  /** The base site, which previews are like, by its names. */
  readonly base: Located;
  /** The base site as Deploynix shows it. */
  readonly site: JsonObject;
  /** At Deploynix. */
  readonly repository: Target;
  readonly remote: string;
  readonly defaultBranch: string;
  /** The commit whose link file counts. */
  readonly commit: string;
  /** The servers that may have previews. */
  readonly servers: readonly Target[];
  /** True for a site that a link file names, by its id or domain. */
  readonly isLinked: (place: Located) => boolean;
  /** The branches of the remote with their commits, read from it within the last minute. Throws if it cannot be read or lacks the branch of the base site. */
  readonly heads: () => Promise<ReadonlyMap<string, string>>;
}

/** What DNX_PREVIEW at a preview says. `hidden`: the API does not show it. */
export type PreviewRecord = 'none' | 'hidden' | { readonly deadline: number; readonly isSeeded: boolean };

/** A site that is certainly a preview of the project. */
export interface Preview {
  readonly branch: string;
  readonly mark: string;
  readonly place: Located;
  readonly site: JsonObject;
  readonly record: PreviewRecord;
  /** When it may be removed although its branch is there, in ms since 1970; undefined if nothing tells. */
  readonly deadline: number | undefined;
  /** In ms since 1970; undefined if the API does not show it. */
  readonly createdAt: number | undefined;
}

/** A database that is certainly of a preview of the project, whose site may be there or not. */
export interface PreviewDatabase {
  readonly mark: string;
  readonly server: Target;
  readonly database: Target;
  readonly createdAt: number | undefined;
}

/** Something that is like a preview, and is left alone. */
export interface Lookalike {
  readonly kind: 'site' | 'database';
  readonly server: Target;
  readonly target: Target;
  /** `its branch is main, not feature/x` */
  readonly why: string;
}

/** What the servers of previews have. */
export interface FoundPreviews {
  readonly previews: readonly Preview[];
  readonly databases: readonly PreviewDatabase[];
  readonly lookalikes: readonly Lookalike[];
}

/** The variable of a preview that says whose it is and until when it stays. */
export const RECORD = 'DNX_PREVIEW';

/** The last moment that is written with four digits for the year. */
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** A deadline as text: `2026-12-04T10:00:00Z`. */
export const deadlineText = (deadline: number): string => new Date(Math.min(deadline, LAST_MS)).toISOString().replace(/\.\d+Z$/, 'Z');

/** The value of that variable: `shop.example.com/2026-12-04T10:00:00Z/seeded`. */
export const recordValue = ({ base }: PreviewOwner, { deadline, isSeeded }: Exclude<PreviewRecord, string>): string =>
  `${base}/${deadlineText(deadline)}${isSeeded ? '/seeded' : ''}`;

/** What DNX_PREVIEW says, and the domain of the site that the preview is like. */
type Said = Exclude<PreviewRecord, string> & { readonly base: string };

/** What the variables of a site say of a preview, whatever that is like. Undefined if it is not the same everywhere, or says nothing. */
export function saidIn(variables: readonly JsonObject[]): Extract<PreviewRecord, string> | Said | undefined {
  const [value, ...others] = variables.filter(({ key }) => key === RECORD).map((variable) => remoteSide([variable]).get(RECORD));
  if (value === undefined) return 'none';
  if (others.some((other) => other !== value)) return undefined;
  return value === UNKNOWN ? 'hidden' : parsed(value);
}

/** What the variables of a site say. Undefined if that is not of a preview of this owner, or not the same everywhere. */
export function recordIn(variables: readonly JsonObject[], owner: PreviewOwner): PreviewRecord | undefined {
  const said = saidIn(variables);
  if (said === undefined || typeof said === 'string') return said;
  const { base, ...record } = said;
  return sameDomain(base, owner.base) ? record : undefined;
}

const VALUE = /^([^/\s]+)\/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(\/seeded)?$/;

function parsed(value: string): Said | undefined {
  const [, base = '', time, seeded] = VALUE.exec(value) ?? [];
  const deadline = timeOf(time);
  return deadline === undefined ? undefined : { base, deadline, isSeeded: seeded !== undefined };
}
