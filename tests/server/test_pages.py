"""The page in two answers, and the picture that is shown before the second: what each holds, and what it may cost."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from test_serving import Site

from dashboard.geo.mercator import screen_geobox
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Layer, View
from dashboard.views.esm import addresses
from dashboard.views.plan import filled
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.frames import imagery
from dashboard.workflows.workspace import open_workspace

WINDOW = (1280, 720)


@pytest.fixture(scope="module")
def site(exercise_root: Path) -> Iterator[Site]:
    running = Site(exercise_root)
    yield running
    running.close()


@pytest.fixture(scope="module")
def story(exercise_root: Path) -> View:
    with open_workspace(exercise_root) as workspace:
        return replace(exercise_view(workspace), compare=CompareMode.SWIPE)


def opening(site: Site, query: str = "") -> dict[str, object]:
    status, answer, headers = site.ask("GET", f"/{query}")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    found = re.search(r"const OPENING = (\{.*\});", answer.decode())
    assert found is not None
    return json.loads(found.group(1))


def sessions(site: Site) -> set[str]:
    return {session.id for session in site._server.get_sessions("/")}


def test_the_page_is_answered_without_a_session(site: Site) -> None:
    before = sessions(site)
    opening(site)
    opening(site, "?v=rubbish&theme=light")
    assert sessions(site) <= before


def test_everything_that_the_page_names_is_there(site: Site) -> None:
    said = opening(site)
    named = [*said["scripts"], *said["modules"], *said["styles"], said["first"]]
    assert len(named) > 10
    assert set(addresses()) <= set(named)
    for address in named:
        status, answer, headers = site.ask("GET", "/" + address.removeprefix("./"))
        assert (status, bool(answer)) == (200, True), address
        assert re.match(r"(text|application)/(javascript|css)", headers["content-type"]), address


def test_a_module_is_kept_by_the_browser_and_no_other_is_made_up(site: Site) -> None:
    _, answer, headers = site.ask("GET", "/" + addresses()[0].removeprefix("./"))
    assert b"export function" in answer
    assert "immutable" in headers["cache-control"]
    for name in ("0" * 16 + ".js", "", "../pyproject.toml"):
        assert site.ask("GET", f"/modules/{name}")[0] == 404


@pytest.mark.parametrize("query", ["", "&v=rubbish", "&theme=light", "&width=x", "&width=-5", "&width=99999999999999"])
def test_a_session_is_answered_by_its_token_and_its_roots(site: Site, query: str) -> None:
    before = sessions(site)
    status, answer, headers = site.ask("GET", f"/session?width=1280&height=720{query}")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    said = json.loads(answer)
    assert said["token"]
    assert len(said["roots"]) >= 1
    assert len(sessions(site) - before) == 1


def looked(
    site: Site, view: View, window: tuple[int, int] = WINDOW
) -> tuple[dict[str, object], dict[str, bytes]] | None:
    query = f"v={quote(encode(view))}&width={window[0]}&height={window[1]}"
    status, answer, _ = site.ask("GET", f"/first?{query}")
    if status == 204:
        return None
    assert status == 200
    length = int.from_bytes(answer[:4], "little")
    head = json.loads(answer[4 : 4 + length])
    parts, start = {}, 4 + length
    for name, size in head["parts"]:
        parts[name] = answer[start : start + size]
        start += size
    assert start == len(answer)
    return head, parts


@pytest.mark.parametrize("mode", CompareMode)
def test_the_first_picture_has_the_bytes_that_the_map_will_show(site: Site, story: View, mode: CompareMode) -> None:
    found = looked(site, replace(story, compare=mode))
    assert found is not None
    head, parts = found
    _, _, width, height = head["place"]
    assert (head["width"], head["height"]) == (width, height)
    extent = filled(story.extent, width, height)
    with open_workspace(site.root) as workspace:
        view = replace(story, extent=extent, compare=CompareMode.LOG_RATIO if mode is CompareMode.LOG_RATIO else mode)
        wanted = imagery(workspace, view, screen_geobox(extent, width, height))
    levels = {"a": wanted.levels_a, "b": wanted.levels_b, "ratio": wanted.ratio}
    shown = set(parts) - {"palette-a", "palette-b"}
    expected = {CompareMode.A: {"a"}, CompareMode.B: {"b"}, CompareMode.BLINK: {"b"}, CompareMode.LOG_RATIO: {"ratio"}}
    assert shown == expected.get(mode, {"a", "b"})
    for name in shown:
        np.testing.assert_array_equal(np.frombuffer(parts[name], np.uint8).reshape(height, width), levels[name])
    assert parts["palette-b"] == wanted.palette_b.tobytes()


def test_the_first_picture_carries_its_marking_twice_and_says_what_it_shows(site: Site, story: View) -> None:
    found = looked(site, story)
    assert found is not None
    with open_workspace(site.root) as workspace:
        banner = imagery(workspace, story, screen_geobox(story.extent, 64, 48)).handling.banner
    assert found[0]["html"].count(f">{banner}</div>") == 2
    assert found[0]["html"].count('class="chip ') == 2


@pytest.mark.parametrize(
    ("change", "window"),
    [
        ({}, (0, 0)), ({}, (390, 844)), ({}, (1280, 200)), ({"layers": frozenset({Layer.BASEMAP})}, WINDOW),
        ({"a": None, "b": None}, WINDOW), ({"b": "nobody"}, WINDOW),
    ],
)  # fmt: skip
def test_there_is_no_first_picture_where_none_can_be_certain(
    site: Site, story: View, change: dict[str, object], window: tuple[int, int]
) -> None:
    assert looked(site, replace(story, **change), window) is None
