import { promises as dns } from 'node:dns';
import type { Resolver } from './names.ts';

/** The computer's own resolver: addresses as all programs see them, the hosts file too; TXT records from the name servers that it is configured for. */
export const systemResolver: Resolver = {
  async addresses(name, family) {
    const found = await dns.lookup(name, { family, all: true });
    return found.map(({ address }) => address);
  },
  async texts(name, signal) {
    const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  },
};
