import { usage } from '../base/errors.ts';
import { flagName } from '../base/text.ts';
import { command } from '../cli/language/command.ts';
import { flag, following, text, under } from '../cli/language/options.ts';
import { either, listOf } from '../cli/language/shape.ts';
import { examineSetup } from '../features/doctor/doctor.ts';
import { doctorCheck } from '../features/doctor/machine.ts';
import { readOperations, watchOperations } from '../features/probe/reads.ts';

export default command({
  name: 'doctor',
  effect: 'read',
  summary: 'Check your setup and suggest fixes',
  description: [
    'The output contains no secrets, so you can paste it into a ticket.',
    '--api checks whether Deploynix answers as dnx expects. It sends at most 40 GET requests, and compares the shapes of the responses: names of fields, types, formats and words of statuses. It says what each difference means for your commands. --out saves the shapes, without names, ids, addresses or other values of yours, to send them in an issue.',
    'With --deploy, it also watches a deployment: it asks whether to start one, and --yes starts it. Otherwise it waits until somebody does.',
    'dnx remembers for a week how long each deployment showed on its site. If the last three of a site did, dnx deploy waits until --timeout for one that does not show yet.',
  ].join('\n\n'),
  exits: '1 a check failed, or with --api, no request succeeded; 10 with --api, a difference breaks a command; 124 timed out',
  calls: [
    { when: 'api', also: readOperations },
    { when: 'deploy', also: watchOperations },
  ],
  // --yes is for --deploy, which asks itself.
  consent: async () => undefined,
  options: under('API', {
    api: { ...flag('Check whether the API answers as dnx expects'), reach: 'whole' },
    server: text('Server to read (default: the linked one, or the first with sites)', 'server'),
    site: text('Site to read (default: the linked one, or the first of the server)', 'site'),
    out: { ...text('Save the shapes of the responses', 'file'), effect: 'local' },
    deploy: { ...text('Also watch a deployment of this site', 'site'), effect: 'change' },
    timeout: { ...following.timeout, later: true },
  }),
  prints: async () => {
    const { probeRows } = await import('../features/probe/report.ts');
    return either(listOf(doctorCheck), probeRows);
  },
  examples: [
    'doctor',
    'doctor --json',
    'doctor --api',
    'doctor --api --site shop.example.com --out shapes.json',
    'doctor --api --deploy shop.example.com --yes',
  ],
  async run(ctx, { options: { api, timeout, ...others }, consent }) {
    if (api) return (await import('../features/probe/examine-api.ts')).examineApi(ctx, { ...others, timeout }, consent);
    const [needless] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [flagName(name)]));
    if (needless !== undefined) throw usage(`${needless} needs --api.`);
    return examineSetup(ctx);
  },
});
