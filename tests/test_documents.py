"""The documents: their links, their scripts and their commands exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

import evo
from evo.cli.main import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in path.parts),
    ROOT / "benchmarks" / "notes.md",
]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def commands_in(text: str) -> list[list[str]]:
    """Return the arguments of every `evo` command in a document.

    Explanations are left out.
    """
    shells = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    code = [
        *re.findall(r"^    (.*)$", text, re.MULTILINE),
        *(line.removeprefix("$ ") for shell in shells for line in shell.splitlines()),
        *(" ".join(span.split()) for span in re.findall(r"`(evo [^`]*)`", text)),
    ]
    lines = [re.split(r"\s{3,}", line)[0] for line in code]
    found = [re.search(r"(?:^|/|\s)evo ([a-z].*)$", line) for line in lines]
    return [
        shlex.split(one[1].replace("[RUN ...]", "").replace("EXPERIMENT", "xor"))
        for one in found
        if one and not one[1].startswith(("COMMAND", "is "))
    ]


def parse(arguments: list[str]) -> None:
    """Parse a command's arguments, if it has any; nothing runs."""
    command: click.Command = main
    while isinstance(command, click.Group) and arguments:
        assert arguments[0] in command.commands, f"evo has no command {arguments[0]}"
        command, arguments = command.commands[arguments[0]], arguments[1:]
    if arguments:
        command.make_context("evo", list(arguments))


@pytest.mark.parametrize("document", NAMES)
def test_links_lead_to_files(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", NAMES)
def test_paths_in_the_repository_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    folders = "benchmarks|data|docs|evo|experiments|genomes|tests"
    named = re.findall(rf"\b(?:{folders})/[\w/]+\.\w+", text)
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", NAMES)
def test_commands_are_accepted_by_the_command_line(document: str) -> None:
    for arguments in commands_in((ROOT / document).read_text(encoding="utf-8")):
        try:
            parse(arguments)
        except click.UsageError as error:
            pytest.fail(f"evo {shlex.join(arguments)}: {error.format_message()}")


def test_the_reference_has_every_public_name() -> None:
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    assert [name for name in evo.__all__ if f"evo.{name}\n" not in text + "\n"] == []


def test_the_readme_shows_every_command() -> None:
    names = {arguments[0] for arguments in commands_in((ROOT / "README.md").read_text("utf-8"))}
    assert names == set(main.commands)
