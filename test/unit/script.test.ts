// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are the shell's
import { describe, expect, test } from 'vitest';
import { readShell } from '../../src/features/token/abilities/script.ts';
import { readWorkflow } from '../../src/features/token/abilities/workflow.ts';
import { computed } from '../support/computed.ts';

const commands = (text: string) => readShell(text).found.map(({ words }) => words.join(' '));
const doubts = (text: string) => readShell(text).unclear.map(({ why }) => why);

describe('readShell', () => {
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
    ['dnx deploy <<< x\ndnx watch x', ['deploy', 'watch x']],
    ['echo $((1 << SHIFT))\ndnx deploy x', ['deploy x']],
    ['dnx deploy \\', ['deploy']],
    ['dnx deploy ${SITE:?no site given} --wait', ['deploy $SITE --wait']],
    ['dnx deploy "${SITE:-shop.example.com}"', ['deploy $SITE']],
    ['dnx deploy ${SITE:?"one } brace"} --wait', ['deploy $SITE --wait']],
    ['dnx deploy ${1:-${2}} ${}', ['deploy $1 $expression']],
    ['dnx deploy ${SITES[@]} ${SITE%%.*}', ['deploy $SITES $SITE']],
    ['dnx deploy ${{ vars.SITE }} $[[ inputs.flags ]]', ['deploy $SITE $flags']],
    ["dnx env set A='${B:-c d}'", ['env set A=${B:-c d}']],
    ['dnx deploy $constructor ${toString}', ['deploy $constructor $toString']],
    ['cat <<EOF\ndnx server delete web-1\nEOF\ndnx deploy x', ['deploy x']],
    ['echo dnx deploy x', []],
    ['npm install -g deploynix-cli', []],
    ['command -v dnx', []],
  ])('finds the commands in: %s', (text, expected) => {
    expect(commands(text)).toEqual(expected);
    expect(doubts(text)).toEqual([]);
  });

  test.each([
    ['bash -c "dnx deploy x"', 'it is in an argument of bash'],
    ['ls | xargs dnx deploy', 'its arguments come from xargs'],
    ["ssh web 'dnx deploy x'", 'it is in an argument of ssh'],
    ['watch dnx site show x', 'it follows watch'],
    ['dnx deploy ${SITE:-', 'its substitution cannot be parsed'],
    ['dnx deploy ${{ vars.SITE', 'its substitution cannot be parsed'],
    ['dnx deploy ${SITE:-$(dnx site list -o ids)}', 'its substitution cannot be parsed'],
    ['dnx env set "A=1\nB=2"', 'a quote spans several lines'],
  ])('reports as unclear: %s', (text, why) => {
    expect(doubts(text)).toEqual([why]);
  });

  test('substitutes only variables that the script sets to a known value', () => {
    const [first, second] = readShell(
      'SITE=shop.example.com\nexport DNX_SERVER=web-1\ndnx deploy $SITE\nSITE=$(pick)\ndnx deploy $SITE',
    ).found;
    expect(first).toMatchObject({ words: ['deploy', 'shop.example.com'], line: 3, env: { DNX_SERVER: 'web-1' } });
    expect(second?.words).toEqual(['deploy', '$SITE']);
  });
});

describe('readWorkflow of a GitHub workflow', () => {
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
  test('finds the commands of steps and substitutes env', () => {
    const { found, unclear } = readWorkflow(workflow, 'ci.yml');
    expect(found.map(({ words }) => words)).toEqual([
      ['deploy', 'shop.example.com', '--wait'],
      ['env', 'set', 'RELEASE=$sha', '--site', '$OTHER'],
    ]);
    expect(found[0]?.env).toEqual({ DNX_SERVER: 'web-1', SITE: 'shop.example.com' });
    expect(unclear.map(({ text }) => text)).toEqual(['uses: ./.github/actions/notify', 'uses: ./.github/workflows/other.yml']);
  });

  test('reports dnx in a workflow of another system as unclear', () => {
    const circle = 'jobs:\n  build:\n    steps:\n      - run:\n          command: dnx deploy x\n';
    for (const text of [circle, 'pipelines:\n  default:\n    - step:\n        script:\n          - dnx deploy x\n']) {
      const { found, unclear } = readWorkflow(text, 'config.yml');
      expect([found, unclear.map(({ line, why }) => [line, why])]).toEqual([[], [[5, 'it may not be a command']]]);
    }
  });

  test('rejects invalid YAML', () => {
    expect(() => readWorkflow('a: [', 'ci.yml')).toThrow('ci.yml is not valid YAML');
  });
});

