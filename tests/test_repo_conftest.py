from __future__ import annotations

import warnings

import pytest


def warn_as(module: str) -> None:
    warnings.warn_explicit("old", DeprecationWarning, "file.py", 1, module=module)


@pytest.mark.parametrize("module", ["underglass", "underglass.views.frame"])
def test_a_warning_of_ours_fails(module: str) -> None:
    with pytest.raises(DeprecationWarning):
        warn_as(module)


@pytest.mark.filterwarnings("ignore:old")
@pytest.mark.parametrize("module", ["numpy", "underglassy"])
def test_a_warning_of_others_does_not(module: str) -> None:
    warn_as(module)
