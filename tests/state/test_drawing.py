"""The desk: clicks become vertices, what is odd is kept and named, what is there catches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_makers import BOW_TIE, LINE, T0, begin, click, draw, said, saved
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from dashboard.geo.mercator import to_mercator
from dashboard.model.errors import InputError
from dashboard.model.sketch import Draft, Shape, Sketch
from dashboard.state.background import Immediate
from dashboard.state.drawing import Drawing, draft_of, new_id
from dashboard.state.session import Session
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace, open_workspace

HERE = to_mercator(36.1, 48.1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return begin(workspace)


def path_of(drawing: Drawing) -> tuple[tuple[float, float], ...]:
    assert drawing.work is not None
    return drawing.work.sketch.parts[0][0]


def line(*xs: float) -> Drawing:
    drawing = Drawing()
    drawing.begin(Shape.LINE, T0)
    for x in xs:
        drawing.add(HERE[0] + x, HERE[1], 1.0)
    return drawing


class TestVertices:
    def test_clicks_become_vertices_in_order_where_the_hand_was(self, session: Session) -> None:
        draw(session, *LINE)
        assert [pytest.approx(vertex, abs=1e-12) for vertex in LINE] == list(path_of(session.drawing))

    def test_the_second_click_of_a_double_click_is_no_vertex(self) -> None:
        drawing = line(0, 100, 100.5)
        assert len(path_of(drawing)) == 2
        assert len(drawing.steps.past) == 3

    @pytest.mark.parametrize("shape", [Shape.POINT, Shape.TEXT])
    def test_a_point_is_finished_with_one_click(self, session: Session, shape: Shape) -> None:
        draw(session, LINE[0], shape=shape)
        work = session.drawing.work
        assert work is not None
        assert not work.adding
        click(session, LINE[1])
        assert session.drawing.work == work

    def test_a_finished_line_takes_no_more_clicks_until_it_is_continued(self) -> None:
        drawing = line(0, 100)
        drawing.finish()
        drawing.add(*HERE, 1.0)
        assert len(path_of(drawing)) == 2
        drawing.go_on(at_start=False)
        drawing.add(HERE[0] + 300, HERE[1], 1.0)
        assert len(path_of(drawing)) == 3

    def test_taking_back_goes_to_the_empty_sheet_and_no_further(self) -> None:
        drawing = line(0, 100)
        for _ in range(4):
            drawing.back()
        assert drawing.work is not None
        assert drawing.work.sketch == Sketch(Shape.LINE)

    def test_a_freehand_line_is_thinned_within_what_the_screen_shows(self) -> None:
        drawing = line()
        stroke = [[HERE[0] + x, HERE[1] + (x % 2) * 0.5] for x in range(1000)]
        drawing.trace(stroke, 1.0)
        assert len(path_of(drawing)) < 20
        assert path_of(drawing)[-1] == pytest.approx((36.1 + 999 / 111_319.49, 48.1), abs=1e-5)
        assert len(drawing.steps.past) == 2, "a stroke is one step"

    @pytest.mark.parametrize("place", [(5, 0, 0), (0, 5, 0), (0, 0, 99), (0, 0, -1), (-1, 0, 0)])
    def test_a_vertex_that_is_not_there_is_refused_and_nothing_changes(self, place: tuple[int, int, int]) -> None:
        drawing = line(0, 100)
        before = drawing.work
        for act in (drawing.move, drawing.insert):
            with pytest.raises(InputError, match="vertex"):
                act(*place, *HERE, 1.0)
        with pytest.raises(InputError, match="vertex"):
            drawing.remove(*place)
        assert drawing.work is before

    def test_without_a_drawing_every_intent_does_nothing(self) -> None:
        drawing = Drawing()
        for act in (
            lambda: drawing.add(*HERE, 1.0), lambda: drawing.trace([[0, 0], [1, 1]], 1.0), drawing.back,
            lambda: drawing.move(0, 0, 0, *HERE, 1.0), lambda: drawing.remove(0, 0, 0), drawing.reverse,
            drawing.finish, drawing.repair, lambda: drawing.fill("title", "x"), lambda: drawing.go_on(at_start=True),
            lambda: drawing.cut([[0, 0], [1, 1]]), lambda: drawing.split(0, 0, 1), lambda: drawing.shift(1, 1),
        ):  # fmt: skip
            act()
        assert drawing.work is None
        assert drawing.steps.past == []

    def test_ids_never_meet(self) -> None:
        assert len({new_id() for _ in range(10_000)}) == 10_000


class TestDirection:
    """Teeth point to the right of the line: its direction is what it says."""

    def test_continuing_at_the_start_leaves_the_direction(self) -> None:
        drawing = line(0, 100, 200)
        drawing.finish()
        was = path_of(drawing)
        drawing.go_on(at_start=True)
        drawing.add(HERE[0] - 100, HERE[1], 1.0)
        drawing.finish()
        assert path_of(drawing)[1:] == was
        assert path_of(drawing)[0][0] < was[0][0]

    def test_the_other_end_may_follow_without_finishing_first(self) -> None:
        drawing = line(0, 100)
        was = path_of(drawing)
        drawing.go_on(at_start=True)
        drawing.add(HERE[0] - 100, HERE[1], 1.0)
        drawing.go_on(at_start=False)
        drawing.add(HERE[0] + 300, HERE[1], 1.0)
        drawing.finish()
        assert path_of(drawing)[1:3] == was

    @pytest.mark.parametrize("end", ["draft", "split"])
    def test_neither_a_draft_nor_a_cut_in_between_turns_it(self, end: str) -> None:
        drawing = line(0, 100, 200)
        was = path_of(drawing)
        drawing.go_on(at_start=True)
        assert drawing.work is not None
        if end == "draft":
            assert draft_of(drawing.work, "Kim").sketch.parts[0][0] == was
        else:
            drawing.split(0, 0, 1)
            assert drawing.work.sketch.parts[0][0] in (was[:2], was[1:])
            assert drawing.work.others[0][1].parts[0][0] in (was[:2], was[1:])

    def test_turning_round_turns_and_turning_again_restores_to_the_last_bit(self) -> None:
        drawing = line(0, 100, 200)
        was = path_of(drawing)
        drawing.reverse()
        assert path_of(drawing) == was[::-1]
        drawing.reverse()
        assert path_of(drawing) == was


class TestSnapping:
    def test_a_vertex_near_another_takes_its_place_to_the_last_bit(self, session: Session) -> None:
        there = saved(session, *LINE)
        x, y = to_mercator(*LINE[1])
        session.begin_drawing(Shape.LINE)
        session.tapped(x + 5 * session.metres_per_pixel, y - 5 * session.metres_per_pixel)
        assert path_of(session.drawing)[0] == there.annotation.geometry.coords[1]

    def test_a_vertex_near_an_edge_lies_on_it(self, session: Session) -> None:
        there = saved(session, (36.05, 48.05), (36.25, 48.05))
        session.begin_drawing(Shape.LINE)
        x, y = to_mercator(36.15, 48.05)
        session.tapped(x, y + 6 * session.metres_per_pixel)
        assert path_of(session.drawing)[0][1] == there.annotation.geometry.coords[0][1]

    def test_away_from_everything_nothing_catches(self, session: Session) -> None:
        saved(session, *LINE)
        draw(session, (36.3, 48.15))
        assert path_of(session.drawing)[0] == pytest.approx((36.3, 48.15), abs=1e-12)

    def test_what_is_edited_does_not_hold_its_own_vertices(self, session: Session) -> None:
        saved(session, *LINE)
        session.edit_annotation()
        x, y = to_mercator(*LINE[1])
        session.drawing.move(0, 0, 1, x + 3 * session.metres_per_pixel, y, session.metres_per_pixel)
        assert to_mercator(*path_of(session.drawing)[1]) == pytest.approx((x + 3 * session.metres_per_pixel, y))

    def test_what_is_not_shown_does_not_catch(self, workspace: Workspace) -> None:
        saved(begin(workspace), *LINE)
        elsewhere = begin(workspace, valid_at=T0.replace(year=2023))
        x, y = to_mercator(*LINE[1])
        elsewhere.begin_drawing(Shape.LINE)
        elsewhere.tapped(x + 3 * elsewhere.metres_per_pixel, y)
        assert to_mercator(*path_of(elsewhere.drawing)[0])[0] == pytest.approx(x + 3 * elsewhere.metres_per_pixel)

    def test_the_front_on_the_map_catches_too(self, exercise: Workspace) -> None:
        session = Session(exercise, exercise_view(exercise), Immediate())
        session.start()
        assert session.fronting.fronts is not None
        assert session.fronting.fronts.after is not None
        ring = session.fronting.fronts.after.areas[0].geometry.geoms[0].exterior.coords
        corner = ring[1][:2]
        x, y = to_mercator(*corner)
        session.drawing.begin(Shape.LINE, T0)
        session.drawing.add(x + 0.01, y, 0.1)
        assert path_of(session.drawing)[0] == corner


class TestWhatIsOdd:
    @pytest.mark.parametrize(
        ("shape", "vertices"),
        [
            (Shape.AREA, BOW_TIE),
            (Shape.LINE, (LINE[0],)),
            (Shape.AREA, LINE[:2]),
            (Shape.LINE, ((36.1, 95.0), LINE[0])),
        ],
        ids=["bow-tie", "one vertex", "two corners", "beyond the pole"],
    )
    def test_it_stays_on_the_desk_with_a_reason_and_one_click_mends_it(self, shape: Shape, vertices) -> None:
        drawing = Drawing()
        sketch = Sketch(shape, ((tuple(vertices),),))
        drawing.resume(Draft(id="n", author="Kim", updated=T0, base=0, sketch=sketch))
        assert drawing.wrong is not None
        assert drawing.wrong.reason
        assert drawing.wrong.repair
        assert drawing.work is not None
        assert drawing.work.sketch == sketch
        drawing.repair()
        assert drawing.wrong is None
        step = drawing.steps.undo()
        assert step is not None
        drawing.show(step.before)
        assert drawing.work.sketch == sketch

    def test_a_repair_of_nothing_is_no_step(self) -> None:
        drawing = line(0, 100)
        drawing.finish()
        count = len(drawing.steps.past)
        drawing.repair()
        assert len(drawing.steps.past) == count

    @given(x=st.floats(), y=st.floats(-1e8, 1e8), scale=st.floats(0, 1e6))
    def test_no_click_is_too_strange_to_keep(self, x: float, y: float, scale: float) -> None:
        drawing = line(0, 100)
        drawing.add(x, y, scale)
        assert drawing.work is not None
        assert drawing.wrong is None or drawing.wrong.reason


class TestCuttingAndJoining:
    def test_a_cut_area_is_two_areas_that_fill_it(self) -> None:
        drawing = Drawing()
        drawing.begin(Shape.AREA, T0)
        for x, y in ((0, 0), (100, 0), (100, 100), (0, 100)):
            drawing.add(HERE[0] + x, HERE[1] + y, 1.0)
        assert drawing.work is not None
        whole = Polygon(path_of(drawing)).area
        drawing.cut([[HERE[0] + 40, HERE[1] - 20], [HERE[0] + 40, HERE[1] + 120]])
        assert len(drawing.work.others) == 1
        pieces = [path_of(drawing), drawing.work.others[0][1].parts[0][0]]
        assert sum(Polygon(piece).area for piece in pieces) == pytest.approx(whole, rel=1e-9)

    def test_a_cut_that_misses_is_refused_in_words(self) -> None:
        drawing = Drawing()
        drawing.begin(Shape.AREA, T0)
        for x, y in ((0, 0), (100, 0), (100, 100)):
            drawing.add(HERE[0] + x, HERE[1] + y, 1.0)
        before = drawing.work
        with pytest.raises(InputError, match="across"):
            drawing.cut([[HERE[0] + 500, HERE[1]], [HERE[0] + 600, HERE[1]]])
        assert drawing.work is before

    def test_joined_lines_are_one_and_the_other_leaves_the_map_when_it_is_recorded(self, session: Session) -> None:
        other = saved(session, (36.25, 48.04), (36.3, 48.1), title="other")
        one = saved(session, (36.05, 48.05), (36.25, 48.04), title="one")
        session.noting.choose(one.annotation.id)
        session.edit_annotation()
        session.drawing.finish()
        session.start_joining()
        click(session, (36.275, 48.07))
        session.recording.save()
        store = session.workspace.catalog.annotations
        assert store.get(other.annotation.id).removed
        assert store.get(one.annotation.id).annotation.geometry.coords[0] == one.annotation.geometry.coords[0]
        assert len(store.get(one.annotation.id).annotation.geometry.coords) == 3

    def test_a_line_is_not_joined_to_itself_and_a_point_not_to_a_line(self, session: Session) -> None:
        point = saved(session, (36.3, 48.15), shape=Shape.POINT)
        there = saved(session, *LINE)
        session.edit_annotation()
        before = session.drawing.work
        session.drawing.join(there)
        assert session.drawing.work is before
        with pytest.raises(InputError, match="one shape"):
            session.drawing.join(point)
        assert session.drawing.work is before
        assert said(session) == ""
