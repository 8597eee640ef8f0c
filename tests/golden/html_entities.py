#!/usr/bin/env python3
"""Writes model/text/HtmlEntities.inc: the HTML 5 entities and the upper-case ones that ftfy adds.

Usage: html_entities.py > model/text/HtmlEntities.inc     (Python's standard library only)
Each line: {"name", "UTF-8 text", upper-case addition or not}. Names end in ';' where HTML asks for it.
"""
import html
from html.entities import html5


def literal(text):
    return "".join("\\%03o" % byte for byte in text.encode("utf-8"))


rows = {name: (char, "false") for name, char in html5.items()}
for name, char in html5.items():
    if name.endswith(";") and name == name.lower():
        upper = name.upper()
        if html.unescape("&" + upper) == "&" + upper:
            rows[upper] = (char.upper(), "true")
print("// Made by tests/golden/html_entities.py from the HTML 5 standard's list.")
for name in sorted(rows):
    char, added = rows[name]
    print('{"%s", "%s", %s},' % (name, literal(char), added))
