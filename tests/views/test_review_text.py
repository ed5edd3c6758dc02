"""The review tab in words and pictures: every figure is there, and words from data are text."""

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from review_makers import T0, changes_of, run_of

from dashboard.model.change import Basis, ChangeSign
from dashboard.model.errors import InputError
from dashboard.model.palette import tokens
from dashboard.model.progress import Progress
from dashboard.model.review import Precision, Review, Verdict
from dashboard.model.sampling import sampling
from dashboard.render.compose import ratio_palette
from dashboard.state.queued import Listed
from dashboard.views.amounts import square_metres
from dashboard.views.reviewhand import Held, curves, evidence_text, hand, pictures, verdicts
from dashboard.views.reviewhead import STOPS, Detecting, foot, head, stops
from dashboard.views.reviewpictures import Curve, Marks, png, series
from dashboard.views.reviewtext import about, basis_words, measured, queue_rows, rate, sure
from dashboard.workflows.blank import Blank
from dashboard.workflows.chips import Chips, Line
from dashboard.workflows.review import Order, Sieve, Summary

DARK = tokens("dark")
RUN = run_of()
(CHANGE,) = changes_of(RUN, 1)
HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '" onmouseover="x',
        "' onclick='x",
        "<img src=x onerror=x>",
        "</title></svg><b>",
        "]]>",
    ]
) | st.text(max_size=12)
IDLE = Detecting(far=1e-3, fars={"0.001": "1 in 1,000"})


class Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def review(words: str, verdict: Verdict | None = Verdict.WATER) -> Review:
    return Review(change_id="c", reviewer=words, verdict=verdict, note=words, at=T0, version=1)


def chips_of() -> Chips:
    levels = np.arange(30 * 40, dtype=np.uint8).reshape(30, 40)
    return Chips(
        polarisation="VV", before=levels, after=levels, ratio=levels, limits_db=(-20.0, 0.0),
        outline=(((5.0, 5.0), (9.0, 5.0), (9.0, 9.0)),), stamps=(T0, T0 + timedelta(days=6)), ids=("a", "b"),
        pixel_m=5.0,
    )  # fmt: skip


def line_of(words: str, *values: float) -> Line:
    times = tuple(T0 + timedelta(days=6 * each) for each in range(len(values)))
    return Line(
        stack=words, polarisation="VV", times=times, mean_db=values, ids=("x",) * len(values), interval=(T0, T0)
    )


def held(words: str = "VV", **given_: object) -> Held:
    run = run_of(words=words)
    (change,) = changes_of(run, 1, words=words)
    made = Held(
        change=replace(change, id=words), run=run, place="1 of 60", own=review("me"), others=(review(words),),
        front=words, pictures=pictures(chips_of(), DARK), evidence=True,
        series=curves((line_of(words, -12.0, -6.0),), change, DARK, (T0, None)),
    )  # fmt: skip
    return replace(made, **given_)


def cards(words: str) -> dict[str, str]:
    run = run_of(id_=words or "r", words=words)
    judged = Summary(precision=Precision(3, 2, 1), doubly=2, kappa=0.5, reviewers=(words, words))
    busy = Detecting(far=1e-3, fars={"0.001": words}, progress=Progress(0.4, words), refusals=(words,))
    return {
        "hand": hand(held(words)),
        "head": head(run, (run,), None, busy),
        "foot": foot(Sieve(), Order.SIZE, ["BLUE"], judged, brushed=True),
    }


@given(HOSTILE)
@settings(deadline=None)
def test_what_comes_from_data_is_text_and_nothing_else(words: str) -> None:
    plain = {name: [tag for tag, _ in Tags(html).tags] for name, html in cards("plain").items()}
    for name, html in cards(words).items():
        read = Tags(html)
        assert not [key for _, attrs in read.tags for key in attrs if key.startswith("on")], name
        if "\n" not in words and "\r" not in words:  # a line more is a row of evidence more
            assert [tag for tag, _ in read.tags] == plain[name], f"{name} is built otherwise"


