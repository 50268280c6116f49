"""How a program stops: one sentence for people, one exit code for machines."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence


class Stop(Exception):
    """Ends a program with one or more sentences instead of a traceback."""

    code = 1
    word = "error"

    def __init__(self, sentences: str | Iterable[str]) -> None:
        """Keep the sentences, each on one line."""
        several = [sentences] if isinstance(sentences, str) else list(sentences)
        self.sentences = [" ".join(sentence.split()) for sentence in several]
        super().__init__("; ".join(self.sentences))


class Misuse(Stop):
    """The command line asks for something that cannot be."""

    code = 2


class Rejected(Stop):
    """A gate says no."""

    code = 3
    word = "rejected"


class Refused(Stop):
    """Policy says no: freeze window, approvals, soak time, lineage, wrong state."""

    code = 4
    word = "refused"


class Unreachable(Stop):
    """The registry does not answer, or not as expected."""


class Unsupported(Stop):
    """The chosen system cannot do that, or not in this mode."""


Main = Callable[[Sequence[str] | None], None]


def program(body: Main) -> Callable[..., int]:
    """Turn what a program's body raises into sentences on standard error and an exit code."""

    @functools.wraps(body)
    def main(argv: Sequence[str] | None = None) -> int:
        try:
            body(argv)
        except Stop as stop:
            sys.stdout.flush()
            for sentence in stop.sentences:
                print(f"{stop.word}: {sentence}", file=sys.stderr, flush=True)
            return stop.code
        except OSError as fault:
            sys.stdout.flush()
            print(f"error: {fault}", file=sys.stderr, flush=True)
            return 1
        return 0

    return main


def say(sentence: str) -> None:
    """Print one line at once, so that it stands in order with what goes to standard error."""
    print(sentence, flush=True)
