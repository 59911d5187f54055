// Loaded before a program, and in each of its threads: its wall clock is wrong by SERO_TEST_SKEW_MS and runs too fast by SERO_TEST_DRIFT_PPM
// millionths. Timers and the monotonic clock stay right, as on a machine whose time was set wrong.

const skew = Number(process.env['SERO_TEST_SKEW_MS'] ?? '0');
const drift = Number(process.env['SERO_TEST_DRIFT_PPM'] ?? '0') / 1e6;
const RightDate = Date;
const began = RightDate.now();

const now = (): number => {
  const right = RightDate.now();
  return Math.round(right + skew + (right - began) * drift);
};

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new RightDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
