"""The z-buffer on toy meshes, and the gate that reads it."""

from typing import Any

import pytest

np = pytest.importorskip("numpy")

from scenes.gate import Rule, faults  # noqa: E402
from scenes.zbuffer import Coverage, Mesh, cover, project  # noqa: E402

SIZE = 100


def looking_down() -> Any:
    """Return a view that maps x and y from -1..1 to the picture and keeps the distance below z = 10 as depth."""
    matrix = np.zeros((4, 4))
    matrix[0, 0] = matrix[1, 1] = 10.0
    matrix[3] = (0, 0, -1, 10)
    return matrix


def square(name: str, half: float, z: float, x: float = 0.0) -> Mesh:
    corners = np.array(
        [[x - half, -half, z], [x + half, -half, z], [x + half, half, z], [x - half, half, z]], float
    )
    return Mesh(name, corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def test_a_point_below_the_camera_lands_in_the_middle() -> None:
    (x, y, depth) = project(np.zeros((1, 3)), looking_down(), SIZE, SIZE)[0]
    assert (x, y, depth) == (50, 50, 10)


def test_a_square_alone_is_wholly_visible() -> None:
    seen = cover([square("low", 0.5, 0)], {"low"}, looking_down(), SIZE, SIZE)["low"]
    assert seen.visible == seen.amodal == pytest.approx(2500, rel=0.05)
    assert seen.box == pytest.approx((25, 25, 75, 75))


def test_a_nearer_square_hides_its_part_whatever_the_order() -> None:
    low, high = square("low", 0.5, 0), square("high", 0.5, 1, x=0.5)
    for meshes in ([low, high], [high, low]):
        seen = cover(meshes, {"low", "high"}, looking_down(), SIZE, SIZE)
        assert seen["high"].share == 1.0
        assert 0.45 < seen["low"].share < 0.6


def test_the_box_is_not_clipped_to_the_frame() -> None:
    seen = cover([square("wide", 0.5, 0, x=0.9)], {"wide"}, looking_down(), SIZE, SIZE)["wide"]
    assert seen.box[2] > SIZE
    assert any("edge" in line for line in faults({"wide": seen}, Rule(0.4, 1), SIZE, SIZE))


def test_things_behind_the_camera_are_left_out() -> None:
    seen = cover([square("behind", 0.5, 20)], {"behind"}, looking_down(), SIZE, SIZE)["behind"]
    assert (seen.visible, seen.amodal) == (0, 0)


def test_the_gate_names_hidden_and_small_subjects() -> None:
    coverage = {
        "hidden": Coverage(100, 1000, (20, 20, 60, 60)),
        "small": Coverage(20, 20, (20, 20, 25, 25)),
        "good": Coverage(900, 1000, (20, 20, 60, 60)),
    }
    found = faults(coverage, Rule(0.4, 50), SIZE, SIZE)
    assert [line.split(":")[0] for line in found] == ["hidden", "small"]
