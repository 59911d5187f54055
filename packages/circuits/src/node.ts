export * from './cache.ts';
export * from './compile.ts';
export * from './setup.ts';
