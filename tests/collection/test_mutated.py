"""A short run of the command that damages files (mutated.py)."""

import pytest

pytestmark = pytest.mark.collection


def test_nothing_raises_and_strict_decoders_take_what_is_sent(capsys):
    import mutated

    counts, wrong = mutated.run(count=1_000, seed=17)
    with capsys.disabled():
        print("", mutated.table(counts), *(line for *_, line in wrong), sep="\n")
    assert not mutated.broken(counts, wrong)
