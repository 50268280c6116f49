"""What a promotion's pull request says: what the tracker measured, what the gates said, where the model comes from.

It is for people. It is written anew each time and never read back: names and values are quoted, since they come from
training code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlops.verdict import Champion, Finding

_ROWS = 100  # a forge takes 65536 characters


def body(
    record: Mapping[str, Any], environment: str, findings: Sequence[Finding], champion: Champion | None, link: str
) -> str:
    """Write the text of a pull request."""
    model, promotion = record["model"], record["promotions"][environment]
    parts = [f"Pins {code(model['name'])} version {model['version']} for {code(environment)}. {_needs(promotion)}"]
    parts.append(_table(("Fact", "Is"), _facts(record, link)))
    parts.append("### Gates\n\nApplied again to the tracker's numbers.")
    gates = [
        (code(f.metric), code(f.bound), code(f.value or "missing"), "passed" if f.passed else "**rejected**")
        for f in findings
    ]
    parts.append(_table(("Metric", "Must be", "Is", "Gate"), gates) if gates else "This model has no gates.")
    parts.append("### Metrics\n\nRead from the tracker.")
    parts.append(_metrics(record, champion))
    return "\n\n".join(parts) + "\n"


def code(text: str) -> str:
    """Quote a text for Markdown, in a table as well."""
    text = " ".join(str(text).split()).replace("|", "\\|")
    fence = "`" * (max([len(run) for run in re.findall("`+", text)], default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _needs(promotion: Mapping[str, Any]) -> str:
    if not promotion["approvals"]:
        return "No approval is asked for."
    of = ", ".join(code(name) for name in promotion["approvers"])
    return f"Approvals needed: {promotion['approvals']}" + (f" of {of}." if of else ".")


def _facts(record: Mapping[str, Any], link: str) -> list[tuple[str, str]]:
    source, run = record["code"], record["pipeline"]
    commit = (source["git_commit"] or "unknown") + (" (modified)" if source["modified"] else "")
    parent = record["parent"]
    facts = [
        ("Digest", code(record["model"]["digest"])),
        ("Lineage", f"<{link}>" if "://" in link else code(link)),
        ("Run in the registry", code(record["registry"]["run_id"])),
        ("Run of the pipeline", code(run["run_url"] or run["run_id"] or run["orchestrator"] or "local")),
        ("Code", code(commit)),
        ("Image", code(record["environment"]["image"] or "none")),
        ("Champion when it was trained", code(f"version {parent['version']}" if parent else "none")),
    ]
    facts += [
        (f"Data {code(name)}", code(data["version"] or "unknown")) for name, data in sorted(record["data"].items())
    ]
    facts += [(f"Parameter {code(name)}", code(value)) for name, value in sorted(record["parameters"].items())]
    return facts[:_ROWS]


def _metrics(record: Mapping[str, Any], champion: Champion | None) -> str:
    best: Mapping[str, Decimal] = champion.metrics if champion else {}
    beside = f"Champion, version {champion.version}" if champion else "Champion: none yet"
    rows = []
    for name, measured in sorted(record["metrics"].items()):
        rival = best.get(name)
        rows.append((code(name), code(repr(measured["value"])), code(repr(float(rival))) if rival is not None else ""))
    more = f"\n\nAnd {len(rows) - _ROWS} more in the lineage record." if len(rows) > _ROWS else ""
    return _table(("Metric", "This version", beside), rows[:_ROWS]) + more


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
