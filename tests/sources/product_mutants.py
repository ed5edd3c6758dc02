"""Damage products in thousands of ways: each must be read, or refused by an error made for people."""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.catalog.records import row_of
from dashboard.model.errors import NightglassError
from dashboard.simulate.products.take import Written
from dashboard.sources.product import NOTHING_GIVEN, Given, NotRead, Product
from dashboard.sources.registry import products
from dashboard.sources.worker_process import UNFORESEEN

MUTANTS = 2000
FEWEST_REFUSED = 0.05
"""Share of mutants that must be refused: fewer would mean that the damage never reached the reader."""
MOST_KILLED = 0.01
"""Share of mutants that may end the process of the reader."""
STRIP = 256
NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_:.-]{2,40}")
EXTREMES = (b"nan", b"-1", b"0", b"1e308", b"-inf", b"99999999999999999999", b"", b"null", b"2147483647", b"4294967296")
WORDS = (
    b"",
    b"x",
    b"../../etc/passwd",
    b"http://localhost:9/",
    b"\xff\xfe",
    b"&amp;",
    b"true",
    b"[]",
    b"{}",
    b"A" * 3000,
)
BINARY = (
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x01",
    b"\x80",
)


@dataclass(frozen=True)
class Damage:
    """One way to harm one file of a product."""

    file: int
    kind: str
    where: float
    """Share of the file, or of the tokens in it."""
    size: int
    choice: int


damages = st.builds(
    Damage,
    file=st.integers(0, 63),
    kind=st.sampled_from(
        [
            "cut",
            "flip",
            "flip",
            "head",
            "head",
            "tail",
            "zero",
            "insert",
            "delete",
            "number",
            "number",
            "word",
            "remove",
            "empty",
            "line",
            "swap",
        ]
    ),
    where=st.floats(0, 1, exclude_max=True),
    size=st.integers(1, 64),
    choice=st.integers(0, 255),
)


def assault(
    tmp_path: Path, *written: Written, given_beside: Given = NOTHING_GIVEN, mutants: int = MUTANTS
) -> Counter[str]:
    """Read mutants of products, at least `mutants` in all; return how many were read, refused and fatal.

    Raises
    ------
    AssertionError
        If anything but an authored error comes out, or too many mutants end the reading process.
    """
    outcomes: Counter[str] = Counter()
    with _fast_folder(tmp_path) as folder:
        for number, product in enumerate(written):
            bundle = _Bundle(folder / str(number), product)
            _attack(bundle, -(-mutants // len(written)), given_beside, outcomes)
    total = sum(outcomes.values())
    assert outcomes["refused"] >= FEWEST_REFUSED * total, outcomes
    assert outcomes["fatal"] <= MOST_KILLED * total, outcomes
    return outcomes


def _attack(bundle: "_Bundle", examples: int, beside: Given, outcomes: Counter[str]) -> None:
    only = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, **only)
    @given(damages)
    def attack(damage: Damage) -> None:
        outcomes[bundle.attacked(damage, beside)] += 1

    attack()


class _Bundle:
    """A product's files, harmed one at a time and put right again."""

    def __init__(self, folder: Path, written: Written) -> None:
        root = written.path if written.path.is_dir() else written.path.parent
        self.folder = folder
        shutil.copytree(root, folder)
        self.files = sorted(folder / file.relative_to(root) for file in written.files)
        self.path = folder if written.path.is_dir() else folder / written.path.name
        self.contents = {file: file.read_bytes() for file in self.files}

    def attacked(self, damage: Damage, beside: Given) -> str:
        file = self.files[damage.file % len(self.files)]
        whole = self.contents[file]
        harmed = harm(whole, damage)
        if harmed is None:
            file.unlink()
        else:
            file.write_bytes(harmed)
        try:
            return outcome(self.path, beside)
        finally:
            file.write_bytes(whole)


def outcome(path: Path, beside: Given = NOTHING_GIVEN) -> str:
    """Read everything of a path; return ``read``, ``refused`` or ``fatal`` (the reading process had to be replaced)."""
    if not path.exists():
        return "refused"
    try:
        for found in products(path, beside):
            if isinstance(found, NotRead):
                if found.error is not None:
                    raise found.error
                continue
            _use(found)
    except NightglassError as error:
        text = str(error)
        assert UNFORESEEN not in text, text
        assert text.strip(), "an error without words"
        return "fatal" if "the process that read it" in text else "refused"
    return "read"


def _use(product: Product) -> None:
    row_of(product.acquisition)
    if product.power is None:
        return
    try:
        rows, cols = product.power.geobox.shape
        for name in product.power.polarisations:
            for top in range(0, min(rows, 2 * STRIP), STRIP):
                product.power.read(name, slice(top, min(top + STRIP, rows)), slice(0, min(cols, 4096)))
    finally:
        product.close()


def harm(whole: bytes, damage: Damage) -> bytes | None:  # noqa: C901, PLR0911, PLR0912  a list of harms
    """Return a file's content with one kind of damage; None for a file that is not there."""
    at = int(damage.where * len(whole))
    pick = BINARY[damage.choice % len(BINARY)]
    match damage.kind:
        case "remove":
            return None
        case "empty":
            return b""
        case "cut":
            return whole[:at]
        case "flip":
            return whole[:at] + bytes(b ^ (1 << damage.choice % 8) for b in whole[at : at + 1]) + whole[at + 1 :]
        case "head":
            at = int(damage.where * min(len(whole), 4096))
            return whole[:at] + pick + whole[at + len(pick) :]
        case "tail":
            at = max(0, len(whole) - 1 - int(damage.where * 2048))
            return whole[:at] + pick + whole[at + len(pick) :]
        case "zero":
            return whole[:at] + bytes(damage.size) + whole[at + damage.size :]
        case "insert":
            return whole[:at] + pick * damage.size + whole[at:]
        case "delete":
            return whole[:at] + whole[at + damage.size :]
        case "number":
            return _replaced(whole, NUMBER, EXTREMES, damage)
        case "word":
            return _replaced(whole, WORD, WORDS, damage)
        case "line":
            lines = whole.splitlines(keepends=True)
            cut = int(damage.where * len(lines))
            return b"".join(lines[:cut] + lines[cut + 1 :])
        case _:
            return whole[at:] + whole[:at]


def _replaced(whole: bytes, token: re.Pattern[bytes], by: Sequence[bytes], damage: Damage) -> bytes:
    """Replace one token in the text of a file: in all of a small one, in the first part of a large one."""
    found = [match.span() for match in token.finditer(whole[:200_000])]
    if not found:
        return whole[: len(whole) // 2]
    start, end = found[int(damage.where * len(found))]
    return whole[:start] + by[damage.choice % len(by)] + whole[end:]


@contextmanager
def _fast_folder(tmp_path: Path):
    """Give a folder in memory where the machine has one: thousands of small files are written."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path / "mutants"
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="nightglass-mutants-") as folder:
        yield Path(folder)
