"""Which looks a question is answered from, and their pixels."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from pair_workspace import acquisition, grid
from stack_workspace import SHAPE, add, fill, looks, moment

from dashboard.model.acquisition import UNCALIBRATED, Kind
from dashboard.model.errors import CancelledError, InputError, NotComparableError, NotFoundError, UnknownUnitsError
from dashboard.model.handling import Handling, Rank
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.question import Method, Question, question_between, stacks_over
from dashboard.workflows.detection.stacks import chosen_stacks, passes_of, read_stack, require
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

BOX = box_of(grid(SHAPE))
EVERYTHING = {"before": (moment(0), moment(30)), "after": (moment(40), moment(200))}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("stacks")) as opened:
        yield opened, fill(opened, before=4, after=2), fill(opened, before=3, after=1, name="other", track=119, seed=8)


def question(**options):
    return Question(**{**EVERYTHING, "anchors": ("look-00",), **options})


def test_a_question_is_known_by_what_it_asks():
    asked = question(anchors=("b", "a"), polarisations=("VV", "VH"))
    assert asked.id == question(anchors=("a", "b"), polarisations=("VH", "VV")).id
    assert len(asked.id) == 16
    others = [question(far=1e-4), question(method=Method.PWTT), question(after=(moment(41), moment(200)))]
    assert len({each.id for each in (question(), asked, *others)}) == 5


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"before": (moment(0), moment(50))}, "the second after the first is over"),
        ({"after": (moment(60), moment(50))}, "must begin before it ends"),
        ({"before": (moment(0).replace(tzinfo=None), moment(1))}, "has no time zone"),
        ({"anchors": ()}, "No stack is named"),
        ({"far": 0.0}, "false-alarm rate is 0"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(fault, says):
    with pytest.raises(InputError, match=says):
        question(**fault)


def test_a_question_between_two_looks_asks_their_year_and_what_follows(world):
    opened, stack, other = world
    asked = question_between(opened, stack[3], stack[4])
    assert asked.before[1] == stack[3].start
    assert asked.after == (stack[4].start, stack[4].start + timedelta(days=60))
    assert asked.before[0] == stack[3].start - timedelta(days=1.1 * 365.25)
    assert asked.anchors == (stack[4].id,)
    assert question_between(opened, stack[2], other[3]).anchors == (other[3].id, stack[2].id)
    with pytest.raises(InputError, match="not later than A"):
        question_between(opened, stack[4], stack[3])


def test_each_stack_is_chosen_once_with_its_looks_in_both_periods(world):
    opened, stack, other = world
    asked = question(anchors=("look-00", "other-00", "look-03"), after=(moment(50), moment(200)))
    one, two = chosen_stacks(opened, asked, BOX)
    assert [each.members for each in one.passes] == [(stack[n],) for n in (0, 1, 2, 5)]
    assert [each.members[0].id for each in two.passes] == ["other-00", "other-01", "other-02"]
    assert (one.polarisations, one.anchor) == (("VV", "VH"), stack[0])
    between = chosen_stacks(opened, asked, BOX, between=True)
    assert [each.members[0].id for each in between[0].passes] == [acq.id for acq in stack]
    assert one.within(asked.after) == one.passes[3:]
    assert len(one.files) == 8
    assert other[0].handling & other[1].handling & other[2].handling == two.handling


def test_only_the_polarisations_asked_for_are_read(world):
    opened, *_ = world
    (chosen,) = chosen_stacks(opened, question(polarisations=("VH", "HH")), BOX)
    assert chosen.polarisations == ("VH",)
    with pytest.raises(NotComparableError, match="has VV, VH and not HV"):
        chosen_stacks(opened, question(polarisations=("HV",)), BOX)


def test_what_is_no_stack_is_refused_with_the_reason(world):
    opened, stack, _ = world
    faults = {
        "uncalibrated": ({"calibration": UNCALIBRATED}, UnknownUnitsError, "units are not stated"),
        "photograph": ({"kind": Kind.OPTICAL}, NotComparableError, "no radar"),
        "bare": ({"pixels": None}, NotComparableError, "no pixels here"),
    }
    for name, (fault, error, says) in faults.items():
        opened.catalog.acquisitions.add(replace(stack[0], id=name, **fault), replace=True)
        with pytest.raises(error, match=says):
            chosen_stacks(opened, question(anchors=(name,)), BOX)
    with pytest.raises(NotFoundError, match="nowhere"):
        chosen_stacks(opened, question(anchors=("nowhere",)), BOX)


def test_stacks_over_a_place_looked_both_before_and_after(world):
    opened, *_ = world
    assert stacks_over(opened, BOX, (moment(0), moment(30)), (moment(40), moment(100))) == ("look-05",)
    assert stacks_over(opened, BOX, (moment(0), moment(20)), (moment(22), moment(100))) == ("look-05", "other-03")
    assert stacks_over(opened, (0.0, 0.0, 1.0, 1.0), (moment(0), moment(20)), (moment(22), moment(100))) == ()
    assert stacks_over(opened, BOX, (moment(0), moment(30)), (moment(40), moment(90)), ("iceye",)) == ()


def test_products_of_one_pass_are_one_look():
    first = acquisition("a", day=0)
    slices = [replace(first, id=f"slice-{n}", start=first.start + timedelta(seconds=25 * n)) for n in range(3)]
    twice = replace(first, id="delivered-twice", level="SLC")
    later = acquisition("b", day=12)
    assert [len(each.members) for each in passes_of([later, *slices, twice])] == [4, 1]
    unstated = [replace(each, platform=None, track=None) for each in (first, *slices)]
    assert [len(each.members) for each in passes_of(unstated)] == [2, 1, 1]


def test_a_stack_is_the_power_of_every_look_in_order(world):
    opened, *_ = world
    (chosen,) = chosen_stacks(opened, question(), BOX)
    found = read_stack(opened.archive, chosen, grid(SHAPE))
    assert found.dims == ("time", "polarisation", "y", "x")
    assert found.dtype == np.float32
    assert list(found.polarisation.values) == ["VV", "VH"]
    assert np.all(np.diff(found.time.values) > np.timedelta64(0))
    for number, pass_ in enumerate(chosen.passes):
        for place, name in enumerate(chosen.polarisations):
            alone = opened.archive.read(pass_.members[0].pixels, name, grid(SHAPE)).values
            np.testing.assert_array_equal(found.values[number, place], alone)
    part = grid(SHAPE)[20:70, 100:180]
    assert found.y.values[0] > found.y.values[-1]
    np.testing.assert_array_equal(read_stack(opened.archive, chosen, part).x, found.x[100:180])
    before, after = question().periods.split(found.time.values)
    assert (before.sum(), after.sum()) == (3, 2)
    np.testing.assert_array_equal(read_stack(opened.archive, chosen, part), found[:, :, 20:70, 100:180])


def test_members_of_a_pass_fill_each_other_and_what_lacks_stays_empty(tmp_path):
    with open_workspace(tmp_path) as opened:
        bands = looks([0.0], event_day=None)[0]
        west = {name: np.where(np.arange(SHAPE[1]) < 150, power, np.nan) for name, power in bands.items()}
        east = {"VV": np.where(np.arange(SHAPE[1]) >= 100, 2 * bands["VV"], np.nan)}
        add(opened, acquisition("a-west", day=0), west)
        add(opened, acquisition("b-east", day=0), east)
        fill(opened, before=0, after=1, first_day=50)
        (chosen,) = chosen_stacks(opened, question(anchors=("a-west",)), BOX)
        assert [len(each.members) for each in chosen.passes] == [2, 1]
        found = read_stack(opened.archive, chosen, grid(SHAPE)).values[0]
        np.testing.assert_allclose(found[0][:, :150], bands["VV"][:, :150], rtol=2e-3)
        np.testing.assert_allclose(found[0][:, 150:], 2 * bands["VV"][:, 150:], rtol=2e-3)
        assert np.isnan(found[1][:, 150:]).all()


def test_a_read_stops_when_asked(world):
    opened, *_ = world
    (chosen,) = chosen_stacks(opened, question(), BOX)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        read_stack(opened.archive, chosen, grid(SHAPE), cancel)


def test_a_look_on_one_side_only_is_an_error_and_not_no_change(world):
    opened, *_ = world
    asked = question(after=(moment(150), moment(200)))
    with pytest.raises(InputError, match="night-sar: 3 before, 0 after"):
        require(chosen_stacks(opened, asked, BOX), asked)
    with pytest.raises(InputError, match="no looks at all"):
        require((), asked)


def test_the_strictest_marking_of_all_looks_is_the_stacks(tmp_path):
    with open_workspace(tmp_path) as opened:
        fill(opened, before=1, after=0)
        fill(opened, before=0, after=1, first_day=50, name="secret", handling=Handling(rank=Rank.SECRET))
        (chosen,) = chosen_stacks(opened, question(), BOX)
        assert chosen.handling.rank is Rank.SECRET
