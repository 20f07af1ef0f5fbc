"""The ledger as the library reads it: typed, in order, and with an error that names a malformed entry."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from underglass.course.claims import FILE, VERDICTS, Claim, claims, read_ledger, sources
from underglass.course.ledger import Ledger, evidence, ledger, of_releases, verdicts
from underglass.errors import UnderglassError

BOOK = Path(__file__).parent.parent / "book"
WHOLE = """\
sources: {S1: a source}
claims:
  E1: {source: "S1, 2", claim: It is., chapter: 9, verdict: holds, fact: It is., go: ["1.27.3"]}
"""


def test_the_claims_of_a_source() -> None:
    assert [source.name for source in sources()] == ["S0", "S1", "S2", "S3", "S4"]
    assert {claim.source for claim in claims("S1")} == {"S1"}
    assert sum(len(claims(source.name)) for source in sources()) == len(claims())
    assert {claim.verdict for claim in claims()} == set(VERDICTS)
    [first] = [claim for claim in claims() if claim.name == "F1"]
    assert (first.place, first.chapter) == ("1.3", 5)
    with pytest.raises(UnderglassError, match=r"no source 'S9'\. There are: S0, S1"):
        claims("S9")


MALFORMED = (
    ("claims: {}", "needs two mappings"),
    ("- a", "needs two mappings"),
    ("sources: {", "is no YAML: .* line 1"),
    (WHOLE.replace(", fact: It is.", ""), r"entry E1: it has no fact\. Add"),
    (WHOLE.replace("holds", "true"), r"entry E1: verdict is no text\. Write it in quotes"),
    (WHOLE.replace("holds", "maybe"), r"entry E1: maybe is no verdict\. Take one of holds, partly"),
    (WHOLE.replace("S1, 2", "S7"), r"entry E1: S7 is no source\. Take one of S1"),
    (WHOLE.replace("9", "nine"), r"entry E1: 'nine' is no chapter\. Write its number"),
    (WHOLE.replace('["1.27.3"]', "1.27"), r'entry E1: go is no list of releases\. Write it as \["1'),
    (WHOLE.replace('["1.27.3"]', "[1.27]"), "entry E1: go is no list of releases"),
    (WHOLE.replace("fact", "found: no, fact"), r"entry E1: found is no key .* keys are source, claim"),
    (WHOLE.replace('{source: "S1', '[1, "').replace("]}", "]]"), "is no YAML|it is no mapping"),
    ("sources: {S1: a}\nclaims: {E1: text}", r"entry E1: it is no mapping\. Give it source, claim"),
)


@pytest.mark.parametrize(("text", "words"), MALFORMED, ids=[words[:40] for _, words in MALFORMED])
def test_a_malformed_ledger_is_told_by_entry_and_what_to_do(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UnderglassError, match=words):
        read_ledger(tmp_path / FILE)


def test_a_ledger_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnderglassError, match=r"claims\.yml cannot be read: .* install the wheel again"):
        read_ledger(tmp_path / FILE)
    (tmp_path / FILE).write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(UnderglassError, match="is no YAML"):
        read_ledger(tmp_path / FILE)


def test_a_whole_ledger(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WHOLE, encoding="utf-8")
    [source], [claim] = read_ledger(tmp_path / FILE)
    assert (source.name, source.title) == ("S1", "a source")
    assert claim == Claim("E1", "S1", "2", "It is.", 9, "holds", "It is.", ("1.27.3",))


def test_a_claim_links_to_its_first_cell(tmp_path: Path) -> None:
    shutil.copy(BOOK / "05_frames.ipynb", tmp_path)
    cells = evidence(tmp_path)
    assert {name[0] for name in cells} == {"F", "C"}
    page = ledger("S4", tmp_path)._repr_markdown_()
    assert f"[chapter\N{NO-BREAK SPACE}5](05_frames.ipynb#cell-id={cells['F1'].name})" in page
    assert "](" not in ledger("S4")._repr_markdown_()
    (tmp_path / "06.ipynb").write_text('{"cells": [{}]}')
    with pytest.raises(UnderglassError, match=r"06\.ipynb is no notebook"):
        evidence(tmp_path)


def test_marks_of_assembly_stay_marks() -> None:
    claim = Claim("X1", "S1", "", "a|b $0 symbol<>(SB)", 1, "holds", "g_goid and *p.", ("1.27.3",))
    row = Ledger((claim,), {})._repr_markdown_().splitlines()[2]
    assert r"a\|b \$0 symbol\<\>(SB)" in row
    assert r"g\_goid and \*p." in row
    assert repr(Ledger((claim,), {})) == "X1  holds: g_goid and *p. chapter 1."


def test_a_part_of_a_source() -> None:
    parts = [ledger("S4", part=str(number)).claims for number in range(1, 6)]
    assert sorted(c.name for part in parts for c in part) == sorted(c.name for c in claims("S4"))
    assert {claim.place[0] for claim in parts[2]} == {"3"}


def test_counts_add_up() -> None:
    table = verdicts()
    assert int(table.rows[-1][-1]) == len(claims()) == sum(int(row[-1]) for row in table.rows[:-1])


def test_the_table_of_releases_has_each_release_in_its_column() -> None:
    table = of_releases()
    assert {row[0] for row in table.rows} >= {c.name for c in claims() if c.verdict == "version-bound"}
    for row in table.rows:
        for line, run in zip(table.head[2:], row[2:], strict=True):
            assert run == "" or run.startswith(line)
    assert list(table.head[2:]) == sorted(table.head[2:], key=lambda line: int(line.split(".")[1]))
