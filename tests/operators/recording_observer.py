"""An observer that records the notifications of a stream."""

from dataclasses import dataclass, field

from reactivex import abc

__all__ = ["Failure", "RecordingObserver"]


@dataclass
class RecordingObserver(abc.ObserverBase):
    """The notifications of a stream, by kind."""

    values: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    completions: int = 0

    def on_next(self, value):
        self.values.append(value)

    def on_error(self, error):
        self.errors.append(error)

    def on_completed(self):
        self.completions += 1

    @property
    def is_open(self):
        return not self.errors and not self.completions


class Failure(Exception):
    """An error that equals its copies, of which each observer of a hub gets one."""

    def __eq__(self, other):
        return isinstance(other, Failure) and other.args == self.args

    __hash__ = Exception.__hash__
