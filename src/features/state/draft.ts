import type { JsonObject } from '../../base/json.ts';
import { createdId, type RecordedChange } from '../../cli/plan/record.ts';
import { callOf, kindOf } from '../../platform/kinds.ts';
import { domainKey, type Targets } from '../../platform/names/names.ts';
import type { Row } from './model.ts';

/** Something that a plan leaves as it is. `stuck`: the API has answered something else to it before. */
export interface LeftRow {
  readonly row: Row;
  readonly why: 'must_exist' | 'fixed' | 'extra' | 'hidden' | 'stuck';
  readonly fields: readonly string[];
}

/** A change of a state file. */
export interface StateChange extends Omit<RecordedChange, 'about'> {
  /** Its targets. */
  readonly place: Targets;
  readonly row?: Row;
  /** What its response should show. */
  readonly shown?: JsonObject;
  /** Of a deployment: one that is in progress does. */
  readonly joins?: boolean;
}

/** What a state file changes, in order. */
export interface StatePlan {
  readonly changes: readonly (StateChange & RecordedChange)[];
  readonly left: readonly LeftRow[];
  /** The sites whose changes take effect with their next deployment, and which are not deployed. */
  readonly undeployed: readonly Targets[];
  /** What stands for a secret in a saved plan. */
  readonly sources: ReadonlyMap<string, string>;
}

export type Ids = Readonly<Record<string, string>>;

/** A plan that is being made. */
export type Draft = ReturnType<typeof openDraft>;

/** Opens an empty plan, which collects changes in order. */
export function openDraft() {
  const changes: (StateChange & RecordedChange)[] = [];
  const left: LeftRow[] = [];
  const sources = new Map<string, string>();
  /** The numbers of the changes that create something. */
  const creators = new Map<string, number>();
  const touched = new Map<string, { readonly place: Targets; readonly joins: boolean }>();
  /** The ids of a place. What a change of this plan creates has its number. */
  const idsOf = (place: Targets): Ids => {
    let ids: Ids = {};
    for (const [noun, { id, label }] of Object.entries(place))
      ids = { ...ids, [noun]: id === '' ? createdId(creators.get(creatorKey(noun, ids, label)) ?? 0) : id };
    return ids;
  };
  const add = (change: StateChange): number => changes.push({ ...change, about: [] });
  return {
    idsOf,
    add,
    /** Turns switches on or off. */
    act(row: Row, place: Targets, switched: JsonObject): void {
      const { kind, item: before = {} } = row;
      for (const [field, value] of Object.entries(switched)) {
        const { on, off } = kindOf(kind).switches?.[field] ?? { on: '' };
        const call = callOf('POST', kind, `/${value ? on : off}`);
        add({ call, ids: idsOf(place), body: undefined, before, place, row, shown: { [field]: value } });
      }
    },
    /** Remembers which change creates something. */
    creates: (noun: string, parents: Ids, name: string, number: number) => creators.set(creatorKey(noun, parents, name), number),
    /** The number of the change that creates something of the account. */
    creatorOf: (noun: string, name: string) => creators.get(creatorKey(noun, {}, name)),
    leave: (row: LeftRow['row'], why: LeftRow['why'], fields: readonly string[] = []) => void left.push({ row, why, fields }),
    source: (value: unknown, reference: string) => void sources.set(String(value), reference),
    /** Remembers a site that has to be deployed. `isRunning`: the deployment in progress is enough. */
    touch({ server, site }: Targets, isRunning = false): void {
      if (!server || !site) return;
      const key = `${server.id} ${domainKey(site.label)}`;
      touched.set(key, { place: { server, site }, joins: isRunning && touched.get(key)?.joins !== false });
    },
    finish(deploys: boolean): StatePlan {
      // Without a variable that must exist, the site might not run.
      const lacking = left
        .filter(({ row, why }) => row.kind === 'variable' && why === 'must_exist')
        .map(({ row }) => row.place.site?.label);
      const undeployed: Targets[] = [];
      for (const { place, joins } of touched.values())
        if (!deploys || lacking.includes(place.site?.label)) undeployed.push(place);
        else add({ call: DEPLOY, ids: idsOf(place), body: undefined, before: undefined, place, joins });
      return { changes, left, undeployed, sources };
    },
  };
}

const DEPLOY = 'POST /servers/{server}/sites/{site}/deploy';

const creatorKey = (noun: string, parents: Ids, name: string): string =>
  [noun, ...Object.values(parents), noun === 'site' ? domainKey(name) : name].join(' ');
