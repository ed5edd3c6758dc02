"""One session: the states composed, and the intents that need more than one of them."""

import math
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from dashboard.geo.coordinates import parse_position
from dashboard.geo.mercator import extent_of, to_lonlat
from dashboard.geo.places import find
from dashboard.model.dtg import dtg
from dashboard.model.errors import InputError, NightglassError
from dashboard.model.handling import Handling, combine
from dashboard.model.sketch import Shape, Vertex
from dashboard.model.view import Extent, Layer, View
from dashboard.state.background import Background
from dashboard.state.briefs import Briefs
from dashboard.state.changing import Changing
from dashboard.state.company import Company
from dashboard.state.confirming import Confirming
from dashboard.state.covering import Covering
from dashboard.state.drawing import Drawing
from dashboard.state.exchanging import Exchanging
from dashboard.state.fronting import Fronting
from dashboard.state.fronttime import FrontTime
from dashboard.state.hub import Hub
from dashboard.state.inspecting import Inspecting
from dashboard.state.live import Living
from dashboard.state.notices import Notices, Weight
from dashboard.state.noting import Noting
from dashboard.state.overlaying import Overlaying
from dashboard.state.pictures import Pictures
from dashboard.state.reach import Reach
from dashboard.state.recording import Recording
from dashboard.state.reviewing import Reviewing
from dashboard.state.viewing import Viewing
from dashboard.workflows.areas import areas, default_view
from dashboard.workflows.workspace import Workspace

SAME_PLACE_PX = 20
"""Between the two clicks of a double click: the page calls any second click within 300 ms one, wherever it falls."""


