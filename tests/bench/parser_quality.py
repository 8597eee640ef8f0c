#!/usr/bin/env python3
"""Scores `tagalign parse` against captions annotated by hand, spaCy beside it if it is there.

Usage: parser_quality.py TAGALIGN CAPTIONS.jsonl [--heads] [--parser learned|rules] [--spacy|--ceiling]

Each line: {"caption", "objects": [..], "attributes": [[object, attribute], ..]} and, optionally,
"kind" (figures apart for each) and "absent": [..]. Words are compared in lower case with a plain
plural stripped; --heads compares objects by their last word only. Prints micro-averaged precision,
recall and F1, and the expected calibration error (10 bins of equal width) of the confidences.
--spacy needs the packages spacy and en_core_web_sm; its rules: nouns that are no part of a compound
are objects, adjectives, numbers and compound nouns their attributes. --ceiling scores the annotations
themselves where they are in the caption's own words: what a reader can reach without guessing how the
annotators rename things ("wooden" for "wood", "person" for "guy").
"""
import argparse
import json
import re
import subprocess
import time

IRREGULAR = {"men": "man", "women": "woman", "children": "child", "leaves": "leaf"}


def normalised(phrase):
    words = re.sub(r"[^a-z0-9' -]", "", phrase.lower()).split()
    if not words:
        return ""
    last = IRREGULAR.get(words[-1], words[-1])
    if len(last) > 3 and last.endswith("ies"):
        last = last[:-3] + "y"
    elif len(last) > 3 and last.endswith(("sses", "shes", "ches", "xes")):
        last = last[:-2]
    elif len(last) > 2 and last.endswith("s") and not last.endswith(("ss", "us")):
        last = last[:-1]
    return " ".join(words[:-1] + [last])


def named(phrase, heads):
    name = normalised(phrase)
    return name.split()[-1] if heads and name else name


def views(record, heads):
    pairs = {(named(o, heads), normalised(a)) for o, a in record["attributes"]}
    return {"objects": {named(o, heads) for o in record["objects"]} - {""}, "pairs": pairs,
            "attribute words": {a for _, a in pairs},
            "absences": {named(o, heads) for o in record.get("absent", [])}}


def figures(gold, predicted, heads):
    lines = []
    for name in ("objects", "pairs", "attribute words", "absences"):
        hit = extra = missed = 0
        for g, p in zip(gold, predicted):
            g, p = views(g, heads)[name], views(p, heads)[name]
            hit, extra, missed = hit + len(g & p), extra + len(p - g), missed + len(g - p)
        if hit + missed:
            precision, recall = hit / max(hit + extra, 1), hit / (hit + missed)
            f1 = 2 * precision * recall / max(precision + recall, 1e-9)
            lines.append(f"{name} P {precision:.3f} R {recall:.3f} F1 {f1:.3f}")
    return "; ".join(lines)


def calibration_error(gold, predicted, heads):
    """Of objects and of pairs; a tag read twice in a caption counts once, with its surest."""
    errors = []
    for name in ("objects", "pairs"):
        judged = []
        for g, p in zip(gold, predicted):
            wanted, surest, n = views(g, heads)[name], {}, len(p["objects"])
            if name == "objects":
                items = [named(o, heads) for o in p["objects"]]
                found = zip(items, p["confidence"][:n])
            else:
                items = [(named(o, heads), normalised(a)) for o, a in p["attributes"]]
                found = zip(items, p["confidence"][n:])
            for item, confidence in found:
                surest[item] = max(confidence, surest.get(item, 0))
            judged += [(c, item in wanted) for item, c in surest.items()]
        bins = [0.0] * 10
        for confidence, right in judged:
            bins[min(9, int(confidence * 10))] += confidence - right
        errors.append(sum(map(abs, bins)) / max(1, len(judged)))
    return errors


def parsed_by_spacy(captions):
    import spacy
    nlp = spacy.load("en_core_web_sm")
    numbers = dict(zip("two three four five six seven eight nine ten".split(), "2 3 4 5 6 7 8 9 10".split()))
    start = time.time()
    records = []
    for document in nlp.pipe(captions):
        record = {"objects": [], "attributes": []}
        for token in document:
            if token.pos_ in ("NOUN", "PROPN") and token.dep_ != "compound":
                record["objects"].append(token.text)
                for child in token.children:
                    if child.dep_ in ("amod", "nummod", "compound"):
                        record["attributes"].append([token.text, numbers.get(child.text, child.text)])
            elif token.dep_ == "acomp":
                record["attributes"] += [[c.text, token.text] for c in token.head.children
                                         if c.dep_ == "nsubj"]
        records.append(record)
    print(f"spaCy {spacy.__version__}: {len(captions) / (time.time() - start):.0f} captions/s")
    return records


NUMBERS = dict(zip("1 2 3 4 5 6 7 8 9 10".split(),
                   "one two three four five six seven eight nine ten".split()))


def in_own_words(record):
    """The annotations whose every word stands in the caption, but for the plural."""
    there = {normalised(w) for w in re.split(r"[^A-Za-z0-9'-]+", record["caption"])}
    there |= {part for w in there for part in w.split("-")}

    def is_there(phrase):
        return all(normalised(w) in there or NUMBERS.get(w) in there for w in phrase.split())

    return {"objects": [o for o in record["objects"] if is_there(o)],
            "attributes": [[o, a] for o, a in record["attributes"] if is_there(o) and is_there(a)]}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("tagalign")
    options.add_argument("captions")
    options.add_argument("--heads", action="store_true")
    options.add_argument("--parser", default="learned")
    options.add_argument("--spacy", action="store_true")
    options.add_argument("--ceiling", action="store_true")
    options = options.parse_args()
    with open(options.captions, encoding="utf-8") as file:
        gold = [json.loads(line) for line in file]
    captions = [g["caption"].replace("\n", " ") for g in gold]
    if options.ceiling:
        predicted = [in_own_words(g) for g in gold]
    elif options.spacy:
        predicted = parsed_by_spacy(captions)
    else:
        command = [options.tagalign, "parse", "--parser", options.parser]
        output = subprocess.run(command, input="\n".join(captions) + "\n", text=True, check=True,
                                stdout=subprocess.PIPE).stdout
        predicted = [json.loads(line) for line in output.splitlines()]
    print(f"all {len(gold)}: {figures(gold, predicted, options.heads)}")
    if not options.spacy and not options.ceiling:
        errors = calibration_error(gold, predicted, options.heads)
        print("expected calibration error: objects %.3f, pairs %.3f" % tuple(errors))
    for kind in sorted({g.get("kind", "") for g in gold} - {""}):
        chosen = [i for i, g in enumerate(gold) if g.get("kind") == kind]
        print(f"{kind} {len(chosen)}: " + figures([gold[i] for i in chosen],
                                                  [predicted[i] for i in chosen], options.heads))


if __name__ == "__main__":
    main()
