"""A lazy dataclass behaves as a standard one; both decorators are put on the same classes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import Any, ClassVar

import pytest

from reconciler.model.lazy_dataclass import FEW
from reconciler.model.lazy_dataclass import dataclass as lazy_dataclass

OPTIONS = [
    {"frozen": frozen, "slots": slots, "eq": eq}
    for frozen in (False, True)
    for slots in (False, True)
    for eq in (True, False)
]
Decorator = Callable[..., Any]


def point(decorator: Decorator, *, sized: bool = True, **options: bool) -> Any:
    """``sized`` adds a field that is no argument, so that even the first object needs a compiled ``__init__``."""

    @decorator(**options)
    class Point:
        """With every kind of field."""

        unit: ClassVar[str] = "m"
        x: int
        y: int = 0
        tags: list[str] = field(default_factory=list)
        note: str = field(default="", compare=False, repr=False)
        if sized:
            size: int = field(init=False, default=7)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError(self.x)

        @property
        def total(self) -> int:
            return self.x + self.y

    return Point


@pytest.mark.parametrize("frozen", [False, True])
def test_an_object_that_holds_itself_can_be_printed(frozen: bool) -> None:
    cls = point(lazy_dataclass, sized=False, frozen=frozen)
    one = cls(1)
    one.tags.append(one)
    assert repr(one).endswith("Point(x=1, y=0, tags=[...])")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_an_own_assignment_is_used_as_by_a_standard_dataclass(options: dict[str, bool]) -> None:
    def doubled(decorator: Decorator) -> Any:
        class Doubled:
            x: int

            def __setattr__(self, name: str, value: int) -> None:
                object.__setattr__(self, name, 2 * value)

        return decorator(**options)(Doubled)

    expected = result(lambda: doubled(dataclasses.dataclass)(3).x)
    if not options["frozen"]:  # A frozen one with an assignment of its own cannot be declared.
        assert result(lambda: doubled(lazy_dataclass)(3).x) == expected == 6


def result(action: Callable[[], Any]) -> Any:
    """What an action returns or raises."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001
        return type(error), str(error)


ACTIONS: dict[str, Callable[[Any], Any]] = {
    "repr": lambda cls: repr(cls(1, tags=["a"])),
    "equal": lambda cls: cls(1, 2) == cls(1, y=2, note="other"),
    "unequal": lambda cls: cls(1) != cls(2),
    "another type": lambda cls: cls(1) == 1,
    "hash": lambda cls: len({hash(each) for each in [cls(1, tags=()), cls(1, tags=())]}),
    "a hash of a list": lambda cls: isinstance(hash(cls(1)), int),
    "missing argument": lambda cls: cls(),
    "unknown argument": lambda cls: cls(1, z=3),
    "too many arguments": lambda cls: cls(1, 2, [], "", 5),
    "post init": lambda cls: cls(-1),
    "fields": lambda cls: [(each.name, each.type, each.default, each.init) for each in dataclasses.fields(cls)],
    "fields of an instance": lambda cls: [each.name for each in dataclasses.fields(cls(1))],
    "is a dataclass": lambda cls: (dataclasses.is_dataclass(cls), dataclasses.is_dataclass(cls(1))),
    "asdict": lambda cls: dataclasses.asdict(cls(1)),
    "astuple": lambda cls: dataclasses.astuple(cls(1)),
    "replace": lambda cls: repr(dataclasses.replace(cls(1), y=5)),
    "replace of what has no argument": lambda cls: dataclasses.replace(cls(1), size=5),
    "set a field": lambda cls: setattr(cls(1), "x", 5),
    "delete a field": lambda cls: delattr(cls(1), "x"),
    "own list": lambda cls: cls(1).tags is cls(1).tags,
    "match arguments": lambda cls: cls.__match_args__,
    "slots": lambda cls: vars(cls).get("__slots__"),
    "dict": lambda cls: hasattr(cls(1), "__dict__"),
    "class attributes": lambda cls: (
        cls.unit,
        type(getattr(cls, "y", None)).__name__,
        hasattr(cls, "tags"),
    ),
    "property": lambda cls: cls(1, 2).total,
    "names": lambda cls: (cls.__name__, cls.__qualname__, cls.__module__, cls.__doc__, cls.__init__.__name__),
    "copy": lambda cls: copy.copy(cls(1, 2)) == cls(1, 2),
    "deepcopy": lambda cls: copy.deepcopy(cls(1, 2, ["a"])) == cls(1, 2, ["a"]),
    "frozen": lambda cls: cls.__dataclass_params__.frozen,
}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_use_has_the_result_of_a_standard_dataclass(action: str, options: dict[str, bool]) -> None:
    act = ACTIONS[action]
    expected, found = point(dataclasses.dataclass, **options), point(lazy_dataclass, **options)
    for _ in range(3):
        assert result(lambda: act(found)) == result(lambda: act(expected))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_changes_when_init_is_compiled(action: str, options: dict[str, bool]) -> None:
    act = ACTIONS[action]
    expected, found = (point(each, sized=False, **options) for each in (dataclasses.dataclass, lazy_dataclass))
    for _ in range(FEW + 2):
        assert result(lambda: act(found)) == result(lambda: act(expected))


