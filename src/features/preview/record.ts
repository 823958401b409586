import type { JsonObject } from '../../base/json.ts';
import { timeOf } from '../../base/time.ts';
import { sameDomain } from '../../platform/names/names.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/steps.ts';
import type { PreviewRecord } from './model.ts';
import type { PreviewOwner } from './names.ts';

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