class TestRun:
    def test_the_basis_is_said_in_words(self) -> None:
        assert "17 pseudo-events in the dates before the event, 104 km² each" in basis_words(RUN)
        assert "producer's own words" in basis_words(replace(RUN, basis=Basis.STATED))
        assert "simulated speckle" in basis_words(
            replace(RUN, basis=Basis.THEORY, announced=replace(RUN.announced, windows=0))
        )
        assert "promises nothing" in basis_words(replace(RUN, announced=None))

    def test_remarks_area_and_rate_asked_are_said_and_that_a_change_is_no_proof(self) -> None:
        said = about(replace(RUN, remarks=("The check of the law <failed>.",)))
        assert "The check of the law &lt;failed&gt;." in said
        assert "52.50 km²" in said
        assert "0.001 false alarms per pixel" in said
        assert "not proof of damage" in said
        assert "1.5 to 3.5 times" not in said
        two = replace(RUN, method="log-ratio-f", basis=Basis.THEORY, announced=None)
        assert "1.5 to 3.5 times the asked rate" in about(two)

    def test_detection_is_refused_with_its_reasons_and_cancelled_while_it_runs(self) -> None:
        refused = head(None, (), None, replace(IDLE, refusals=("B is not later than A",)))
        assert "B is not later than A" in refused
        assert refused.count(" disabled") == 2
        running = head(RUN, (RUN,), None, replace(IDLE, progress=Progress(0.42, "reading")))
        assert 'value="42"' in running
        assert "reading 42 %" in running
        assert running.count(" disabled") == 2
        assert "Cancel" in running
        assert " disabled" not in head(RUN, (RUN,), None, IDLE)

    def test_runs_between_a_and_b_stand_apart_from_two_hundred_others(self) -> None:
        runs = [replace(RUN, id=f"run-{n}", before="a" if n % 50 == 0 else "x") for n in range(200)]
        html = head(runs[0], runs, "run-50", IDLE, ("a", RUN.after))
        assert re.findall(r'<optgroup label="([^"]*)">', html) == ["Between A and B (4)", "Other dates (196)"]
        assert re.findall(r'<option value="([^"]*)"', html)[:5] == ["", "run-150", "run-100", "run-50", "run-0"]
        assert '<option value="run-50" selected>' in html

    def test_a_run_of_other_ground_offers_the_way_there(self) -> None:
        assert "review-ground" in head(RUN, [RUN], RUN.id, IDLE, here=False)
        assert "review-ground" not in head(RUN, [RUN], RUN.id, IDLE)

    def test_without_a_run_it_says_whether_there_are_others(self) -> None:
        assert "No run between A and B yet" in head(None, [RUN], None, IDLE, ("x", "y"))
        assert "Nothing has been detected yet" in head(None, [], None, IDLE)

    @given(st.floats(0.5, 1e4), st.floats(1.001, 1e3))
    def test_the_slider_rises_over_all_scores_and_says_what_the_run_announces(self, low: float, ratio: float) -> None:
        scores, told = stops(RUN, (low, low * ratio))
        assert scores == sorted(set(scores))
        assert len(told) == len(scores) + 1 <= STOPS
        assert scores[-1] == pytest.approx(low * ratio, rel=0.01)
        for score, words in zip(scores, told[1:], strict=True):
            assert f"<b>{rate(RUN.announced.at(score))}</b>" in words

    def test_a_threshold_that_somebody_else_chose_has_its_place_on_the_slider(self) -> None:
        scores, told = stops(RUN, (2.0, 64.0), 7.777)
        assert 7.777 in scores
        assert len(told) == len(scores) + 1
        assert 0.5 not in stops(RUN, (2.0, 64.0), 0.5)[0]

    def test_without_an_announcement_nothing_is_promised_and_without_scores_there_is_no_slider(self) -> None:
        assert all("not measured" in words for words in stops(replace(RUN, announced=None), (1.0, 9.0))[1])
        assert stops(RUN, None) == stops(None, (1.0, 2.0)) == stops(RUN, (3.0, 3.0)) == ([], [])
        assert len(stops(RUN, (-5.0, 5.0))[0]) == STOPS - 1


