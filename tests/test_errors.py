import pickle
import re

import pytest

from serve_app import errors
from serve_app.errors import NotReady, Overloaded, ReplicaLost, ServeError, Unavailable

CLASSES = {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type)}
SERVED = {name: kind for name, kind in CLASSES.items() if issubclass(kind, ServeError)}
LINE = re.compile(r"^([│├└─ ]*)(\w+) (\d{3}) (\w+)", re.MULTILINE)
TREE = {name: (len(lead) // 4, int(status), code) for lead, name, status, code in LINE.findall(errors.__doc__ or "")}


def test_the_tree_in_the_docstring_has_every_error() -> None:
    assert TREE.keys() == SERVED.keys()


@pytest.mark.parametrize("name", TREE)
def test_the_tree_tells_status_code_and_depth(name: str) -> None:
    kind = SERVED[name]
    assert TREE[name] == (kind.mro().index(ServeError), kind.status, kind.code)


def test_codes_are_different() -> None:
    assert len({kind.code for kind in SERVED.values()}) == len(SERVED)


@pytest.mark.parametrize("kind", SERVED.values())
def test_an_error_survives_the_way_from_a_replica(kind: type[ServeError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("steps=0: allowed: 1 to 100", param="steps")))
    assert type(copy) is kind
    assert (str(copy), copy.param) == ("steps=0: allowed: 1 to 100", "steps")
    assert pickle.loads(pickle.dumps(kind("full"))).param is None


@pytest.mark.parametrize("kind", SERVED.values())
def test_only_who_may_try_again_is_told_when(kind: type[ServeError]) -> None:
    assert (kind.retry_after is not None) == issubclass(kind, Unavailable) == (kind.status == 503)


def test_a_lost_replica_takes_longer_than_a_full_one() -> None:
    assert Overloaded.retry_after < NotReady.retry_after < ReplicaLost.retry_after


def test_a_wrong_setting_is_no_answer_to_a_client() -> None:
    assert not issubclass(errors.SettingsError, ServeError)
