import type { Command } from 'commander';

/** Shells that completion scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

interface Place {
  /** Names of the commands that lead here, with spaces between. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly summary: string;
    readonly takesValue: boolean;
  }[];
}

/** Every command of the program, the program itself first. */
function places(command: Command, path: readonly string[], inherited: Place['options']): Place[] {
  const options = [
    ...command.options.map((option) => ({
      flag: option.long ?? option.short!,
      summary: option.description,
      takesValue: option.required || option.optional,
    })),
    ...inherited,
  ];
  const own: Place = {
    path: path.join(' '),
    commands: command.commands.map((child) => ({ name: child.name(), summary: child.summary() })),
    options,
  };
  const below = path.length === 0 ? options : inherited;
  return [own, ...command.commands.flatMap((child) => places(child, [...path, child.name()], below))];
}

/** The completion script of a shell, made from the program as it is. */
export function completionScript(program: Command, shell: Shell): string {
  const all = places(program, [], []);
  if (shell === 'bash') return bashScript(all);
  return shell === 'zsh' ? zshScript(all) : fishScript(all);
}

const wordsOf = ({ commands, options }: Place): string =>
  [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' ');

/** Patterns of the words that lead from one command to the next. */
const steps = (all: readonly Place[]): string =>
  all
    .filter(({ path }) => path !== '')
    .map(({ path }) => (path.includes(' ') ? `"${path}"` : `" ${path}"`))
    .join('|');

const valueFlags = (all: readonly Place[]): string =>
  [
    ...new Set(all.flatMap(({ options }) => options.filter((o) => o.takesValue).map(({ flag }) => flag))),
  ].join('|');

const cases = (all: readonly Place[]): string =>
  all.map((place) => `    "${place.path}") words="${wordsOf(place)}" ;;`).join('\n');

function bashScript(all: readonly Place[]): string {
  return `# Completion of sero for bash: source <(sero completion bash)
_sero() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" words="" i
  COMPREPLY=()
  # After these an argument follows: files are offered.
  case "$previous" in
    ${valueFlags(all)}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place \${COMP_WORDS[i]}" in
      ${steps(all)}) place="\${place:+$place }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place" in
${cases(all)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sero sero
`;
}

function zshScript(all: readonly Place[]): string {
  return `#compdef sero
# Completion of sero for zsh: sero completion zsh > a file _sero in a directory of $fpath
_sero() {
  local place="" offered="" word
  local -a list
  # After these an argument follows: files are offered.
  case "\${words[CURRENT-1]}" in
    ${valueFlags(all)}) _files; return ;;
  esac
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    case "$place $word" in
      ${steps(all)}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${cases(all).replaceAll('words=', 'offered=')}
  esac
  list=(\${=offered})
  compadd -- $list
  _files
}
if [ "$funcstack[1]" = "_sero" ]; then _sero "$@"; else compdef _sero sero; fi
`;
}

function fishScript(all: readonly Place[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = all.flatMap(({ path, commands, options }) => {
    const here = `-n ${quoted(`__sero_at ${quoted(path)}`)}`;
    return [
      ...commands.map(({ name, summary }) => `complete -c sero ${here} -f -a ${name} -d ${quoted(summary)}`),
      ...options.map(
        ({ flag, summary, takesValue }) =>
          `complete -c sero ${here} -l ${flag.replace(/^--/, '')}${takesValue ? ' -r' : ''} -d ${quoted(summary)}`,
      ),
    ];
  });
  return `# Completion of sero for fish: sero completion fish > ~/.config/fish/completions/sero.fish
function __sero_at
    set -l place ''
    for word in (commandline -opc)[2..-1]
        switch "$place $word"
            case ${steps(all).replaceAll('|', ' ')}
                set place (string trim "$place $word")
        end
    end
    test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}
