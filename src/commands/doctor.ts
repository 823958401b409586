import { usage } from '../base/errors.ts';
import { command } from '../cli/language/command.ts';
import { flag, text } from '../cli/language/options.ts';
import { examineSetup } from '../features/doctor/doctor.ts';

export default command({
  name: 'doctor',
  effect: 'read',
  summary: 'Check your setup and suggest fixes',
  description:
    'The output contains no secrets, so you can paste it into a ticket. With --contract, compares an OpenAPI document with the commands of dnx instead.',
  exits: '1 a check failed; 10 differences, with --contract and --exit-code',
  options: {
    contract: { ...text('OpenAPI 3 document to compare with (JSON or YAML)', 'file|url'), reach: 'machine' },
    exit_code: flag('With --contract, exit 10 if there are differences'),
  },
  examples: ['doctor', 'doctor --json', 'doctor --contract openapi.json'],
  async run(ctx, { options: { contract, exit_code } }) {
    if (contract === undefined && exit_code) throw usage('--exit-code works only with --contract.');
    return contract === undefined
      ? examineSetup(ctx)
      : (await import('../features/contract/report.ts')).compareContract(ctx, contract, exit_code === true);
  },
});
