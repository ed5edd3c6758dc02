import subprocess
import sys
from pathlib import Path

from dashboard.simulate.products.qps import write_level_13
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import open_workspace

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from dashboard.cli.main import run; run()"]


def nightglass(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_guesses_are_listed_confirmed_and_gone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    take = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",))
    write_level_13(tmp_path / "qps", mini_scene(4.0, (30, 40)), take)
    with open_workspace(data) as workspace:
        (entry,) = ingest(workspace, [tmp_path / "qps"])
    listed = nightglass("confirm", entry.id, "--data", data)
    assert listed.returncode == 0
    assert "guessed" in listed.stdout
    assert "pass_direction" in listed.stdout
    done = nightglass(
        "confirm",
        entry.id,
        "--data",
        data,
        "--all",
        "--field",
        "look=left",
        "--field",
        "category=46 cm",
        "--who",
        "Ana",
    )
    assert done.returncode == 0, done.stderr
    assert "look: left" in done.stdout
    assert "category: 46 cm" in done.stdout
    assert "guessed" not in nightglass("confirm", entry.id, "--data", data).stdout
    wrong = nightglass("confirm", entry.id, "--data", data, "--field", "look=up")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("nightglass: ")
    assert "Traceback" not in wrong.stderr
