import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { MANAGEMENT } from './proc.ts';

/** A machine of its own, as far as the network is concerned. */
export interface Namespace {
  /** As `ip netns` calls it. */
  readonly name: string;
  /** Its address among the others; the link to them can be slowed down and taken away. */
  readonly address: string;
  /** The address at which the test reaches it, whatever happens to that link. */
  readonly management: string;
}

/** Namespaces on one Ethernet. */
export interface Namespaces {
  readonly members: readonly Namespace[];
  /** Lets a member send no more bytes a second than this; 0: as many as it likes. */
  rate(member: number, bytesPerSecond: number): void;
  /** Takes a member's cable out, or puts it in. */
  plug(member: number, isIn: boolean): void;
  /** Puts each group on an Ethernet of its own; who stands in no group stays with the first. */
  split(groups: readonly (readonly number[])[]): void;
  /** All on one Ethernet, all cables in. */
  heal(): void;
  close(): void;
}

const DEVICE = 'eth0';

/** Names begin so, then comes the process that made them: what a dead one left is found by it. */
const PREFIX = 'sero';

/** Addresses are 10.A.B.x and 10.A'.B.x with B of this process. */
const [NETWORK, MANAGEMENT_NETWORK] = [231, 232];

/** Of iproute2, which the machine has or has not. */
const TOOL = 'ip';

function ip(...args: readonly string[]): string {
  return execFileSync(TOOL, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

let found: { readonly why: string | undefined } | undefined;

/** Why namespaces cannot be had on this machine; undefined where they can. */
export function whyNoNamespaces(): string | undefined {
  found ??= { why: tryNamespace() };
  return found.why;
}

function tryNamespace(): string | undefined {
  const name = `${PREFIX}-${process.pid}-try`;
  try {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'add', 'try0', 'type', 'veth', 'peer', 'name', 'try1');
    ip('-n', name, 'link', 'add', 'try2', 'type', 'bridge');
    execFileSync(TOOL, ['netns', 'exec', name, 'tc', 'qdisc', 'show'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message.trim().split('\n').at(-1)}`;
  } finally {
    attempt(() => ip('netns', 'del', name));
  }
}

/**
 * Makes namespaces. They go when this process ends; where it is killed, the next call of anybody removes what it left.
 *
 * @param count 1 to 200
 */
export function createNamespaces(count: number): Namespaces {
  sweep();
  const own = `${process.pid}`;
  const third = process.pid % 250;
  const bridges = new Set<string>();
  const bridge = (group: number | 'm'): string => `${short(own)}b${group}`;
  const cable = (member: number): string => `${short(own)}c${member}`;

  const addBridge = (name: string): string => {
    if (!bridges.has(name)) {
      ip('link', 'add', name, 'type', 'bridge');
      bridges.add(name);
      ip('link', 'set', name, 'up');
    }
    return name;
  };
  const members = Array.from({ length: count }, (_, i): Namespace => {
    const last = i + 1;
    return {
      name: `${PREFIX}-${own}-${i}`,
      address: `10.${NETWORK}.${third}.${last}`,
      management: `10.${MANAGEMENT_NETWORK}.${third}.${last}`,
    };
  });
  const close = (): void => {
    process.off('exit', close);
    for (const { name } of members) attempt(() => ip('netns', 'del', name));
    for (const name of bridges) attempt(() => ip('link', 'del', name));
    bridges.clear();
  };
  process.on('exit', close);

  try {
    addBridge(bridge(0));
    addBridge(bridge('m'));
    ip('address', 'add', `10.${MANAGEMENT_NETWORK}.${third}.254/24`, 'dev', bridge('m'));
    for (const [i, { name, address, management }] of members.entries()) {
      ip('netns', 'add', name);
      for (const [outside, inside, where, to] of [
        [cable(i), DEVICE, address, bridge(0)],
        [`${short(own)}m${i}`, MANAGEMENT, management, bridge('m')],
      ] as const) {
        ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
        ip('link', 'set', outside, 'master', to, 'up');
        ip('-n', name, 'address', 'add', `${where}/24`, 'dev', inside);
        ip('-n', name, 'link', 'set', inside, 'up');
      }
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    close();
    throw error;
  }

  const plug = (member: number, isIn: boolean): void => {
    ip('link', 'set', cable(member), isIn ? 'up' : 'down');
  };
  const split = (groups: readonly (readonly number[])[]): void => {
    for (const i of members.keys()) {
      const group = groups.findIndex((some) => some.includes(i));
      ip('link', 'set', cable(i), 'master', addBridge(bridge(group < 0 ? 0 : group)));
    }
  };
  return {
    members,
    rate(member, bytesPerSecond) {
      const { name } = members[member]!;
      const change = (...args: readonly string[]): void => {
        execFileSync(TOOL, ['netns', 'exec', name, 'tc', 'qdisc', ...args], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
      };
      if (bytesPerSecond === 0) attempt(() => change('del', 'dev', DEVICE, 'root'));
      else {
        const bits = `${Math.round(bytesPerSecond * 8)}bit`;
        change('replace', 'dev', DEVICE, 'root', 'tbf', 'rate', bits, 'burst', '32kb', 'latency', '400ms');
      }
    },
    plug,
    split,
    heal() {
      split([]);
      for (const i of members.keys()) plug(i, true);
    },
    close,
  };
}

/** A device's name has 15 characters at most. */
function short(pid: string): string {
  return `s${Number(pid)}`;
}

/** Removes what processes left that run no more. */
function sweep(): void {
  const isDead = (pid: number): boolean => !existsSync(`/proc/${pid}`);
  for (const line of ip('netns', 'list').split('\n')) {
    const found = new RegExp(`^(${PREFIX}-(\\d+)-\\w+)\\b`).exec(line);
    if (found !== null && isDead(Number(found[2]))) attempt(() => ip('netns', 'del', found[1]!));
  }
  for (const [, device, pid] of ip('-o', 'link', 'show', 'type', 'bridge').matchAll(
    /^\d+: (s(\d+)b[0-9m]+)[:@]/gm,
  )) {
    if (isDead(Number(pid))) attempt(() => ip('link', 'del', device!));
  }
}

/** For what may be gone already. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    // What `ip` and `tc` refuse is an exit code; anything else is a fault.
    if (
      typeof (error as { status?: unknown }).status !== 'number' &&
      (error as NodeJS.ErrnoException).code !== 'ENOENT'
    ) {
      throw error;
    }
  }
}
