"""The others: who else has this map open, what one shows them of oneself, and whom one follows."""

import math
import random
import secrets
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import param

from dashboard.model.errors import InputError
from dashboard.model.person import Person, colours, tidy_name
from dashboard.model.view import View
from dashboard.state.background import Background
from dashboard.state.following import Track, dates
from dashboard.state.hub import Hub
from dashboard.state.notices import Notices
from dashboard.state.viewing import Viewing


class Company(param.Parameterized):
    """One session among the others of its process. Names are self-declared until there is a login."""

    me = param.ClassSelector(class_=Person, allow_None=False, default=None)
    """Oneself as the others see it; `me.name` is the author of what is saved."""
    people = param.ClassSelector(class_=tuple, default=())
    """The others, in the order of joining."""
    share_cursor = param.Boolean(default=True)
    """Whether the others see one's pointer."""
    show_cursors = param.Boolean(default=True)
    """Whether one sees theirs."""
    revision = param.Integer(default=0)
    """The catalogue's revision as last announced, by whichever session or process wrote: watch it to refresh."""

    def __init__(self, hub: Hub, viewing: Viewing, background: Background, notices: Notices) -> None:
        me = Person(id=secrets.token_hex(6), name=unnamed(), colour=hub.free_colour(), view=viewing.view)
        super().__init__(me=me)
        self._hub = hub
        self._viewing = viewing
        self._background = background
        self._notices = notices
        self._track = Track()
        self._taken: View | None = None
        self._screen = viewing.size
        self._left = False
        viewing.param.watch(lambda *_: self._view_changed(), "view")
        viewing.param.watch(lambda *_: self._resized(), "screen")

    @property
    def following(self) -> str | None:
        """Id of the person whose extent and dates this session tracks."""
        id_: str | None = self.me.following
        return id_

    @property
    def leader(self) -> Person | None:
        """The person whom this session follows."""
        return self.get(self.following)

    def get(self, id: str | None) -> Person | None:  # noqa: A002 - the word of the model
        """Return one of the others; None when nobody here has that id."""
        return next((person for person in self.people if person.id == id), None)

    def editors(self, subject: str) -> tuple[Person, ...]:
        """Return the others who are changing the same thing now."""
        return tuple(person for person in self.people if person.editing == subject)

    # Coming and going

    def join(self, attached: Callable[[], bool] = lambda: True) -> None:
        """Take part: call it when the page is complete.

        Parameters
        ----------
        attached : whether the page is still connected; without it a closed page would be seen until its session ends
        """
        if not self._left:  # the page of an ended session may still report that it is complete
            self._hub.join(self.me, self._heard, self._background.later, attached)

    def leave(self) -> None:
        """Take no part any more, for good: the session has ended."""
        self._left = True
        self._hub.leave(self.me.id)

    # What one shows of oneself

    def introduce(self, name: str, colour: str | None = None) -> None:
        """Take a name and a colour; an empty name gives an unnamed one, an unknown colour is not taken."""
        chosen = colour if colour in colours() else self.me.colour
        self._show(name=tidy_name(name) or unnamed(), colour=chosen)

    def point(self, at: tuple[float, float] | None) -> None:
        """Show the others where one points, degrees (longitude, latitude); None when the pointer leaves the map.

        A position outside the world, or while sharing is off, counts as none.
        """
        usable = at is not None and self.share_cursor and math.isfinite(at[0]) and math.isfinite(at[1])
        inside = usable and at is not None and abs(at[0]) <= 180 and abs(at[1]) <= 90
        self._show(cursor=at if inside else None)

    def edit(self, subject: str, doing: str = "") -> None:
        """Show the others what one is changing now; empty words when one has finished."""
        self._show(editing=subject, doing=doing)

    def share(self, *, on: bool) -> None:
        """Show one's pointer to the others, or hide it."""
        self.share_cursor = on
        if not on:
            self._show(cursor=None)

    def show(self, *, on: bool) -> None:
        """Draw the others' pointers, or not."""
        self.show_cursors = on

    def wrote(self, revision: int) -> None:
        """Announce a write of this session to every other at once."""
        self._hub.wrote(revision)

    # Following

    def follow(self, id: str) -> None:  # noqa: A002 - the word of the model
        """Track a person's extent, A, B and both clocks until one moves the map, chooses dates or stops."""
        person = self.get(id)
        if person is None:
            self._notices.tell("That person has left.")
            return
        try:
            self._show(following=id)
        except InputError as error:
            self._notices.fail(error)
            return
        self._taken = None
        self._take(person)

    def unfollow(self) -> None:
        """Stop following; the map stays where it is."""
        self._taken = None
        self._show(following=None)

    def _take(self, leader: Person) -> None:
        if self._taken is not None and _place(self._taken) == _place(leader.view):
            return
        self._taken = leader.view
        self._track.put(leader.view, self._viewing.size)
        self._viewing.follow(leader.view)

    def _view_changed(self) -> None:
        view = self._viewing.view
        if self.following is not None and not self._track.holds(view):
            self.unfollow()
        self._show(view=view)

    def _resized(self) -> None:
        old, self._screen = self._screen, self._viewing.size
        self._track.resized(self._viewing.view.extent, old, self._screen)

    # To and from the hub

    def _show(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Person
        me = replace(self.me, **changes)
        if me != self.me:
            self._hub.share(me)
            self.me = me

    def _heard(self) -> None:
        """Read the present state of the hub: its bell rang, on this session's thread."""
        people = tuple(person for person in self._hub.people() if person.id != self.me.id)
        leader = self.leader
        if people != self.people:
            self.people = people
        if self.following is not None:
            now = self.leader
            if now is not None:
                self._take(now)
            else:
                self.unfollow()
                self._notices.tell(f"{leader.name if leader else 'That person'} has left; you follow nobody now.")
        if self._hub.revision != self.revision:
            self.revision = self._hub.revision


def unnamed() -> str:
    """Return a name for somebody who has given none."""
    return "analyst " + "".join(random.choices(string.ascii_lowercase, k=2))  # noqa: S311 - a name, not a secret


def _place(view: View) -> tuple[object, ...]:
    return (view.extent, *dates(view))
