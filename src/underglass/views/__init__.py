"""Pictures of a recorded run and of a program: pure functions from a record to SVG, HTML or text."""

from underglass.views.abi import AbiPicture, abi_picture, abi_svg, abi_text
from underglass.views.callgraph import call_graph, render_svg
from underglass.views.frame import FramePicture, frame_picture, frame_svg
from underglass.views.html import stepper_html
from underglass.views.payload import payload
from underglass.views.text import frame_text, stepper_text

__all__ = [
    "AbiPicture",
    "FramePicture",
    "abi_picture",
    "abi_svg",
    "abi_text",
    "call_graph",
    "frame_picture",
    "frame_svg",
    "frame_text",
    "payload",
    "render_svg",
    "stepper_html",
    "stepper_text",
]
