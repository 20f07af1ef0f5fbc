"""What a program does to its own code pages: two answers that the machine gave wrongly."""

from __future__ import annotations

import pytest

from underglass.course import case_study
from underglass.errors import GuestFault


def test_code_that_ran_and_was_written_over_runs_as_it_is_now():
    """After the patch was taken back the patched entry ran once more: its translation was still there."""
    assert case_study("mockey_patch", any_linkname=True).run().stderr == "51 1051 51\n"


def test_a_page_made_writable_under_the_running_instruction_faults_at_the_next_fetch():
    """It was told as a privileged instruction, at the byte before."""
    with pytest.raises(
        GuestFault, match=r"a jump to address 0x[0-9a-f]+, which is mapped without permission to execute"
    ):
        case_study("mockey_patch", any_linkname=True).call("bare")
