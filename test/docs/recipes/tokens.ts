import { execa } from 'execa';
import type { Stage } from '../stage.ts';

/** The tokens that the pages say how to create. */
export async function createTokens(stage: Stage): Promise<Readonly<Record<'deploy' | 'audit' | 'drift' | 'read' | 'preview', string>>> {
  const create = async (...purposes: readonly string[]) => {
    const env = { ...stage.env, DNX_TOKEN: stage.sandbox.token };
    return (
      await execa('dnx', ['token', 'create', 'ci', ...purposes.flatMap((purpose) => ['--for', purpose]), '--quiet'], {
        env,
        extendEnv: false,
      })
    ).stdout.trim();
  };
  return {
    deploy: await create('deploy shop.example.com --server web-1 --wait'),
    audit: await create('audit'),
    drift: await create('drift'),
    read: await create("crontab ensure report --frequency '0 6 * * *' --server web-1 --dry-run"),
    preview: await create('preview up', 'preview sweep'),
  };
}
