import { command } from '../cli/language/command.ts';
import { listOf } from '../cli/language/shape.ts';
import { examineSetup } from '../features/doctor/doctor.ts';
import { doctorCheck } from '../features/doctor/machine.ts';

export default command({
  name: 'doctor',
  effect: 'read',
  summary: 'Check your setup and suggest fixes',
  description: 'The output contains no secrets, so you can paste it into a ticket.',
  exits: '1 a check failed',
  prints: () => listOf(doctorCheck),
  examples: ['doctor', 'doctor --json'],
  run: examineSetup,
});
