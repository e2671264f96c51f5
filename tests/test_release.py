"""Releases: equal versions, complete metadata, and a valid citation file."""

import configparser
import re
from pathlib import Path

import pytest

import evo

ROOT = Path(__file__).parents[1]
SETUP = configparser.ConfigParser(interpolation=None)
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_all_versions_are_equal() -> None:
    cited = re.search(r"^version: (.+)$", CITATION, re.MULTILINE)
    assert cited is not None
    assert cited[1] == SETUP["metadata"]["version"] == evo.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {evo.__version__}" in changes


def test_the_supported_pythons_are_those_of_the_classifiers() -> None:
    classifiers = SETUP["metadata"]["classifiers"]
    minors = [int(minor) for minor in re.findall(r":: 3\.(\d+)", classifiers)]
    lowest = SETUP["options"]["python_requires"].removeprefix(">=3.")
    assert minors == list(range(int(lowest), int(lowest) + len(minors)))
    assert "Typing :: Typed" in classifiers


def test_the_citation_has_the_required_fields() -> None:
    for field in ("cff-version: 1.2.0", "message: ", "title: kuznechik", "authors:\n  - name: "):
        assert f"\n{field}" in f"\n{CITATION}"
    assert f"license: {SETUP['metadata']['license']}" in CITATION
    assert SETUP["metadata"]["author"] in CITATION


def test_every_extra_has_its_reason() -> None:
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    if "#" not in text:
        pytest.skip("setuptools leaves comments out of the source distribution")
    reasons = " ".join(line for line in text.splitlines() if line.startswith("#"))
    assert [x for x in SETUP["options.extras_require"] if f"extra `{x}`" not in reasons] == []


def test_the_source_distribution_has_every_folder() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text(encoding="utf-8")
    for folder in ("benchmarks", "data", "docs", "experiments", "tests"):
        assert f"graft {folder}\n" in manifest
