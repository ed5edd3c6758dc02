"""One session: the states composed, and the intents that need more than one of them."""

from dashboard.geo.coordinates import parse_position
from dashboard.geo.mercator import extent_of
from dashboard.geo.places import find
from dashboard.model.change import DetectedChange
from dashboard.model.errors import InputError, NightglassError
from dashboard.model.handling import Handling, combine
from dashboard.model.view import Extent, View
from dashboard.state.background import Background
from dashboard.state.briefs import Briefs
from dashboard.state.changing import Changing
from dashboard.state.fronting import Fronting
from dashboard.state.inspecting import Inspecting
from dashboard.state.notices import Notices, Weight
from dashboard.state.pictures import Pictures
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.areas import areas, default_view
from dashboard.workflows.workspace import Workspace


class Session:
    """Everything one browser tab looks at. Built per session, never shared."""

    def __init__(self, workspace: Workspace, view: View, background: Background) -> None:
        self.workspace = workspace
        self.background = background
        self.notices = Notices()
        self.viewing = Viewing(view)
        self.reach = Reach(workspace, self.viewing, background, self.notices)
        self.pictures = Pictures(workspace, self.viewing, self.reach, background)
        self.fronting = Fronting(workspace, self.viewing, self.reach, background, self.notices)
        self.changing = Changing(workspace, self.viewing, self.reach, background, self.notices)
        self.inspecting = Inspecting(workspace, self.viewing, self.reach, background, self.notices)
        self.briefs = Briefs(workspace, self.viewing, background, self.notices)

    def prime(self) -> None:
        """Find what the page's layout depends on before it is built: nothing shall move by itself afterwards."""
        self.reach.prime()
        self.fronting.prime()

    def start(self) -> None:
        """Load what the first view needs."""
        for part in (self.pictures, self.reach, self.fronting, self.changing, self.inspecting):
            part.refresh()

    def open_token(self, token: str) -> None:
        """Show the view of a token, or say why it cannot be shown."""
        try:
            self.viewing.open_token(token)
        except NightglassError as error:
            self.notices.fail(error)
            return
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
        change = self.changing.step(by)
        if change is None:
            self.notices.tell("No detected changes here; detect between A and B first.")
            return
        self._centre(change)

    def show_change(self, change_id: str) -> None:
        """Select a change by its id and centre it when it lies outside the map."""
        self.changing.select(change_id)
        for change in self.changing.changes:
            if change.id == change_id:
                self._centre(change)

    def _centre(self, change: DetectedChange) -> None:
        spot = extent_of(change.geometry.bounds, margin=1.0)
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
        shown += [change.handling for change in self.changing.changes[:1]]
        return combine(shown)