class TestMeasured:
    def test_nothing_is_said_without_a_review(self) -> None:
        assert measured(Summary(count=40)) == ""

    def test_the_share_has_its_interval_and_the_disputed_stand_apart(self) -> None:
        said = measured(Summary(precision=Precision(140, 121, 3)))
        assert "Of the <b>140</b> reviewed at this setting, <b>121</b> were real (80–92 %)." in said
        assert "3 disputed" in said
        assert "κ" not in said

    def test_a_figure_says_how_the_reviewed_were_chosen_and_the_way_to_a_fair_one(self) -> None:
        scores = np.geomspace(90.0, 2.0, 40)
        top, lot = np.arange(40) < 12, np.arange(40) % 3 == 0
        for mask, said in ((top, "Reviewed were the 12 surest of 40: the figure flatters"), (lot, "14 of 40 reviewed")):
            shown = measured(Summary(precision=Precision(12, 10), sampling=sampling(scores, mask)))
            assert said in shown
            assert ("at random" in shown) == ('class="warn"' in shown) == (mask is top)

    def test_agreement_has_its_number_and_its_names(self) -> None:
        said = measured(Summary(doubly=34, kappa=-0.713, reviewers=("Ada", "Kim <b>")))
        assert "Agreement of Ada and Kim &lt;b&gt;: κ −0.71, n = 34." in said
        assert "says nothing yet" in measured(Summary(doubly=2, kappa=None, reviewers=("a", "b")))

    @given(st.floats(0, 1e6))
    def test_a_rate_never_says_none_where_some_are_expected(self, expected: float) -> None:
        assert (rate(expected) == "0") == (expected == 0)

    def test_confidence_is_never_certainty(self) -> None:
        assert sure(replace(CHANGE, confidence=1.0)) == "> 99 %"
        assert sure(replace(CHANGE, confidence=None)) == "–"


class TestQueue:
    def test_a_row_says_verdict_strength_size_day_confidence_and_distance(self) -> None:
        mixed = replace(CHANGE, sign=ChangeSign.MIXED, magnitude_db=-4.0, confidence=None)
        rows = queue_rows([Listed(CHANGE, "false-alarm", 0.35, "BLUE"), Listed(mixed, "none", None, "")])
        assert rows[0] == (CHANGE.id, "false", "+3.0", "324 m²", "01JUN26", "> 99 %", "350 m")
        assert rows[1][1:3] == ("–", "±4.0")
        assert rows[1][5:] == ("–", "–")

    def test_the_filters_in_use_are_counted_and_chosen(self) -> None:
        sieve = Sieve(signs=frozenset({ChangeSign.DARKER}), within_km=2.5)
        said = foot(sieve, Order.FRONT, ["BLUE"], Summary(count=7, by_verdict=(("none", 4),)), brushed=False)
        assert "nearest the front, 2 filters" in said
        assert '<option value="darker" selected>' in said
        assert 'value="2.5"' in said
        assert "<b>7</b> changes · 4 not reviewed" in said
        assert "period" not in said
        assert "of the period on the ruler" in foot(sieve, Order.FRONT, [], Summary(count=1), brushed=True)

    @pytest.mark.parametrize(("text", "area"), [("", 0.0), ("400", 400.0), ("1,200 m²", 1200.0), ("0.5 m2", 0.5)])
    def test_areas_are_read(self, text: str, area: float) -> None:
        assert square_metres(text) == area

    @pytest.mark.parametrize("text", ["-1", "much", "nan", "inf", "1e20"])
    def test_what_is_no_area_is_refused(self, text: str) -> None:
        with pytest.raises(InputError, match="no area"):
            square_metres(text)


