import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.cli.main import run
from dashboard.cli.watch import said
from dashboard.workflows.watch import Event

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from dashboard.cli.main import run; run()"]


def test_an_interrupt_ends_a_watch_cleanly_and_its_table_says_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bad.tif").write_bytes(b"II*\x00")
    (folder / "readme.txt").write_text("hello")
    words = ["watch", folder, "--data", tmp_path / "data", "--interval", "0.1", "--patience", "0"]
    with subprocess.Popen(
        [*RUN, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 60
        ledgers = tmp_path / "data" / "watch"
        while time.monotonic() < until and sum(p.read_text().count("\n") for p in ledgers.glob("*.jsonl")) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "quarantined" in out
    assert "passed over" in out
    assert out.strip().endswith("1 quarantined, 1 passed over")
    assert (folder / "quarantine" / "bad.tif.reason.txt").is_file()


def test_a_reason_is_told_once_and_a_long_one_in_its_first_sentence() -> None:
    short = Event(at=0.0, status="quarantined", name="a.zip", text="a.zip: a.zip: its pixels are cut off. Fetch again.")
    assert said(short) == "its pixels are cut off. Fetch again."
    long = replace(short, name="b.h5", text="b.h5: no product. It looks for " + "x, " * 200)
    assert said(long) == "no product. The whole reason is aside with it, in b.h5.reason.txt."
    assert said(replace(long, status="held")) == long.text.removeprefix("b.h5: ")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["watch", "nowhere"], 2, "nowhere is no folder"),
        (["fetch-stac", "https://stac.example.org/", "--bbox", "30", "49", "31", "50", "--time", "2024-05-01/"], 10,
         'stac_hosts = ["stac.example.org"]'),
        (["fetch-stac", "https://x.org/", "--bbox", "30", "49", "31", "40", "--time", "2024-05-01/"], 2, "no box"),
        (["fetch-stac", "https://x.org/", "--bbox", "30", "49", "31", "50", "--time", "noon"], 2, "noon"),
        (["stac", "export", "out"], 2, "holds no Nightglass data"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_and_a_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["nightglass", *words, "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit) as left:
        run()
    assert left.value.code == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("nightglass: ")]
    assert len(lines) == 1
    assert text in lines[0]
