const ULID = /"([0-7][0-9A-HJKMNP-TV-Z]{25})"/g;
const FIRST = 1_000;

/** Numeric ids for a platform that has them, in ascending order. */
export interface Numbers {
  /** JSON with numeric ids. */
  into(json: string): string;
  /** The id for a number; other values stay unchanged. */
  idOf(number: string): string;
}

/** Creates an empty mapping. */
export function openNumbers(): Numbers {
  const ids: string[] = [];
  return {
    into(json) {
      const found = [...json.matchAll(ULID)].map(([, id = '']) => id);
      ids.push(...[...new Set(found)].filter((id) => !ids.includes(id)).sort());
      return json.replace(ULID, (_, id: string) => String(FIRST + ids.indexOf(id)));
    },
    idOf: (number) => (/^\d{4,}$/.test(number) ? ids[Number(number) - FIRST] : undefined) ?? number,
  };
}
