"""How busy people are, over the day and the week."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

HOUR = 3600.0
DAY = 24 * HOUR
WEEK_HOURS = 168
# The first Monday after the epoch, 00:00 UTC.
MONDAY = 4 * DAY


class Rhythm:
    """A weekly rhythm: a weight for each hour of the week, from Monday 00:00 UTC.

    An hour of weight 2 brings twice as much of something as an hour of weight 1.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        """Take 168 weights, none negative and at least one above 0.

        Raises:
            ValueError: They are not such weights.
        """
        if len(weights) != WEEK_HOURS or min(weights) < 0 or max(weights) <= 0:
            message = "a rhythm needs 168 weights, none negative, one above 0"
            raise ValueError(message)
        self._weights = tuple(weights)
        self._until = tuple(accumulate(weights, initial=0.0))

    @property
    def week(self) -> float:
        """The sum of the week's weights, in weighted hours."""
        return self._until[-1]

    def after(self, at: float, amount: float) -> float:
        """Tell when `amount` weighted hours have passed since `at`.

        Exponential amounts give a Poisson process with this rhythm, and nothing is thrown away.

        Args:
            at: Seconds since the epoch.
            amount: Weighted hours, 0 or more.

        Returns:
            Seconds since the epoch, not before `at`.
        """
        week, inside = divmod((at - MONDAY) / HOUR, WEEK_HOURS)
        hour = min(int(inside), WEEK_HOURS - 1)
        done = self._until[hour] + self._weights[hour] * (inside - hour)
        weeks, rest = divmod(done + amount, self.week)
        hour = bisect_right(self._until, rest) - 1
        inside = hour + (rest - self._until[hour]) / self._weights[hour]
        return max(at, MONDAY + ((week + weeks) * WEEK_HOURS + inside) * HOUR)


_CUSTOMERS_DAY = (
    *(0.25, 0.15, 0.1, 0.1, 0.12, 0.2, 0.35, 0.6),
    *(1.2, 1.8, 2.0, 1.9, 1.6, 1.7, 1.9, 1.8),
    *(1.6, 1.3, 1.0, 0.9, 0.9, 0.7, 0.5, 0.35),
)
_CUSTOMERS_WEEK = (1.25, 1.1, 1.05, 1.0, 0.9, 0.45, 0.4)
_OFFICE_DAY = (*(0.04,) * 8, *(1.0,) * 10, *(0.04,) * 6)
_SATURDAY = (*(0.03,) * 10, *(0.3,) * 4, *(0.03,) * 10)
_SUNDAY = (0.03,) * 24

CUSTOMERS = Rhythm([day * hour for day in _CUSTOMERS_WEEK for hour in _CUSTOMERS_DAY])
STAFF = Rhythm([*_OFFICE_DAY * 5, *_SATURDAY, *_SUNDAY])
