/**
 * Builds the WebAssembly artefacts from the C++ of native/src and from blst, with Debian's clang:
 *
 *   node packages/prover/tools/build-wasm.ts          writes wasm/*.wasm and wasm/source.json
 *
 * The same sources and the same compiler give the same bytes; tools/checks/wasm.ts compares.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { fieldAssembly } from './wasm-field.ts';

const ROOT = join(import.meta.dirname, '..');
const BLST = join(dirname(createRequire(import.meta.url).resolve('c-kzg/package.json')), 'deps', 'blst');
export const WASM_FOLDER = join(ROOT, 'wasm');

const CLANG = 'clang-19';
const LINKER = 'wasm-ld-19';

/** The two artefacts: engines without relaxed SIMD refuse to compile the first. */
const ARTEFACTS = [
  {
    file: 'sero-prover-fma.wasm',
    kernels: 'kernels_wasm.cpp',
    flags: ['-msimd128', '-mrelaxed-simd'],
    needsFieldAssembly: true,
  },
  { file: 'sero-prover.wasm', kernels: 'kernels_portable.cpp', flags: [], needsFieldAssembly: false },
] as const;

/** Sources of native/src that need threads, a libc or another processor. */
const NATIVE_ONLY = [
  'key_image.cpp',
  'memory.cpp',
  'pool.cpp',
  'kernels_ifma.cpp',
  'kernels_portable.cpp',
  'kernels_wasm.cpp',
];

// The vectorisers undo the order of instructions that the lanes are written in.
const FLAGS = [
  '--target=wasm32-unknown-unknown',
  '-ffreestanding',
  '-nostdlibinc',
  '-fvisibility=hidden',
  '-mbulk-memory',
  '-mnontrapping-fptoint',
  '-msign-ext',
  '-fno-slp-vectorize',
  '-fno-vectorize',
];
const FLAGS_CXX = [
  '-O3',
  '-std=c++17',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-threadsafe-statics',
  '-Wall',
  '-Wextra',
];
const FLAGS_BLST = ['-O2', '-D__BLST_NO_ASM__', '-D__BLST_NO_CPUID__'];
// A stack below the data traps when it overflows. 4,096 pages are 256 MiB.
const FLAGS_LINK = [
  '--no-entry',
  '--gc-sections',
  '--strip-all',
  '--stack-first',
  '-zstack-size=1048576',
  '--max-memory=2147483648',
];

/** What an artefact was built from. */
export interface WasmSource {
  /** The compiler's own line. */
  readonly compiler: string;
  readonly flags: readonly string[];
  /** SHA-256 by path, from the package's folder or from blst's. */
  readonly sources: Readonly<Record<string, string>>;
  /** SHA-256 by file name. */
  readonly artefacts: Readonly<Record<string, string>>;
}

