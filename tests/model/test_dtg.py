"""Times as people write them: the same as the calendar's own writing, whatever the zone they come in."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.dtg import dtg, iso, parse_dtg, parse_moment

MOMENTS = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)).flatmap(
    lambda moment: st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    )
)


@given(MOMENTS)
def test_they_say_what_the_calendar_says(moment: datetime) -> None:
    utc = moment.astimezone(UTC)
    assert dtg(moment) == utc.strftime("%d%H%MZ%b%y").upper()
    assert iso(moment) == utc.strftime("%Y-%m-%dT%H:%M:%SZ")


@given(MOMENTS)
def test_they_are_read_back(moment: datetime) -> None:
    utc = moment.astimezone(UTC)
    assert parse_dtg(dtg(moment)) == utc.replace(second=0, microsecond=0)
    assert parse_moment(iso(moment)) == utc.replace(microsecond=0)
