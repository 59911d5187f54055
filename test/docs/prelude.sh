# What a new user has before the first command of a document: `npm` in the checkout, `sero` on the path.
# Expects SERO_ROOT (the checkout), SERO_RUNTIME (its Node) and SERO_NODE (where a node will listen).
set -euo pipefail

npm() { command npm --prefix "$SERO_ROOT" --silent "$@"; }
# Nobody sits at this terminal: a document says --yes itself where a person would be asked.
sero() { "$SERO_RUNTIME" "$SERO_ROOT/packages/cli/src/main.ts" "$@"; }

running=
trap 'if [ -n "$running" ]; then kill -KILL "$running" || true; fi' EXIT

# Stops the lasting program as ctrl-C does; it must end with 0.
stop() {
  if [ -n "$running" ]; then
    kill -INT "$running"
    wait "$running"
    running=
  fi
}

# Starts a program that goes on until it is stopped, in place of the one before, and waits until it serves.
# It is started itself, not through npm or a function: a shell between would not hand the signal on.
lasting() {
  stop
  case "$1" in
    npm) shift 3; if [ "${1:-}" = -- ]; then shift; fi; set -- devnet "$@" ;;
    sero) shift ;;
  esac
  "$SERO_RUNTIME" "$SERO_ROOT/packages/cli/src/main.ts" "$@" &
  running=$!
  until "$SERO_RUNTIME" -e 'fetch(process.env.SERO_NODE + "/ready").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))'; do
    kill -0 "$running"
    sleep 0.1
  done
}
