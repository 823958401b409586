import { describe, expect, test } from 'vitest';
import { readShell } from '../../src/features/token/abilities/script.ts';
import { readWorkflow } from '../../src/features/token/abilities/workflow.ts';

const commands = (text: string) => readShell(text).found.map(({ words }) => words.join(' '));
const doubts = (text: string) => readShell(text).unclear.map(({ why }) => why);

describe('dnx commands in a shell script', () => {
  test.each([
    ['dnx deploy shop.example.com --wait', ['deploy shop.example.com --wait']],
    ['deploynix server list && dnx site list --server web-1 | jq .', ['server list', 'site list --server web-1']],
    ['if ! dnx deploy x; then echo no; fi', ['deploy x']],
    ['id=$(dnx server show web-1 -o ids)', ['server show web-1 -o ids']],
    ['id="$(dnx server show web-1 -o ids)"', ['server show web-1 -o ids']],
    ['id=`dnx server show web-1 -o ids`', ['server show web-1 -o ids']],
    ['npx --yes deploynix-cli@1.2.0 deploy x', ['deploy x']],
    ['./node_modules/.bin/dnx deploy x', ['deploy x']],
    ['DNX_SITE=a time dnx deploy', ['deploy']],
    ['timeout 5m dnx deploy x 2>&1 > out.txt', ['deploy x']],
    ['dnx deploy x &> out.txt || dnx watch x >| out.txt', ['deploy x', 'watch x']],
    ['dnx env set \'A=b c\' "D=e"', ['env set A=b c D=e']],
    ['dnx deploy \\\n  shop.example.com \\\n  --wait', ['deploy shop.example.com --wait']],
    ['for s in a b; do dnx deploy "$s"; done', ['deploy $s']],
    ['dnx deploy x # dnx server delete web-1', ['deploy x']],
    ['# dnx server delete web-1', []],
    ['cat <<EOF\ndnx server delete web-1\nEOF\ndnx deploy x', ['deploy x']],
    ['echo dnx deploy x', []],
    ['npm install -g deploynix-cli', []],
    ['command -v dnx', []],
  ])('%s', (text, expected) => {
    expect(commands(text)).toEqual(expected);
    expect(doubts(text)).toEqual([]);
  });

  test.each([
    ['bash -c "dnx deploy x"', 'it is inside a text that bash is given'],
    ['ls | xargs dnx deploy', 'its arguments come from xargs'],
    ["ssh web 'dnx deploy x'", 'it is inside a text that ssh is given'],
    ['watch dnx site show x', 'it comes after watch'],
    ['dnx env set "A=1\nB=2"', 'a quotation goes on over several lines'],
  ])('says that it does not understand: %s', (text, why) => {
    expect(doubts(text)).toEqual([why]);
  });

  test('knows what the script sets, and only that', () => {
    const [first, second] = readShell(
      'SITE=shop.example.com\nexport DNX_SERVER=web-1\ndnx deploy $SITE\nSITE=$(pick)\ndnx deploy $SITE',
    ).found;
    expect(first).toMatchObject({ words: ['deploy', 'shop.example.com'], line: 3, env: { DNX_SERVER: 'web-1' } });
    expect(second?.words).toEqual(['deploy', '$SITE']);
  });
});

describe('dnx commands in a GitHub workflow', () => {
  const workflow = `
on: push
env: { DNX_SERVER: web-1 }
jobs:
  deploy:
    env: { SITE: shop.example.com, DNX_TOKEN: '\${{ secrets.DNX_TOKEN }}' }
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/notify
      - run: |
          npm ci
          npx deploynix-cli deploy $SITE --wait
      - run: dnx env set RELEASE=\${{ github.sha }} --site \${{ vars.OTHER }}
  called:
    uses: ./.github/workflows/other.yml
`;
  test('finds the steps, with what env sets', () => {
    const { found, unclear } = readWorkflow(workflow, 'ci.yml');
    expect(found.map(({ words }) => words)).toEqual([
      ['deploy', 'shop.example.com', '--wait'],
      ['env', 'set', 'RELEASE=$sha', '--site', '$OTHER'],
    ]);
    expect(found[0]?.env).toEqual({ DNX_SERVER: 'web-1', SITE: 'shop.example.com' });
    expect(unclear.map(({ text }) => text)).toEqual(['uses: ./.github/actions/notify', 'uses: ./.github/workflows/other.yml']);
  });

  test('refuses what is not YAML', () => {
    expect(() => readWorkflow('a: [', 'ci.yml')).toThrow('ci.yml is not valid YAML');
  });
});
