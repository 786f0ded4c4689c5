"""What a model sees of each kind of result through frameworks: alone, behind the relay, and with an adapter."""

import pytest
from compat.frameworks import FRAMEWORKS
from compat.running import asked, environment, wrong
from servers import kinds

pytestmark = pytest.mark.compat

WAYS = [(framework, how) for framework in FRAMEWORKS for how in framework.least]


@pytest.fixture(scope="module")
def environments(wheel, tmp_path_factory):
    """Make an environment of a framework with its locked versions, once."""
    made = {}

    def of(framework):
        if framework.name not in made:
            folder = tmp_path_factory.mktemp("compat") / framework.name
            made[framework.name] = environment(framework, folder, wheel)
        return made[framework.name]

    return of


@pytest.mark.parametrize(("framework", "how"), WAYS, ids=[f"{one.name}-{how}" for one, how in WAYS])
def test_kinds_that_arrive_right(framework, how, environments):
    outputs, _, errors = asked(framework, how, environments(framework).program)
    lost = wrong(outputs)
    assert len(kinds.KINDS) - len(lost) >= framework.least[how], (lost, errors[-3_000:])
