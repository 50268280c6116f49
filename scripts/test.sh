#!/bin/sh
# Runs every test with the real tools in .tools/ and prints what was run.
set -eu
cd "$(dirname "$0")/.."
export MLOPS_TOOLS="$PWD/.tools"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
go test -json -timeout 40m -p 2 ./... >"$log" || status=$?
go -C tools/install test -json ./... >>"$log" || status=$?
python3 scripts/report.py "$log" || status=1
exit "$status"
