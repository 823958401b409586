import type { Cause } from './cause.ts';
import { code } from './code.ts';
import { composer } from './composer.ts';
import { database } from './database.ts';
import { environment } from './environment.ts';
import { exceptions } from './exception.ts';
import { files } from './files.ts';
import { gitCauses } from './git.ts';
import { migrations } from './migrations.ts';
import { npmCauses } from './npm.ts';
import { resources } from './resources.ts';
import { script } from './script.ts';
import { platform, web } from './web.ts';
import { workers } from './workers.ts';

/** Every cause that dnx knows. */
export const causes: readonly Cause[] = [
  ...platform,
  ...resources,
  ...composer,
  ...migrations,
  ...database,
  ...environment,
  ...files,
  ...npmCauses,
  ...gitCauses,
  ...web,
  ...code,
  ...workers,
  ...script,
  ...exceptions,
];
