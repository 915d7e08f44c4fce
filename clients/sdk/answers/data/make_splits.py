"""Writes splits.json: which groups train, which stay unseen, and which families of questions are held out.

Groups: those with at least 20 answered questions, in file order, permuted by numpy's default_rng(split); the
first round(2/3 of them) train, the rest are unseen. Questions: families, sorted, permuted by default_rng(1234)
and taken until they hold 15 % of the questions. Families follow the rule of dataset.ts.

usage: python make_splits.py DATASET.json ... > splits.json        (needs numpy)
"""

import json
import pathlib
import re
import sys

import numpy

SPLITS = range(32)
QUESTION_SPLIT = 1234
MINIMUM_ANSWERS = 20
NAMED = json.loads((pathlib.Path(__file__).parent / "families.json").read_text())


def family_of(dataset: str, question: str) -> str:
    for family, members in NAMED.get(dataset, {}).items():
        if question in members:
            return family
    wave = re.fullmatch(r"[a-z]+(?:\d{2}|\d{4})_(.+)", question)
    return wave[1] if wave else question


def split_groups(data: dict, split: int) -> dict:
    answered = [0] * len(data["groups"])
    for _, group, _, _ in data["distributions"]:
        answered[group] += 1
    usable = [group for group, count in enumerate(answered) if count >= MINIMUM_ANSWERS]
    order = numpy.random.default_rng(split).permutation(usable).tolist()
    training = round(len(usable) * 2 / 3)
    ids = [data["groups"][group]["id"] for group in order]
    return {"training": ids[:training], "unseen": ids[training:]}


def held_out_families(data: dict) -> list:
    members: dict = {}
    for question in data["questions"]:
        members.setdefault(family_of(data["name"], question["id"]), []).append(question["id"])
    names = sorted(members)
    wanted, taken, families = 0.15 * len(data["questions"]), 0, []
    for index in numpy.random.default_rng(QUESTION_SPLIT).permutation(len(names)):
        if taken >= wanted:
            break
        families.append(names[index])
        taken += len(members[names[index]])
    return sorted(families)


def main() -> None:
    splits = {}
    for path in sys.argv[1:]:
        data = json.loads(pathlib.Path(path).read_text())
        splits[data["name"]] = {
            "groups": {str(split): split_groups(data, split) for split in SPLITS},
            "heldOutFamilies": held_out_families(data),
        }
    lines = [f" {json.dumps(name)}: {{\n{render(split)}\n }}" for name, split in splits.items()]
    print("{\n" + ",\n".join(lines) + "\n}")


def render(split: dict) -> str:
    """One line a split, so that the file stays short and its changes readable."""
    groups = ",\n".join(f"   {json.dumps(number)}: {json.dumps(ids)}" for number, ids in split["groups"].items())
    return f'  "heldOutFamilies": {json.dumps(split["heldOutFamilies"])},\n  "groups": {{\n{groups}\n  }}'


main()
