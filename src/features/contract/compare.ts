import { accessDifferences, namesAbilities } from './access.ts';
import type { Described } from './described.ts';
import type { Finding } from './finding.ts';
import { type Difference, grouped } from './groups.ts';
import type { KnownEndpoint } from './known.ts';
import { collectionsIn, operationsApart, otherPrefix } from './operations.ts';
import { pattern, placed } from './paths.ts';
import { answerDifferences } from './received.ts';
import { bodyDifferences, parameterDifferences } from './sent.ts';

/** Compares a document with what dnx knows. Assumptions come first. */
export function compare(operations: readonly Described[], endpoints: readonly KnownEndpoint[]): readonly Difference[] {
  const { all, prefix } = placed(operations, endpoints);
  const described = new Map(all.map((each) => [each.key, each.described]));
  const named = namesAbilities(operations);
  const findings = endpoints.flatMap((endpoint): Finding[] => {
    const there = described.get(pattern(endpoint.endpoint));
    if (!there) return [];
    return [
      ...(there.deprecated ? [deprecated(endpoint)] : []),
      ...parameterDifferences(endpoint, there),
      ...bodyDifferences(endpoint, there),
      ...answerDifferences(endpoint, there),
      ...accessDifferences(endpoint, there, named),
    ];
  });
  const collections = collectionsIn([...endpoints.map(({ endpoint }) => endpoint), ...all.map(({ operation }) => operation)]);
  return grouped([...otherPrefix(prefix), ...operationsApart(all, endpoints), ...findings], collections);
}

const deprecated = ({ endpoint, commands }: KnownEndpoint): Finding => ({
  basis: 'stated',
  kind: 'deprecated',
  operation: endpoint,
  name: null,
  text: 'deprecated in the document',
  commands,
});
