"""The only border between picture files and arrays: read, write, pad, colour an uncertainty map.

Photographs stay in the encoded values of their own file (gray or RGB, 8 or 16 bits or floating-point numbers), with
orientation applied and with their metadata beside them; ``to_network`` and ``from_network`` lead to the float32 arrays
of the network and back.
Nothing here needs torch.
"""

from __future__ import annotations

from opir.imaging.arrays import eight_bit_colours, eight_bits, from_network, to_network
from opir.imaging.decode import DEFAULT_MAX_PIXELS, read_photo, read_pictures
from opir.imaging.encode import encode_photo, write_photo
from opir.imaging.formats import FORMATS, READABLE_SUFFIXES, FileFormat, check_output_path
from opir.imaging.frames import PhotoSequence
from opir.imaging.heatmap import colour_uncertainty, draw_heat_map, draw_legend, heat_map_maximum
from opir.imaging.padding import crop_to, pad_to_multiple
from opir.imaging.photo import Metadata, Photo
from opir.imaging.source import Source

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "FORMATS",
    "READABLE_SUFFIXES",
    "FileFormat",
    "Metadata",
    "Photo",
    "PhotoSequence",
    "Source",
    "check_output_path",
    "colour_uncertainty",
    "crop_to",
    "draw_heat_map",
    "draw_legend",
    "eight_bit_colours",
    "eight_bits",
    "encode_photo",
    "from_network",
    "heat_map_maximum",
    "pad_to_multiple",
    "read_photo",
    "read_pictures",
    "to_network",
    "write_photo",
]
