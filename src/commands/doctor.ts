import { command } from '../cli/language/command.ts';
import { examineSetup } from '../features/doctor/doctor.ts';

export default command({
  name: 'doctor',
  effect: 'read',
  summary: 'Check your setup and suggest fixes',
  description: 'The output contains no secrets, so you can paste it into a ticket.',
  exits: '1 a check failed',
  examples: ['doctor', 'doctor --json'],
  run: examineSetup,
});
