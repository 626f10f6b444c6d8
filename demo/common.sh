# Shared by the scripts of demo/. Sourced, not run.
# shellcheck shell=bash

say() { printf '%s: %s\n' "demo/${0##*/}" "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# pause PID...: waits until one of the processes ends or a second has passed; signals are handled at once.
pause() {
  local nap
  sleep 1 &
  nap=$!
  wait -n "$@" "$nap" || true
  kill "$nap" 2>/dev/null || true
  wait "$nap" 2>/dev/null || true
}

# orphaned: has the process that started us ended? One that was killed cannot tell us to end.
orphaned() {
  local now
  read -r _ _ _ now _ <"/proc/$$/stat"
  [ "$now" != "$PPID" ]
}
