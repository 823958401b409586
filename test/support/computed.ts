/** The milliseconds of processor time that this process spends on some work; what other programs do meanwhile does not count. */
export async function computed(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