describe('readWorkflow of a GitLab pipeline', () => {
  const pipeline = `
spec: { inputs: { site: {} } }
---
include: { local: /ci/notify.yml }
variables: { DNX_SERVER: web-1, OTHER: { value: blog.example.com, description: Which } }
default:
  before_script: [npm ci]
  after_script:
    - dnx site show $SITE
.setup: &setup
  - export SITE=shop.example.com
.base:
  variables: { DNX_SITE: api.example.com, FROM: $CI_COMMIT_SHA }
  script:
    - dnx server list
.deploy:
  extends: .base
  script:
    - *setup
    - !reference [.base, script]
    - |
      dnx deploy $SITE \\
        --wait
notify:
  script: echo dnx deploy
deploy:
  extends: [.deploy]
  before_script: []
review:
  <<: { when: manual }
  inherit: { default: false }
  script: dnx deploy $OTHER --dry-run
child:
  trigger: { include: [{ local: child.yml }] }
`;
  test('finds the commands of every script, once, where it stands', () => {
    const { found, unclear } = readWorkflow(pipeline, '.gitlab-ci.yml');
    expect(found.map(({ words }) => words.join(' '))).toEqual([
      'site show $SITE',
      'server list',
      'deploy shop.example.com --wait',
      'deploy blog.example.com --dry-run',
    ]);
    expect(found[1]?.env).toEqual({ DNX_SERVER: 'web-1', OTHER: 'blog.example.com', DNX_SITE: 'api.example.com' });
    expect(unclear.map(({ text }) => text)).toEqual(["include: { local: '/ci/notify.yml' }", "trigger: [ { local: 'child.yml' } ]"]);
  });

  test.each([
    ['a: { extends: b, script: [dnx deploy] }\nb: { extends: a }', 1],
    ['a: { script: [!reference [constructor, name], !reference [], !reference a, dnx deploy] }', 1],
    ['a: { extends: [7, null, constructor], script: [null, { a: b }, dnx deploy], variables: [] }', 1],
    ['before_script: [dnx deploy]\na: { script: make }', 1],
    ['a: { script: !reference [a, script] }', 0],
    ['a: { script: &a [*a, *a, *a] }', 0],
    ['[]', 0],
    ['', 0],
  ])('accepts an unusual shape: %s', (text, count) => {
    const { found, unclear } = readWorkflow(text, '.gitlab-ci.yml');
    expect([found.length, unclear]).toEqual([count, []]);
  });

  test.each([
    ['nested YAML', `a: ${'['.repeat(6_000)}`],
    ['an unknown alias', 'a: *none'],
  ])('rejects %s', (_, text) => {
    expect(() => readWorkflow(text, '.gitlab-ci.yml')).toThrow('.gitlab-ci.yml is not valid YAML');
  });
});

describe('readShell of a pathological text', () => {
  const many = 100_000;
  const blank = ' '.repeat(many);
  test.each([
    ['a template that is not closed', `dnx deploy \${{${blank}`],
    ['templates that are not closed', `dnx deploy ${'${{ a '.repeat(many / 6)}`],
    ['a long word in a template', `dnx deploy \${{ ${'a'.repeat(many)}- }}`],
    ['substitutions that are not closed', `dnx deploy ${'${a'.repeat(many / 3)}`],
    ['continued lines', 'a\\\n'.repeat(many / 3)],
    ['quotes', '"$('.repeat(many / 3)],
    ['back quotes', '`'.repeat(many)],
    ['slashes', `${'/dnx'.repeat(many / 4)}!`],
    ['here-documents', '<< '.repeat(many / 3)],
    ['comments', ` #${blank}`.repeat(3)],
  ])('takes less than 4 seconds: %s', async (_, text) => {
    const ms = await computed(() => {
      readShell(text);
      readWorkflow(JSON.stringify({ jobs: { a: { steps: [{ run: text }] } } }), 'ci.yml');
    });
    // A search that restarts at every character would take much longer.
    expect(ms).toBeLessThan(4_000);
  });
});
