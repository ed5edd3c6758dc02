import numpy as np
import pytest

from dashboard.model.errors import InputError
from dashboard.simulate.stack import Step, stack


def test_the_step_is_where_when_and_as_large_as_stated() -> None:
    mask = np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    mask.flags.writeable = False
    power = stack(8, (200, 200), looks=4, mean_db=-12, step=Step(db=3, mask=mask, first=5), seed=1).to_numpy()
    level = 10 * np.log10(power[:, mask].mean(axis=1))
    np.testing.assert_allclose(level[:5], -12, atol=0.1)
    np.testing.assert_allclose(level[5:], -9, atol=0.1)
    np.testing.assert_allclose(10 * np.log10(power[:, ~mask].mean(axis=1)), -12, atol=0.1)


def test_flipped_pixels_change_the_other_way() -> None:
    mask = np.ones((300, 300), bool)
    power = stack(2, (300, 300), looks=400, step=Step(db=6, mask=mask, first=1, flipped=0.25)).to_numpy()
    brighter = power[1] > power[0]
    assert brighter.mean() == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(
    "step", [Step(db=3, mask=np.ones((2, 2), bool), first=0), Step(db=3, mask=np.ones((4, 4), bool), first=9)]
)
def test_an_impossible_step_is_refused(step: Step) -> None:
    with pytest.raises(InputError, match="step"):
        stack(3, (4, 4), step=step)
