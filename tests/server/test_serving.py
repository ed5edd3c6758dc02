"""The server: this machine only, answers that are authored, files that stay where they are."""

import http.client
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.briefing.token import MAX_BYTES
from dashboard.model.errors import AccessError, InputError
from dashboard.model.token import encode
from dashboard.model.view import Extent, View
from dashboard.server.serve import check_host, serve
from dashboard.server.services import start_services
from dashboard.settings.config import Settings
from dashboard.workflows.brief import SnapshotOptions, snapshot
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import open_workspace

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from dashboard.cli.main import run; run()"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.evil.example"])
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(AccessError, match="login") as caught:
        check_host(host)
    assert repr(host) in str(caught.value)
    assert "ssh -L" in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_is_allowed(host: str) -> None:
    check_host(host)


def command(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, env=given, check=False
    )


def test_serve_on_every_address_exits_with_one_line_before_it_touches_the_data(tmp_path: Path) -> None:
    ended = command("serve", "--host", "0.0.0.0", "--data", str(tmp_path / "data"), folder=tmp_path)
    assert ended.returncode == AccessError.exit_code == 10
    assert re.fullmatch(r"nightglass: Refusing to listen on '0\.0\.0\.0'[^\n]*\n", ended.stderr)
    assert ended.stdout == ""
    assert not (tmp_path / "data").exists()


def test_a_bad_setting_exits_with_one_line(tmp_path: Path) -> None:
    ended = command("serve", folder=tmp_path, NIGHTGLASS_PORT="seventy")
    assert ended.returncode == InputError.exit_code
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "seventy" in ended.stderr


def test_a_port_that_is_none_exits_with_one_line(tmp_path: Path) -> None:
    ended = command("serve", "--port", "70000", "--data", str(tmp_path / "data"), folder=tmp_path)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == InputError.exit_code
    assert "70000" in ended.stderr


class Site:
    """A server in a thread of this process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(60)

    def _run(self) -> None:
        import asyncio

        asyncio.set_event_loop(asyncio.new_event_loop())
        services = start_services(Settings(data=self.root, port=0))
        self._server = serve(services, Settings(data=self.root, port=0), start=False)
        self._server.start()
        self.port = self._server.port
        self._started.set()
        self._server.io_loop.start()
        self._server.stop()
        services.close()

    def close(self) -> None:
        self._server.io_loop.add_callback(self._server.io_loop.stop)
        self._thread.join(20)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)  # the path goes out as it is given
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(exercise_root: Path) -> Iterator[Site]:
    running = Site(exercise_root)
    yield running
    running.close()


def test_ready_answers(site: Site) -> None:
    assert site.ask("GET", "/ready")[:2] == (200, b"ready")


@pytest.mark.parametrize("body", [b"", b"garbage", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"\x00" * 5000])
def test_reopen_refuses_garbage_in_words(site: Site, body: bytes) -> None:
    import json

    status, answer, _ = site.ask("POST", "/reopen", body)
    assert status == 200
    said = json.loads(answer)
    assert set(said) == {"error"}
    assert "Traceback" not in said["error"]
    assert said["error"]


def test_reopen_refuses_what_is_too_large(site: Site) -> None:
    status, answer, _ = site.ask("POST", "/reopen", b"\x00" * (MAX_BYTES + 1))
    assert status in {200, 413}
    assert b"bytes" in answer


def test_reopen_answers_the_token_of_an_export(site: Site, tmp_path: Path) -> None:
    import json

    with open_workspace(site.root) as workspace:
        view = exercise_view(workspace)
    path = snapshot(site.root, view, SnapshotOptions(), tmp_path / "sheet.png")
    status, answer, _ = site.ask("POST", "/reopen", path.read_bytes())
    assert status == 200
    assert json.loads(answer) == {"token": encode(view)}


def test_an_export_is_a_download_that_is_not_kept(site: Site) -> None:
    (site.root / "exports" / "some.txt").write_text("hello", encoding="utf-8")
    status, answer, headers = site.ask("GET", "/exports/some.txt")
    assert (status, answer) == (200, b"hello")
    assert headers["content-disposition"] == "attachment"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/exports/../catalog.sqlite", "/exports/%2e%2e/catalog.sqlite", "/exports/..%2fcatalog.sqlite",
        "/exports//etc/passwd", "/exports/%2fetc/passwd", "/exports/", "/assets/../pyproject.toml",
        "/assets/%2e%2e/pyproject.toml", "/exports/none.png", "/catalog.sqlite",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_exports(site: Site, path: str) -> None:
    assert (site.root / "catalog.sqlite").exists()
    status, answer, _ = site.ask("GET", path)
    assert status in {403, 404}
    assert b"SQLite" not in answer
    assert b"root:" not in answer
    assert b"[project]" not in answer
    assert b"Traceback" not in answer


def test_the_page_is_served_for_any_token(site: Site) -> None:
    for query in ("", f"?v={encode(View(extent=Extent(0, 0, 1000, 1000)))}", "?v=rubbish", "?theme=light"):
        status, answer, _ = site.ask("GET", f"/{query}")
        assert status == 200
        assert b"Nightglass" in answer