class TestHand:
    def test_it_says_strength_dates_certainty_and_place(self) -> None:
        words = Tags(hand(held())).words
        for said in (
            "1 of 60", "+3.0 dB", "95th percentile 4.5 dB", "324 m²", "260900ZMAY26 and 010900ZJUN26",
            "95 %: 250900ZMAY26 and 020900ZJUN26", "first: one look shows it", "> 99 % · score 60",
            "17 before, 3 after · shown by 1 of 2 stacks",
        ):  # fmt: skip
            assert said in words, said

    def test_what_a_producer_did_not_state_is_no_figure(self) -> None:
        bare = replace(CHANGE, magnitudes=(), magnitude_db=0.0, sign=ChangeSign.MIXED, confidence=None)
        shown = Tags(hand(held(change=bare))).words
        assert "◆ strength not stated" in shown
        assert "0.0 dB" not in shown
        assert queue_rows([Listed(bare, "none", None, "")])[0][2] == "–"

    def test_the_verdicts_have_their_keys_and_ones_own_is_pressed(self) -> None:
        pressed = [
            (json.loads(attrs["data-say"])["verdict"], attrs["aria-pressed"])
            for tag, attrs in Tags(verdicts(review("me", Verdict.MOVED))).tags
            if tag == "button"
        ]
        assert pressed == [(verdict.value, str(verdict is Verdict.MOVED).lower()) for verdict in Verdict]
        assert re.findall(r"<kbd>(\d)</kbd>", verdicts(None)) == list("12345")
        assert 'aria-pressed="true"' not in verdicts(None)

    def test_the_note_belongs_to_its_change(self) -> None:
        html = hand(held(own=review("me", None)))
        (note,) = [attrs for tag, attrs in Tags(html).tags if attrs.get("name") == "review-note"]
        assert note["value"] == "me"
        assert note["data-about"] == "VV"
        assert json.loads(note["data-say"]) == {"type": "review-note", "id": "VV"}

    def test_evidence_comes_when_it_is_asked_for_and_is_copied_whole(self) -> None:
        assert "data-copy" not in hand(held(evidence=False))
        (copied,) = [attrs["data-copy"] for _, attrs in Tags(hand(held())).tags if "data-copy" in attrs]
        shown = held()
        assert copied == evidence_text(shown.change, shown.run)
        for fact in ("sha256 archive/VV.tif\t" + "ab" * 32, "evidence\ta", "far\t0.001", "software\tnightglass VV"):
            assert fact in copied

    def test_the_place_of_the_pictures_is_kept_while_they_are_read(self) -> None:
        waiting, there = pictures(None, DARK), pictures(chips_of(), DARK)
        assert waiting.count("<figure") == there.count("<figure") == 3
        assert there.count("<polygon") == 3
        assert "after 070900ZJUN26" in there

    def test_where_there_is_nothing_to_show_the_reason_stands_instead(self) -> None:
        why = Blank("S1A <1> is not in this catalogue.")
        shown = pictures(why, DARK)
        assert Tags(shown).words == why.why
        assert "<svg" not in shown
        assert Tags(curves(why, CHANGE, DARK, (None, None))).words == why.why
        assert "aria-busy" in pictures(None, DARK)
        assert "aria-busy" not in pictures(chips_of(), DARK)

    def test_a_picture_arrives_as_it_is(self) -> None:
        levels = np.random.default_rng(1).integers(0, 256, (9, 14), np.uint8)
        levels.flags.writeable = False
        grey = Image.open(BytesIO(base64.b64decode(png(levels).partition(",")[2])))
        np.testing.assert_array_equal(np.asarray(grey), levels)
        table = ratio_palette()
        painted = Image.open(BytesIO(base64.b64decode(png(levels, table).partition(",")[2]))).convert("RGB")
        expected = np.array([bytes.fromhex(colour[1:]) for colour in table])
        assert bytes(np.asarray(painted)[3, 5]) == expected[levels[3, 5]]


class TestSeries:
    moments = tuple(T0 + timedelta(days=6 * each) for each in range(5))

    def drawn(self, *values: float, **marks: object) -> str:
        curve = Curve(name="iceye VV", moments=self.moments[: len(values)], values_db=np.array(values))
        return series([curve], Marks(**marks), DARK.brighter, DARK)

    def test_a_gap_stays_a_gap(self) -> None:
        whole, broken = self.drawn(-9.0, -8.0, -7.0), self.drawn(-9.0, np.nan, -7.0)
        assert [re.search(r'<path d="([^"]*)" fill="none"', html).group(1).count("M") for html in (whole, broken)] == [
            1,
            2,
        ]
        assert broken.count("<circle") == 2

    def test_nothing_seen_is_said(self) -> None:
        assert "<svg" not in self.drawn(np.nan, np.nan)
        assert "No look" in series([], Marks(), DARK.mixed, DARK)

    def test_the_interval_and_both_dates_are_marked_in_their_colours(self) -> None:
        html = self.drawn(-9.0, -8.0, -3.0, interval=self.moments[1:3], a=self.moments[0], b=self.moments[2])
        assert f'fill="{DARK.brighter}" fill-opacity' in html
        assert f'stroke="{DARK.a}"' in html
        assert f'stroke="{DARK.b}"' in html
        assert f'stroke="{DARK.b}"' not in self.drawn(-9.0, -8.0, b=T0 + timedelta(days=900))

    @given(st.lists(st.floats(-60, 30) | st.just(np.nan), min_size=1, max_size=5))
    def test_every_point_lies_in_the_picture(self, values: list[float]) -> None:
        html = self.drawn(*values, interval=(T0 - timedelta(days=900), T0))
        for x, y in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', html):
            assert 0 < float(x) < 336
            assert 0 < float(y) < 118