@lazy_dataclass(frozen=True, slots=True)
class Sent:
    """One that a pickle finds by its name."""

    name: str
    size: int = 0


def test_it_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Sent("a", 2))) == Sent("a", 2)  # noqa: S301


def test_a_subclass_is_a_standard_dataclass_with_the_fields_of_both() -> None:
    @lazy_dataclass(frozen=True, slots=True)
    class Larger(Sent):
        weight: float = 1.0

    assert repr(Larger("a", weight=2.0)).endswith("Larger(name='a', size=0, weight=2.0)")
    with pytest.raises(dataclasses.FrozenInstanceError):
        Larger("a").weight = 3.0  # type: ignore[misc]


def test_a_plain_subclass_inherits_what_is_made_later() -> None:
    class Plain(Sent):
        pass

    assert Plain("a") == Plain("a")
    assert Plain("a") != Sent("a")
    assert hash(Plain("a")) == hash(Plain("a"))


def test_own_methods_stay() -> None:
    @lazy_dataclass(frozen=True, slots=True)
    class Own:
        value: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 5

    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(1))) == ("own", True, 5)


def test_a_frozen_one_with_its_own_equality_can_be_hashed() -> None:
    def made(decorator: Decorator) -> Any:
        class Own:  # noqa: PLW1641
            value: int

            def __eq__(self, other: object) -> bool:
                return True

        return decorator(frozen=True, slots=True)(Own)

    assert hash(made(lazy_dataclass)(1)) == hash(made(dataclasses.dataclass)(1))


def test_a_match_statement_takes_it_apart() -> None:
    match Sent("a", 3):
        case Sent(name, size=3):
            assert name == "a"
        case _:
            pytest.fail("no match")


def test_a_method_is_made_once_and_by_any_of_many_threads() -> None:
    cls = point(lazy_dataclass, frozen=True, slots=True)
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda number: cls(number, tags=()), range(200)))
    assert [each.x for each in made] == list(range(200))
    assert cls(1, tags=()) in set(made)
    assert cls.__init__.__code__.co_name == "__init__"


def test_other_options_go_to_the_standard_decorator() -> None:
    @lazy_dataclass(order=True)
    class Ordered:
        value: int

    assert Ordered(1) < Ordered(2)


@pytest.mark.parametrize("slots", [False, True])
def test_nothing_else_can_be_set_on_a_frozen_one(slots: bool) -> None:
    """The standard decorator raises a TypeError of its own making where the class has slots."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        point(lazy_dataclass, frozen=True, slots=slots)(1).other = 5
