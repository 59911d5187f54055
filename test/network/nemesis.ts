import type { RunningNetwork } from './running-network.ts';

/** What the nemesis does to a network, one thing at a time. */
type Fault = 'kill' | 'pause' | 'island' | 'halves' | 'cut' | 'slow';

/** Of all nodes at most this part is killed or paused at once. */
const PART = 1 / 3;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * Hurts a network until the signal comes: kills and starts again, pauses, cuts off, splits in halves, breaks connections, slows down; between two
 * faults it leaves it alone. Everything runs and is connected when it resolves.
 *
 * @param draw what happens next follows from it
 * @param say is told of each fault
 */
export async function nemesis(
  network: RunningNetwork,
  names: readonly string[],
  draw: () => number,
  until: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const { relay } = network;
  const faults: Fault[] = [
    'kill',
    'pause',
    'island',
    'halves',
    ...(relay === undefined ? [] : (['cut', 'slow'] as const)),
  ];
  const some = (): string[] => {
    const count = Math.max(1, Math.floor(names.length * PART));
    const from = Math.floor(draw() * names.length);
    return Array.from({ length: count }, (_, i) => names[(from + i) % names.length]!);
  };
  while (!until.aborted) {
    const fault = faults[Math.floor(draw() * faults.length)]!;
    const hurt = some();
    const ms = 1_000 + 7_000 * draw();
    say(
      `${fault} ${fault === 'halves' || fault === 'cut' || fault === 'slow' ? '' : hurt.join(', ')} for ${Math.round(ms)} ms`,
    );
    switch (fault) {
      case 'kill':
        await Promise.all(hurt.map((name) => network.running(name).kill()));
        await pause(ms, until);
        await Promise.all(hurt.map((name) => network.start(name)));
        break;
      case 'pause':
        for (const name of hurt) network.running(name).pause();
        await pause(ms, until);
        for (const name of hurt) network.running(name).resume();
        break;
      case 'island':
        network.split(
          names.filter((name) => !hurt.includes(name)),
          hurt,
        );
        await pause(ms, until);
        network.heal();
        break;
      case 'halves':
        network.split(
          names.filter((_, i) => i % 2 === 0),
          names.filter((_, i) => i % 2 === 1),
        );
        await pause(ms, until);
        network.heal();
        break;
      case 'cut':
        for (const link of relay?.links ?? []) if (draw() < 0.5) link.set('cut');
        await pause(ms / 4, until);
        network.heal();
        break;
      case 'slow':
        for (const link of relay?.links ?? []) link.shape({ delay: 100, jitter: 50, loss: 0.02 });
        await pause(ms, until);
        for (const link of relay?.links ?? []) link.shape({ delay: 0, jitter: 0, loss: 0 });
        break;
    }
    await pause(2_000 + 6_000 * draw(), until);
  }
}
