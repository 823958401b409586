import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import type { Child, World } from '../../machine/world.ts';

/**
 * The program that shows a desktop notification. The text is an argument or a variable, never part of a script. node-notifier would
 * do the same with 5.7 MB of binaries, and without Notification Center on current macOS.
 */
export function desktopProgram({ env: all, platform }: Pick<World, 'env' | 'platform'>, text: string): Child {
  const env = envWithoutSecrets(all);
  if (platform === 'darwin') return { file: 'osascript', args: [...APPLESCRIPT.flatMap((line) => ['-e', line]), text], env };
  if (platform === 'win32') {
    const script = Buffer.from(TOAST, 'utf16le').toString('base64');
    const args = ['-NoProfile', '-NonInteractive', '-EncodedCommand', script];
    return { file: 'powershell.exe', args, env: childEnv(env, { NOTIFICATION: text }) };
  }
  return { file: 'notify-send', args: ['--app-name=dnx', '--', text], env };
}

const APPLESCRIPT = ['on run argv', 'display notification (item 1 of argv) with title "dnx"', 'end run'];

/** A toast in the name of PowerShell, because only an installed app has its own. */
const TOAST = `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText01)
[void]$toast.GetElementsByTagName('text').Item(0).AppendChild($toast.CreateTextNode($env:NOTIFICATION))
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($app).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;
