"""The others on the page: what is sent to the browser, once, and what is believed of what it says."""

import re

import pytest

from dashboard.geo.mercator import to_mercator
from dashboard.model.assets import asset
from dashboard.model.palette import tokens
from dashboard.model.person import colours
from dashboard.model.view import Extent, View
from dashboard.state.background import Immediate
from dashboard.state.company import Company
from dashboard.state.hub import Hub
from dashboard.state.notices import Notices
from dashboard.state.viewing import Viewing
from dashboard.views.company import CompanyView, Cursors, Strip
from dashboard.views.mailbox import Mailbox

HERE = View(extent=Extent(16_144_000.0, 5_353_000.0, 16_150_000.0, 5_357_000.0), a="one", b="two")
HOSTILE = '<img src=x onerror="alert(1)">'


class Page:
    """One page's company, and the browser that speaks to it."""

    def __init__(self, hub: Hub) -> None:
        self.company = Company(hub, Viewing(HERE), Immediate(), Notices())
        self.mailbox = Mailbox()
        self.mailbox.open()
        self.view = CompanyView(self.company, self.mailbox)
        self.company.param.watch(lambda *_: self.view.show(), ["me", "people", "share_cursor", "show_cursors"])
        self.company.join()

    def says(self, **message) -> None:
        import json

        self.mailbox.source.data = {"json": [json.dumps(message)]}


@pytest.fixture
def pages() -> tuple[Hub, Page, Page]:
    hub = Hub()
    one, other = Page(hub), Page(hub)
    hub.deliver()
    return hub, one, other


def test_what_one_says_of_himself_reaches_the_others(pages) -> None:
    hub, one, other = pages
    one.says(type="people-me", name="Kim Lee", colour="pink", share=True, show=True)
    hub.deliver()
    assert one.view.strip.me == {"name": "Kim Lee", "colour": "pink", "initials": "KL", "share": True, "show": True}
    (seen,) = other.view.strip.people
    assert seen == {
        "id": one.company.me.id, "name": "Kim Lee", "colour": "pink", "initials": "KL", "doing": "",
    }  # fmt: skip


def test_a_pointer_travels_as_ground_and_obeys_both_switches(pages) -> None:
    hub, one, other = pages
    assert one.view.overlay.sending
    one.says(type="people-cursor", lon=145.05, lat=43.28)
    hub.deliver()
    (seen,) = other.view.overlay.cursors
    me = one.company.me
    assert seen == [me.id, me.name, colours()[me.colour], *to_mercator(145.05, 43.28)]
    other.says(type="people-me", name="Kim", colour="pink", share=True, show=False)
    assert other.view.overlay.cursors == []
    other.says(type="people-me", name="Kim", colour="pink", share=True, show=True)
    assert other.view.overlay.cursors == [seen]
    one.says(type="people-me", name="Kim", colour="lime", share=False, show=True)
    assert not one.view.overlay.sending
    hub.deliver()
    assert other.view.overlay.cursors == []


def test_the_pointer_leaves_with_the_hand(pages) -> None:
    hub, one, other = pages
    one.says(type="people-cursor", lon=145.05, lat=43.28)
    one.says(type="people-cursor", lon=None, lat=None)
    hub.deliver()
    assert other.view.overlay.cursors == []


def test_alone_a_page_sends_no_pointer() -> None:
    hub = Hub()
    page = Page(hub)
    hub.deliver()
    assert not page.view.overlay.sending


def test_following_and_stopping(pages) -> None:
    hub, one, other = pages
    leader = one.company.me
    other.says(type="people-follow", id=leader.id)
    assert other.view.strip.following == leader.id
    assert other.view.overlay.leader == colours()[leader.colour]
    hub.deliver()
    other.says(type="people-unfollow")
    assert other.view.strip.following == ""
    assert other.view.overlay.leader == ""


def test_what_is_as_before_is_not_sent_again(pages) -> None:
    hub, one, other = pages
    sent: list[str] = []
    for part, names in (
        (other.view.strip, ["me", "people", "following"]),
        (other.view.overlay, ["cursors", "sending"]),
    ):
        part.param.watch(lambda *events: sent.extend(event.name for event in events), names)
    other.view.show()
    other.company.point((1.0, 1.0))
    hub.deliver()
    assert sent == []
    one.company.point((1.0, 1.0))
    hub.deliver()
    assert sent == ["cursors"], "a moving pointer does not send everybody's names"


def test_a_hostile_name_and_colour_stay_data(pages) -> None:
    hub, one, other = pages
    one.says(type="people-me", name=HOSTILE, colour="url(//evil)", share=1, show=1)
    hub.deliver()
    (seen,) = other.view.strip.people
    assert seen["name"] == HOSTILE
    assert seen["colour"] in colours()


@pytest.mark.parametrize("text", [Strip._esm, Cursors._esm], ids=["people", "cursors"])
def test_the_scripts_are_whole_and_write_text_as_text(text: str) -> None:
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert re.findall(r"^export\s+function\s+(\w+)", text, re.MULTILINE) == ["render"]
    declared = re.findall(r"^(?:export )?(?:const|let|class|function) (\w+)", text, re.MULTILINE)
    assert sorted(declared) == sorted(set(declared))
    assert "innerHTML" not in text


@pytest.mark.parametrize("name", ["people", "cursors"])
def test_what_a_script_imports_is_joined_before_it(name: str) -> None:
    joined = {"people": Strip._esm, "cursors": Cursors._esm}[name]
    source = asset("esm", f"{name}.js").read_text(encoding="utf-8")
    for words in re.findall(r"^import \{(.*?)\} from", source, re.MULTILINE | re.DOTALL):
        for word in words.split(","):
            assert re.search(rf"^(const|class|function) {word.strip()}\b", joined, re.MULTILINE), word


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", colours())
def test_letters_on_a_colour_can_be_read_and_no_colour_means_something_else(name: str) -> None:
    value = colours()[name]
    ink = tokens("dark").black
    assert (_luminance(value) + 0.05) / (_luminance(ink) + 0.05) >= 7.0
    for theme in ("dark", "light"):
        meant = {getattr(tokens(theme), each) for each in ("a", "b", "accent", "blue_force", "orange_force", "error")}
        assert value not in meant