class Session:
    """Everything one browser tab looks at. Built per session, never shared."""

    def __init__(self, workspace: Workspace, view: View, background: Background, hub: Hub | None = None) -> None:
        self.workspace = workspace
        self.background = background
        self.notices = Notices()
        self.viewing = Viewing(view)
        self.reach = Reach(workspace, self.viewing, background, self.notices)
        self.pictures = Pictures(workspace, self.viewing, self.reach, background)
        self.fronting = Fronting(workspace, self.viewing, self.reach, background, self.notices)
        self.fronttime = FrontTime(workspace, self.viewing, self.reach, self.fronting, background, self.notices)
        self.changing = Changing(workspace, self.viewing, self.reach, background, self.notices)
        self.reviewing = Reviewing(workspace, self.viewing, self.changing, background, self.notices)
        self.living = Living(workspace, self.viewing, self.reach, self.changing, background)
        self.inspecting = Inspecting(workspace, self.viewing, self.reach, background, self.notices)
        self.briefs = Briefs(workspace, self.viewing, background, self.notices)
        self.briefs.shown = lambda: self.changing.choice
        self.drawing = Drawing()
        self.drawing.around = self._around
        self._tapped = (math.inf, math.inf)
        self.noting = Noting(workspace, self.viewing, self.reach, background, self.notices)
        self.overlaying = Overlaying(workspace, self.viewing, background, self.notices)
        self.covering = Covering(workspace, self.viewing, background, self.notices)
        self.recording = Recording(workspace, self.drawing, self.noting, background, self.notices)
        self.exchanging = Exchanging(workspace, self.viewing, self.noting, self.recording, background, self.notices)
        self.confirming = Confirming(workspace, background, self.notices)
        self.company = Company(hub or Hub(lambda: workspace.catalog.revision), self.viewing, background, self.notices)
        for writer in (self.recording, self.fronttime, self.confirming, self.reviewing):
            writer.author = lambda: str(self.company.me.name)
            writer.wrote = self._wrote
        self.reviewing.wrote = lambda: self.company.wrote(workspace.catalog.revision)  # it moves nothing else here
        self.company.param.watch(lambda *_: self.refresh(), "revision")
        self.company.param.watch(lambda *_: self.reviewing.refresh(), "me")  # another name is another reviewer
        self.drawing.param.watch(lambda *_: self._show_editing(), "work")

    def prime(self) -> None:
        """Find what the page's layout depends on before it is built: nothing shall move by itself afterwards."""
        self.reach.prime()
        self.fronting.prime()
        self.noting.prime()

    def start(self) -> None:
        """Load what the first view needs."""
        self.believe(self.viewing.view.known_at)
        self.pictures.refresh()
        self.inspecting.refresh()
        self.refresh()
        self.recording.find_drafts()

    def refresh(self) -> None:
        """Look again for what others may have written."""
        parts = (
            self.fronting,
            self.fronttime,
            self.changing,
            self.reviewing,
            self.noting,
            self.overlaying,
            self.covering,
            self.living,
        )
        for part in (self.reach, *parts):
            part.refresh()

    def _wrote(self) -> None:
        self.company.wrote(self.workspace.catalog.revision)
        self.refresh()  # one's own work is on the map at once, whoever else is here

    def _show_editing(self) -> None:
        work = self.drawing.work
        if work is None:
            self.company.edit("")
        else:
            self.company.edit(f"annotation:{work.id}", f"drawing {work.form.get('title') or work.form.get('kind')}")

    def open_token(self, token: str) -> None:
        """Show the view of a token, or say why it cannot be shown."""
        try:
            self.viewing.open_token(token)
        except NightglassError as error:
            self.notices.fail(error)
            return
        self.believe(self.viewing.view.known_at)
        missing = [name for name in (self.viewing.view.a, self.viewing.view.b) if name and not self.reach.get(name)]
        if missing:
            self.notices.tell(f"This view shows {' and '.join(missing)}, not in this catalogue.", Weight.WARNING)

    def go_to(self, text: str) -> None:
        """Go to a position or a place named in words."""
        try:
            position = parse_position(text)
        except InputError as not_a_position:
            places = find(text, limit=1)
            if not places:
                self.notices.tell(
                    f"{text!r} is no MGRS, decimal or DMS position ({not_a_position}) and no known place.",
                    Weight.WARNING,
                )
                return
            self.viewing.go_to_point(places[0].lon, places[0].lat)
            self.notices.tell(f"{places[0].name}, {places[0].country}")
            return
        self.viewing.go_to_point(position.lon, position.lat)

    def choose_area(self, name: str) -> None:
        """Go to a named area with the view it suggests."""
        for area in areas(self.workspace):
            if area.name == name:
                self.viewing.choose_area(area, default_view(self.workspace, area))

    def step(self, by: int, *, same_stack: bool = False) -> None:
        """Make the neighbour in time the after picture."""
        neighbour = self.reach.neighbour(by, same_stack=same_stack)
        if neighbour is None:
            self.notices.tell("No " + ("later" if by > 0 else "earlier") + " acquisition with pixels here.")
            return
        self.reach.choose_b(neighbour)

    def step_change(self, by: int) -> None:
        """Select the next or previous change and centre it when it lies outside the map."""
        change = self.reviewing.step(by)
        if change is not None:
            self._centre(change.geometry)
        elif self.reviewing.looking:
            self.reviewing.wished = lambda: self.step_change(by)
        else:
            self.notices.tell("No detected change in the queue: loosen its filters, or detect between A and B.")

    def show_change(self, change_id: str) -> None:
        """Select a change by its id and centre it when it lies outside the map."""
        self.reviewing.pick(change_id)
        change = self.reviewing.selected
        if change is not None:
            self._centre(change.geometry)

    def show_annotation(self, id_: str) -> None:
        """Choose an annotation by its id and go there when it lies outside the map."""
        self.noting.choose(id_)
        if self.noting.chosen is not None:
            self._centre(self.noting.chosen.now.annotation.geometry)

    def believe(self, moment: datetime | None) -> None:
        """Show the map as it was known at a moment; a picture that had not arrived gives way to one that had."""
        instead = {} if moment is None else self.reach.believed(moment)
        self.viewing.believe(moment, **instead)
        gone = [letter.upper() for letter in ("a", "b") if letter in instead]
        if gone and moment is not None:
            there = any(instead[letter.lower()] for letter in gone)
            then = "the last one that had is shown" if there else "nothing had"
            self.notices.tell(f"{' and '.join(gone)} had not arrived by {dtg(moment)}: {then}.")

    # Drawing

    @property
    def metres_per_pixel(self) -> float:
        """Mercator metres of one pixel of the map."""
        extent = self.viewing.view.extent
        return float((extent.x1 - extent.x0) / self.viewing.width)

    def begin_drawing(self, shape: Shape, *, freehand: bool = False) -> None:
        """Put an empty sheet on the desk, valid from the moment on show; what lies there is put aside."""
        if self._looks_back():
            return
        self.recording.put_aside()
        self.drawing.begin(shape, self.noting.moment, freehand=freehand)

    def _looks_back(self) -> bool:
        past = self.viewing.view.known_at is not None
        if past:
            self.notices.tell("The map shows what was known earlier; go back to now before you draw.", Weight.WARNING)
        return past

    def edit_annotation(self) -> None:
        """Put the chosen annotation on the desk."""
        chosen = self.noting.chosen
        if chosen is not None and not self._looks_back():
            self.recording.put_aside()
            self.drawing.edit(chosen.now)
            self.drawing.open = True

    def _around(self, vertex: Vertex, reach_m: float) -> list[BaseGeometry]:
        """Return what a new vertex may snap to: annotations but the one on the desk, and the front, as shown."""
        desk, fronts = self.drawing.work, self.fronting.fronts
        found: list[BaseGeometry] = [*self.noting.around(vertex, reach_m, but=desk.id if desk else "")]
        if fronts is not None and fronts.after is not None and Layer.FRONTLINE in self.viewing.view.layers:
            found += [area.geometry for area in fronts.after.areas]
        return found

    def start_joining(self) -> None:
        """Let the next click on the map choose what is joined to the drawing."""
        self.drawing.joining = True
        self.notices.tell("Click the line or area to join.")

    def tapped(self, x: float, y: float) -> None:
        """Do what a click at a place (Mercator metres) stands for: a vertex, a choice, or the series at a point."""
        drawing = self.drawing
        self._tapped = x, y
        if drawing.work is not None and drawing.work.adding:
            drawing.add(x, y, self.metres_per_pixel)
            return
        found = self.noting.near(x, y, self.metres_per_pixel)
        if drawing.joining:
            drawing.joining = False
            if found is not None:
                drawing.join(found)
        elif found is not None:
            self.noting.choose(found.annotation.id)
        elif drawing.work is None:
            self.viewing.inspect(*to_lonlat(x, y))

    def tapped_twice(self, x: float, y: float) -> None:
        """End a line or an area; without one, go there. Two quick clicks at two places are two clicks."""
        away = math.dist((x, y), self._tapped) > SAME_PLACE_PX * self.metres_per_pixel
        if away and self.drawing.work is not None:
            self.tapped(x, y)
        elif self.drawing.work is not None:
            self.drawing.finish()
        else:
            self.viewing.go_to_point(*to_lonlat(x, y))

    def undo(self) -> None:
        """Take the last step back: of the drawing while the tools are open, else of the view."""
        if self.drawing.open or self.drawing.work is not None:
            if not self.recording.undo():
                self.notices.tell("Nothing drawn to undo.")
        elif not self.viewing.undo():
            self.notices.tell("Nothing to undo.")

    def redo(self) -> None:
        """Take the last undone step of the drawing again."""
        if not self.recording.redo():
            self.notices.tell("Nothing to redo.")

    def _centre(self, geometry: BaseGeometry) -> None:
        spot = extent_of(geometry.bounds, margin=1.0)
        now = self.viewing.view.extent
        x, y = spot.centre
        if not (now.x0 < x < now.x1 and now.y0 < y < now.y1):
            half_x, half_y = (now.x1 - now.x0) / 2, (now.y1 - now.y0) / 2
            self.viewing.go_to(Extent(x - half_x, y - half_y, x + half_x, y + half_y))

    @property
    def handling(self) -> Handling:
        """The strictest handling of everything on the screen."""
        shown = [acq.handling for acq in (self.reach.a, self.reach.b) if acq is not None]
        found = self.fronting.fronts
        if found is not None:
            shown += [snap.handling for snap in (found.before, found.after) if snap is not None]
        shown += self.changing.handlings
        if Layer.ANNOTATIONS in self.viewing.view.layers:
            shown += [revision.annotation.handling for revision in self.noting.listing.rows]
        if self.covering.picture is not None:
            shown.append(self.covering.picture.handling)
        if self.living.picture is not None:
            shown.append(self.living.picture.handling)
        return combine(shown)
