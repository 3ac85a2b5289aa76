"""An observer that writes down what it is told."""

from dataclasses import dataclass, field

from reactivex import abc

__all__ = ["Failure", "Notes"]


@dataclass
class Notes(abc.ObserverBase):
    """Everything that a stream emits."""

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
    """An error that equals its copies: each observer of a hub gets one of its own."""

    def __eq__(self, other):
        return isinstance(other, Failure) and other.args == self.args

    __hash__ = Exception.__hash__
