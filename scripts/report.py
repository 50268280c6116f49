"""Reads `go test -json` and prints one line a package, failures whole, and what ran."""

import collections
import json
import re
import sys

REAL = re.compile(r"^real tools: (.*)$")
FAULTS = re.compile(r"^faults tried: (\d+)$")


def main(path: str) -> int:
    counts: collections.Counter[str] = collections.Counter()
    tools: collections.Counter[str] = collections.Counter()
    output: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    failed, skipped = [], []
    faults = 0
    for line in open(path, encoding="utf-8"):
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            print(line, end="")
            continue
        package, test, action = event.get("Package", event.get("ImportPath", "")), event.get("Test", ""), event["Action"]
        if action in ("output", "build-output"):
            output[package, test].append(event["Output"])
            if match := REAL.match(event["Output"].strip()):
                for part in match[1].split(", "):
                    name, _, number = part.rpartition(" ")
                    tools[name] += int(number)
            if match := FAULTS.match(event["Output"].strip()):
                faults += int(match[1])
        elif action in ("pass", "fail", "skip") and test:
            counts[action] += 1
            if action == "fail":
                failed.append((package, test))
            if action == "skip":
                skipped.append((package, test))
        elif action in ("pass", "fail"):
            print(f"{'ok  ' if action == 'pass' else 'FAIL'} {package} {event.get('Elapsed', 0):.1f}s")
            if action == "fail":
                failed.append((package, ""))
        elif action == "build-fail":
            failed.append((package, ""))
    for key in failed:
        print(f"--- FAIL: {' '.join(key)}")
        print("".join(output[key])[-6000:])
    for key in skipped:
        print(f"--- SKIP: {' '.join(key)}: {''.join(output[key])[-300:].strip()}")
    if tools:
        print("real tools: " + ", ".join(f"{name} {number}" for name, number in sorted(tools.items())))
    if faults:
        print(f"faults tried at the requests of drivers: {faults}")
    print(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return 1 if failed or not counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
