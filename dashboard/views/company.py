"""The others on the page: their initials at the map's edge, their pointers over it, and whom one follows."""

from typing import Any, ClassVar

import panel as pn
import param

from dashboard.geo.mercator import to_mercator
from dashboard.model.palette import tokens
from dashboard.model.person import Person, colours
from dashboard.state.company import Company
from dashboard.views.esm import Component, module, style
from dashboard.views.mailbox import Mailbox, Message


class Strip(Component):
    """Initials of everybody here; one's own open a dialog. The browser remembers one's name and switches."""

    me = param.Dict(default={}, doc="Name, colour, initials of oneself and what one shares and sees.")
    people = param.List(default=[], doc="The others: id, name, colour, initials, what they are doing.")
    following = param.String(default="", doc="Id of the person who is followed; empty for nobody.")
    colours = param.Dict(default={}, doc="Colours to choose from, by name.")
    ink = param.String(default="", doc="Colour of letters on them.")

    _esm = module("models", "people")
    _stylesheets: ClassVar[list[str]] = [style("people")]


class Cursors(Component):
    """Overlay of the map: the others' pointers, and a frame in the colour of the person who is followed."""

    cursors = param.List(default=[], doc="Id, name, colour, x and y (Mercator metres) of every pointer to draw.")
    leader = param.String(default="", doc="Colour of the person who is followed; empty for nobody.")
    sending = param.Boolean(default=False, doc="Whether the page tells where its own pointer is.")
    ink = param.String(default="", doc="Colour of letters on a person's colour.")

    _esm = module("models", "position", "cursors")
    _stylesheets: ClassVar[list[str]] = [style("cursors")]


class CompanyView(pn.viewable.Viewer):
    """Shows the company of a session and takes what its user says about himself."""

    def __init__(self, company: Company, mailbox: Mailbox) -> None:
        super().__init__()
        self._company = company
        black = tokens("dark").black
        self.strip = Strip(colours=colours(), ink=black, me=_me(company), margin=0, css_classes=["people"])
        self.overlay = Cursors(ink=black, css_classes=["cursors"])
        mailbox.on("people-me", self._said)
        mailbox.on("people-cursor", self._pointed)
        mailbox.on("people-follow", lambda said: company.follow(str(said["id"])))
        mailbox.on("people-unfollow", lambda _: company.unfollow())

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the initials; like `overlay` they lie over the map and belong into its element."""
        return self.strip

    # From the browser

    def _said(self, message: Message) -> None:
        company = self._company
        company.introduce(str(message["name"]), str(message["colour"]))
        company.share(on=bool(message["share"]))
        company.show(on=bool(message["show"]))

    def _pointed(self, message: Message) -> None:
        lon, lat = message["lon"], message["lat"]
        self._company.point(None if lon is None else (float(lon), float(lat)))

    # To the browser

    def show(self) -> None:
        """Show who is here, where they point and whom one follows; what is as before is not sent again."""
        company, leader = self._company, self._company.leader
        self.strip.param.update(
            me=_me(company), people=[_listed(person) for person in company.people], following=company.following or ""
        )
        self.overlay.param.update(
            cursors=[_pointer(person) for person in company.people if company.show_cursors and person.cursor],
            leader=colours()[leader.colour] if leader else "",
            sending=company.share_cursor and bool(company.people),
        )


def _me(company: Company) -> dict[str, Any]:
    me = company.me
    return {
        "name": me.name, "colour": me.colour, "initials": me.initials, "share": company.share_cursor,
        "show": company.show_cursors,
    }  # fmt: skip


def _listed(person: Person) -> dict[str, Any]:
    return {
        "id": person.id, "name": person.name, "colour": person.colour, "initials": person.initials,
        "doing": person.doing,
    }  # fmt: skip


def _pointer(person: Person) -> list[Any]:
    x, y = to_mercator(*person.cursor) if person.cursor else (0.0, 0.0)
    return [person.id, person.name, colours()[person.colour], x, y]
