"""Colours that carry meaning differ for every kind of colour vision, on light and dark pages."""

import itertools
import re

import numpy as np
import pytest

from resweep.reporting.charts import style
from resweep.reporting.page.page import resource

# Full colour-vision deficiencies as matrices on linear RGB: Machado, G. M., Oliveira, M. M. and
# Fernandes, L. A. F. (2009), IEEE Transactions on Visualization and Computer Graphics 15,
# 1291-1298.
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TOGETHER = [  # colours that one chart uses for different things, by shape alike
    (style.BLUE, style.VERMILLION), (style.BLUE, style.GREY), (style.VERMILLION, style.GREY),
    (style.VERMILLION, style.LIGHT), (style.BLUE, style.LIGHT), (style.LIGHT, style.ORANGE),
    (style.BLUE, style.BLACK), (style.LIGHT, style.BLACK),
]  # fmt: skip
STRONG = (style.BLUE, style.VERMILLION, style.GREEN, style.GREY)  # marks of one pixel and more
ENOUGH = 20  # CIE 1976 colour difference; about 2.3 is just noticeable


PAGES = {"light": ("#fbfbf9", "#ffffff"), "dark": ("#14181c", "#1b2025")}


def shown(colour, scheme):
    return style.DARK[colour] if scheme == "dark" else colour


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(colour, vision):
    seen = np.clip(np.asarray(VISION[vision]) @ linear(colour), 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.asarray(to_xyz) @ seen / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_colours_of_one_chart_differ(scheme, vision):
    for one, other in TOGETHER:
        apart = np.linalg.norm(lab(shown(one, scheme), vision) - lab(shown(other, scheme), vision))
        assert apart > ENOUGH, (one, other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_stand_out_from_the_page(scheme):
    for mark, ground in itertools.product(STRONG, PAGES[scheme]):
        pair = sorted((luminance(shown(mark, scheme)), luminance(ground)))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3, (mark, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_and_their_keys_have_the_colours_of_the_charts(scheme):
    light, dark = re.findall(r":root \{(.*?)\}", resource("report.css"), re.S)
    found = dict(re.findall(r"--([\w-]+): (#\w{6})", light))
    found |= dict(re.findall(r"--([\w-]+): (#\w{6})", dark)) if scheme == "dark" else {}
    keys = {"tried": style.GREY, "elite": style.VERMILLION, "old": style.LIGHT, "sky": style.SKY,
            "blue": style.BLUE}  # fmt: skip
    assert {name: found[name].lower() for name in keys} == {
        name: shown(colour, scheme).lower() for name, colour in keys.items()
    }
    assert (found["page"], found["card"]) == PAGES[scheme]
