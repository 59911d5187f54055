import { newHome, sero, startAnyDevnet, writeWallet } from './support.ts';
const base = newHome();
const home = newHome();
const t0 = Date.now();
const devnet = await startAnyDevnet(base.path);
console.log('up', Date.now() - t0, devnet.url, devnet.height);
try {
  await writeWallet(home, { words: devnet.accounts[0]!.words });
  const call = async (...args: string[]) => {
    const t = Date.now();
    const r = await sero({ home }, ...args, '--yes', '--node', devnet.url);
    console.log('$', args.join(' '), '=>', r.code, `${Date.now() - t} ms\n${r.stdout}\n${r.stderr}`);
    return r;
  };
  await call('stake', 'status');
  await call('stake', 'claim', '--wait');
  await call('stake', 'offline', '--wait');
  await call('stake', 'online', '--wait');
  await call('history');
} finally {
  await devnet.stop('SIGINT');
  base.remove();
  home.remove();
}
