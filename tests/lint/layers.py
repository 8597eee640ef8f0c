#!/usr/bin/env python3
"""Checks that include lines keep the layers apart (README, "How it is built").

Usage: layers.py ROOT [--self-test]
"""
import re
import sys
from pathlib import Path

QT = r"Q[A-Z]\w*|Qt\w+/.*"
SQL = r"QSql\w*|QtSql/.*|sqlite3\.h"
TORCH = r"torch/.*|ATen/.*|c10/.*"
WIDGETS = r"QWidget|QApplication|QDialog|QMainWindow|QtWidgets/.*"
FORBIDDEN = {
    "model": [QT, r"(db|widgets|app)/.*"],
    "db": [TORCH, WIDGETS, r"(model|widgets|app)/.*"],
    "widgets": [TORCH, SQL, r"(model|db|app)/.*"],
    "app": [TORCH, SQL.replace(r"QSql\w*", r"QSqlQuery|QSqlTableModel")],
}
# Only LibTorch and the header-only nlohmann/json below these.
BARE = ("model/tensor_io/", "model/clip/", "model/align/")
BARE_FORBIDDEN = [r"opencv2/.*", r"unicode/.*", r"model/(text|image|tags|eval|dataset|pipeline)/.*"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def problems_in(name, text):
    folder = name.split("/")[0]
    patterns = list(FORBIDDEN.get(folder, []))
    if name.startswith(BARE):
        patterns += BARE_FORBIDDEN
        if name.startswith("model/align/"):
            patterns[-1] = r"model/(text|image|eval|dataset|pipeline)/.*"
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match and any(re.fullmatch(pattern, match[1]) for pattern in patterns):
            yield f"{name}:{number}: {folder} may not include {match[1]}"


def self_test():
    planted = [("model/eval/A.h", "#include <QString>"), ("db/A.cpp", "#include <torch/torch.h>"),
               ("widgets/A.cpp", '#include "db/Rows.h"'), ("app/A.cpp", "# include <torch/torch.h>"),
               ("model/clip/A.cpp", "#include <opencv2/core.hpp>"), ("db/A.h", "#include <QWidget>")]
    missed = [name for name, text in planted if not list(problems_in(name, text))]
    allowed = [("db/A.cpp", "#include <QSqlQuery>"), ("widgets/A.h", "#include <QWidget>"),
               ("app/A.cpp", '#include "model/pipeline/Training.h"')]
    missed += [name for name, text in allowed if list(problems_in(name, text))]
    if missed:
        sys.exit(f"the check itself is broken: {missed}")


def main():
    self_test()
    root = Path(sys.argv[1])
    found = []
    for folder in FORBIDDEN:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cpp"):
                found += problems_in(file.relative_to(root).as_posix(), file.read_text())
    print("\n".join(found) or "no include crosses a layer")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
