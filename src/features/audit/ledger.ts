import type { Next } from '../../base/errors.ts';
import { namesIn, type Place, type Risk, type Unchecked } from './finding.ts';
import type { RuleId } from './rules.ts';

/** Why a check could not be made. */
export interface Obstacle {
  readonly reason: string;
  readonly fix?: Next['command'] | undefined;
  /** True if there is nothing to check yet. */
  readonly pending?: boolean;
}

/** A rule that was checked at a place, by name. */
export interface Checked {
  readonly rule: RuleId;
  readonly server: string | null;
  readonly site: string | null;
}

/** Collects what the checks find, and what they covered. */
export interface Ledger {
  risk(risk: Risk): void;
  /** What is a finding for every token but the one in use: that token itself. */
  spare(risk: Risk): void;
  /** A rule was checked at a place, whatever was found. */
  checked(place: Place, ...rules: readonly RuleId[]): void;
  unchecked(place: Place, rules: readonly RuleId[], obstacle: Obstacle): void;
  readonly risks: readonly Risk[];
  readonly spared: readonly Risk[];
  covered(): readonly Checked[];
  /** The checks that could not be made, one for each rule and reason. */
  gaps(): readonly Unchecked[];
}

/** A new ledger. */
export function openLedger(): Ledger {
  const risks: Risk[] = [];
  const spared: Risk[] = [];
  const covered = new Map<string, Checked>();
  const gaps = new Map<string, Unchecked>();
  return {
    risks,
    spared,
    spare: (risk) => void spared.push(risk),
    risk: (risk) => void risks.push(risk),
    checked(place, ...rules) {
      for (const rule of rules) {
        const names = namesIn(place);
        covered.set(JSON.stringify([rule, names.server, names.site]), { rule, ...names });
      }
    },
    unchecked(place, rules, { reason, fix, pending = false }) {
      for (const rule of rules) {
        const key = JSON.stringify([rule, reason]);
        const before = gaps.get(key);
        gaps.set(key, { rule, reason, fix, pending, places: [...(before?.places ?? []), place] });
      }
    },
    covered: () => [...covered.values()],
    gaps: () => [...gaps.values()],
  };
}