/** The compiler's version, or undefined where it or the linker is missing. */
export function compilerVersion(): string | undefined {
  try {
    execFileSync(LINKER, ['--version'], { stdio: 'ignore' });
    return execFileSync(CLANG, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return undefined;
  }
}

/** SHA-256 of everything that decides over the artefacts' bytes, but for the compiler. */
export function sourceHashes(): Record<string, string> {
  const own = [...filesBelow(ROOT, 'native/src'), ...filesBelow(ROOT, 'native/include')].filter(
    (file) => !/(^|\/)(pool|kernels_ifma)\.|\/ifma\.hpp$|src\/memory\.cpp$/.test(file),
  );
  const blst = [...filesBelow(BLST, 'src'), ...filesBelow(BLST, 'bindings')].filter((file) =>
    /\.[ch]$/.test(file),
  );
  return Object.fromEntries([
    ...[...own, 'tools/wasm-field.ts', 'tools/build-wasm.ts'].map((file) => [file, sha256(join(ROOT, file))]),
    ...blst.map((file) => [`blst/${file}`, sha256(join(BLST, file))]),
  ]);
}

/** The flags as source.json lists them. */
export function buildFlags(): string[] {
  return [
    [CLANG, ...FLAGS].join(' '),
    `C++: ${FLAGS_CXX.join(' ')}`,
    `blst: ${FLAGS_BLST.join(' ')}`,
    ...ARTEFACTS.map(({ file, flags }) => `${file}: ${flags.join(' ')}`.trimEnd()),
    [LINKER, ...FLAGS_LINK].join(' '),
  ];
}

/** Builds all artefacts: bytes by file name. */
export function buildWasm(): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'sero-wasm-'));
  try {
    return new Map(ARTEFACTS.map((artefact) => [artefact.file, buildOne(folder, artefact)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The multiplications alone, for the check of their bounds: functions as they are called, memory, `__heap_base`. */
export function buildField(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sero-wasm-'));
  try {
    const out = join(folder, 'field.wasm');
    const names = ['fq', 'fr'].flatMap((field) => ['mul', 'sqr'].map((name) => `sero_wasm_${field}_${name}`));
    const exported = [...names, '__heap_base'].map((name) => `--export=${name}`);
    execFileSync(LINKER, ['--no-entry', ...exported, '-o', out, assembleField(folder, ARTEFACTS[0].flags)]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the object file of wasm-field.ts's assembly; returns its path. */
function assembleField(folder: string, flags: readonly string[]): string {
  const [assembly, object] = ['field.s', 'field.o'].map((name) => join(folder, name)) as [string, string];
  writeFileSync(assembly, fieldAssembly());
  execFileSync(CLANG, ['--target=wasm32-unknown-unknown', ...flags, '-c', assembly, '-o', object]);
  return object;
}

function buildOne(folder: string, artefact: (typeof ARTEFACTS)[number]): Buffer {
  const includes = ['native/src/wasm/include', 'native/include', 'native/src'].map((path) => `-I${path}`);
  const flags = [...FLAGS, ...artefact.flags];
  const object = (source: string) => join(folder, `${basename(artefact.file)}.${basename(source)}.o`);
  const objects: string[] = [];
  const compile = (source: string, from: string, ...more: string[]) => {
    execFileSync(CLANG, [...flags, ...more, '-c', source, '-o', object(source)], {
      cwd: from,
      stdio: 'inherit',
    });
    objects.push(object(source));
  };
  const own = readdirSync(join(ROOT, 'native/src'))
    .filter((file) => file.endsWith('.cpp') && !NATIVE_ONLY.includes(file))
    .sort();
  for (const file of [...own, artefact.kernels]) {
    compile(`native/src/${file}`, ROOT, ...FLAGS_CXX, ...includes, `-I${join(BLST, 'bindings')}`);
  }
  compile('native/src/wasm/memory.cpp', ROOT, ...FLAGS_CXX, ...includes);
  compile('native/src/wasm/libc.c', ROOT, '-O2', ...includes);
  compile('src/server.c', BLST, ...FLAGS_BLST, `-I${join(ROOT, 'native/src/wasm/include')}`);
  if (artefact.needsFieldAssembly) objects.push(assembleField(folder, artefact.flags));
  const out = join(folder, artefact.file);
  const exported = exportedFunctions().map((name) => `--export-if-defined=${name}`);
  execFileSync(LINKER, [...FLAGS_LINK, ...exported, '-o', out, ...objects], { stdio: 'inherit' });
  return readFileSync(out);
}

/** Every function of the C interface, and the allocator. Those over threads are not part of an artefact. */
function exportedFunctions(): string[] {
  const header = readFileSync(join(ROOT, 'native/include/sero_prover.h'), 'utf8').replace(
    /\/\*.*?\*\//gs,
    '',
  );
  const declared = [...header.matchAll(/^[a-z].*?\b(sero_\w+)\(/gm)].map(([, name]) => name as string);
  return [...new Set([...declared, 'sero_alloc', 'sero_free', 'sero_wipe'])].sort();
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .map((file) => file.split(sep).join('/'))
    .sort();
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

if (import.meta.main) {
  const compiler = compilerVersion();
  if (compiler === undefined)
    throw new Error(`${CLANG} and ${LINKER} build these files: apt-get install ${CLANG} lld-19`);
  const sources = sourceHashes();
  const built = buildWasm();
  const artefacts: Record<string, string> = {};
  for (const [file, bytes] of built) {
    writeFileSync(join(WASM_FOLDER, file), bytes);
    artefacts[file] = createHash('sha256').update(bytes).digest('hex');
    console.log(`${file}: ${bytes.length} bytes`);
  }
  const source: WasmSource = { compiler, flags: buildFlags(), sources, artefacts };
  writeFileSync(join(WASM_FOLDER, 'source.json'), `${JSON.stringify(source, null, 2)}\n`);
}
