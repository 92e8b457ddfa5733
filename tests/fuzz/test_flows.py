"""Parameters that no form would send: refused by the deployment's schema, or by the flow in words.

The forms are Prefect's; that it enforces them is what prefect.yaml asks of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prefect.exceptions import ParameterTypeError, SignatureMismatchError
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.schema_tools import validation

from tests.fuzz.tally import ERROR, LOADED, Tally, examples, tallied
from tests.fuzz.terminal import WORDS

PROJECT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
# What comes over an API: JSON.
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("flow parameters") as found:
        yield found


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow[Any, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return {
            one["name"]: load_flow_from_entrypoint(one["entrypoint"])
            for one in DEPLOYMENTS
            if one["enforce_parameter_schema"]
        }


def test_parameters_are_as_their_form_says_or_refused(
    flows: dict[str, Flow[Any, Any]], tally: Tally
) -> None:
    """What passes the form passes the flow's own types, or is refused there in words."""
    assert len(flows) == len(DEPLOYMENTS)

    @examples(20)
    @given(st.sampled_from(sorted(flows)), st.data())
    def ask(name: str, data: st.DataObject) -> None:
        flow = flows[name]
        names = st.sampled_from([*flow.parameters.properties, "unknown"])
        told = data.draw(st.dictionaries(names, anything, max_size=5))
        schema = flow.parameters.model_dump_for_openapi()
        try:
            validation.validate(told, schema, raise_on_error=True)
            flow.validate_parameters(told)
        except (validation.ValidationError, ParameterTypeError, SignatureMismatchError):
            tally.add(ERROR)
        else:
            tally.add(LOADED)

    ask()
