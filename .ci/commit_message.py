#!/usr/bin/env python3
"""Check commit messages: an imperative subject of at most 72 characters, an empty line, a body that says why.

As a commit-msg hook it takes the message's file: ``commit_message.py .git/COMMIT_EDITMSG``. With ``--history`` it checks all
commits since the one that added this script.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LONGEST_SUBJECT = 72

#: Words that look like a past tense, a participle or a plural, and are none.
IMPERATIVES = {
    *("access", "address", "bypass", "compress", "discuss", "embed", "exceed", "express", "feed", "focus", "guess", "need"),
    *("bring", "pass", "proceed", "process", "seed", "shed", "speed", "spread", "string"),
}

#: First words of subjects that say how, not what: "The layout of kernels", "Words", "More tests".
NOT_A_VERB = {"a", "an", "the", "more", "some", "all", "new", "no", "one", "two", "notes", "names", "words", "wip", "misc"}


def faults(message: str) -> list[str]:
    """What is wrong with a commit message; empty if nothing is."""
    lines = [line for line in message.split("\n") if not line.startswith("#")]
    subject, rest = lines[0].rstrip(), lines[1:]
    found = []
    if len(subject) > LONGEST_SUBJECT:
        found.append(f"the subject has {len(subject)} characters; write at most {LONGEST_SUBJECT}")
    first = re.match(r"[A-Za-z]+", subject)
    if first is None or not first[0][0].isupper():
        found.append("the subject must begin with a verb in capitals: 'Add ...', 'Fix ...'")
    else:
        word = first[0].lower()
        other_form = word.endswith(("ed", "ing", "s")) and word not in IMPERATIVES
        if word in NOT_A_VERB or other_form or " " not in subject:
            found.append(f"the subject must say in the imperative what changes, got {first[0]!r}: 'Add ...', 'Fix ...'")
    if subject.endswith("."):
        found.append("the subject must not end with a full stop")
    if rest and rest[0].strip():
        found.append("an empty line must follow the subject")
    if not any(line.strip() for line in rest):
        found.append("a body must say why")
    return found


def history() -> list[tuple[str, str]]:
    """Hash and message of every commit since the one that added this script, without merges."""
    root = Path(__file__).resolve().parents[1]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout

    added = git("log", "--diff-filter=A", "--format=%H", "--", ".ci/commit_message.py").split()
    if not added:  # not committed yet
        return []
    log = git("log", "--no-merges", "--format=%H%x00%B%x01", f"{added[-1]}..HEAD")
    entries = (entry.strip().split("\0", 1) for entry in log.split("\x01") if entry.strip())
    return [(commit[:10], message) for commit, message in entries]


def main(arguments: list[str]) -> int:
    """Print the faults, and return 1 where there are any."""
    messages = history() if arguments == ["--history"] else [(path, Path(path).read_text()) for path in arguments]
    wrong = [(name, fault) for name, message in messages for fault in faults(message)]
    for name, fault in wrong:
        print(f"{name}: {fault}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
