import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { freePorts } from '@sero/cli';

/** A running anvil. */
export interface Anvil {
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** The program within @foundry-rs/anvil for this machine, if there is one. */
function program(): string | undefined {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  try {
    return resolve(
      `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}/bin/anvil`,
    );
  } catch {
    return undefined;
  }
}

/** Starts anvil by Cancun's rules. @param gasLimit of its blocks, and with it of calls */
export async function startAnvil(gasLimit: number): Promise<Anvil | undefined> {
  const path = program();
  if (path === undefined) return undefined;
  const [port] = (await freePorts(1)) as [number];
  const args = ['--port', String(port), '--gas-limit', String(gasLimit), '--hardfork', 'cancun', '--silent'];
  const child = spawn(path, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let id = 0;
  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    id++;
    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  for (let tries = 0; ; tries++) {
    try {
      await request('eth_chainId', []);
      break;
    } catch (cause) {
      if (tries === 100) throw new Error('anvil does not answer', { cause });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    request,
    async close() {
      kill();
      await ended;
      process.off('exit', kill);
    },
  };
}
