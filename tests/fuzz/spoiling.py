"""Records of Zendesk's, spoilt: what JSON can hold and a desk cannot, and what JSON cannot."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

MARK = "@spoilt@"
QUOTED = json.dumps(MARK)
DEEP = (5, 100, 400, 900, 1_000, 1_100, 100_000)
# As they stand in the text of a page: some are no JSON at all.
TOKENS = (
    *("null", "true", "-0", "0", "-1", "1.5", "1e999", "-1e999", "NaN", "-Infinity", '""', "[]"),
    *("{}", "[[]]", "[null]", '{"id": null}', str(2**31), str(2**63 - 1), str(2**63)),
    *(str(-(2**63) - 1), str(10**30), "9" * 400, "9" * 5_000, "-" + "9" * 5_000),
    *('"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', '"\\u202e"'),
    *('"²"', '"١٢٣"', '"1"', '"NaN"', '"-1"', '"true"', json.dumps("x" * 100_000)),
    *(json.dumps(f"{year}-01-01T00:00:00Z") for year in ("0000", "0001", "9999", "10000", "-1")),
    *('"2026-13-45T00:00:00Z"', '"2026-11-01T00:00:00"', '"2026-11-01"', '"yesterday"'),
    *('"9999-12-31T23:59:59-14:00"', '"0001-01-01T00:00:00+14:00"', '"2026-11-01T00:00:60Z"'),
    *('"merged into request #99999999999999999999999"', '"merged into request #١٢"'),
    *("[" * depth + "]" * depth for depth in DEEP),
    *('{"a":' * depth + "1" + "}" * depth for depth in DEEP),
)
Place = tuple[Any, Any]


def places(record: dict[str, Any]) -> list[Place]:
    """Every place in a record that can be spoilt, as what holds it and its key or number."""
    return list(_places(record))


def _places(told: Any) -> Iterator[Place]:
    if isinstance(told, dict | list):
        for key in told if isinstance(told, dict) else range(len(told)):
            yield told, key
            yield from _places(told[key])


@st.composite
def spoilt(draw: st.DrawFn, record: dict[str, Any]) -> bytes:
    """The JSON of a record, or what looks like it, of which one place is not as it was."""
    copied = json.loads(json.dumps(record))
    held, key = draw(st.sampled_from(places(copied)))
    how = draw(st.sampled_from(("token", "any", "missing", "twice", "unknown", "bytes")))
    token = draw(st.sampled_from(TOKENS)).encode()
    if how == "missing":
        del held[key]
        return json.dumps(copied).encode()
    if how == "any":
        held[key] = draw(st.recursive(_leaves(), lambda inner: st.lists(inner, max_size=3)))
        return json.dumps(copied).encode()
    if how == "unknown":
        copied[draw(st.text(max_size=40))] = MARK
    elif how == "twice" and isinstance(held, dict):
        token = f"{json.dumps(held[key])}, {json.dumps(key)}: ".encode() + token
        held[key] = MARK
    elif how == "bytes":
        token, held[key] = b'"\xff\xfe\xc3"', MARK
    else:
        held[key] = MARK
    return json.dumps(copied).encode().replace(QUOTED.encode(), token)


def _leaves() -> st.SearchStrategy[Any]:
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    return st.none() | st.booleans() | numbers | st.text() | st.dictionaries(st.text(), numbers)
