"""The numbers in the scripts of this folder are those of include/dkv.h.

They are written in the scripts so that each can be read and copied alone; this keeps them true.
"""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
HEADER = FOLDER.parent.parent / "include" / "dkv.h"

HEADER_LINE = re.compile(r"^#define (DKV_\w+) (-?\d+)$", re.MULTILINE)
SCRIPT_LINE = re.compile(r"^(?:const )?(DKV_\w+) = (-?\d+);?$", re.MULTILINE)


def numbers(pattern, path):
    return {name: int(number) for name, number in pattern.findall(path.read_text(encoding="utf-8"))}


def main():
    declared = numbers(HEADER_LINE, HEADER)
    mistakes = []
    for script in [FOLDER / "seven_steps.py", FOLDER / "seven_steps.mjs"]:
        used = numbers(SCRIPT_LINE, script)
        if not used:
            mistakes.append(f"{script.name} has no line like `DKV_OK = 0`; keep the constants at its top.")
        for name, number in used.items():
            if declared.get(name) != number:
                mistakes.append(f"{script.name} says {name} = {number}, dkv.h says {declared.get(name, 'nothing')}.")
    if mistakes:
        sys.exit("\n".join(mistakes))
    print(f"The numbers agree with the {len(declared)} constants of dkv.h.")


if __name__ == "__main__":
    main()
