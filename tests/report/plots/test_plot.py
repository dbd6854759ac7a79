"""Tests that figures show the records' numbers, in the page's colours, and are fit for print.

Modules: seqbench.cli.plot, seqbench.report.plots.contents, seqbench.report.plots.grids,
seqbench.report.plots.print_style.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import seqbench
from seqbench.cli.plot import command
from seqbench.errors import ExperimentError
from seqbench.records.store import Store
from seqbench.report import read_records
from seqbench.report.charts.lines import COLOURS, DASHES, MARKS, Look
from seqbench.report.page.page import html_page
from seqbench.report.plots.plot import WHATS
from seqbench.report.plots.print_style import LINE_DASHES, MARKERS, PALETTE, stroke
from tests.report.tables.test_scores import record

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'seqbench[report]'")

QUICK = Path(__file__).parents[3] / "results" / "published" / "quick"
TEMPLATES = Path(html_page.__code__.co_filename).parent / "templates"


@pytest.fixture(scope="module")
def adding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with two tasks of the published results, which are quickly read."""
    folder = tmp_path_factory.mktemp("plot") / "results"
    for each in read_records([QUICK]):
        if each.cell.task.name in ("adding", "copy"):
            Store(folder).write(each)
    return folder


def of_store(folder: Path) -> Iterator[tuple[str, str, int, float]]:
    for each in read_records([folder]):
        assert each.test is not None
        yield each.cell.task.name, each.cell.model.name, each.cell.length, each.test.skill or 0.0


# ---- the numbers


def test_skill_is_that_of_the_records_and_every_model_is_in_the_legend(adding: Path) -> None:
    figure = seqbench.plot(adding)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["adding", "copy"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["gru", "lstm", "rnn"]
    for axes in figure.axes:
        lines = [line for line in axes.get_lines() if len(line.get_xdata()) == 4]
        for model, line in zip(("gru", "lstm", "rnn"), lines, strict=True):
            skills = {
                length: skill
                for task, name, length, skill in of_store(adding)
                if (task, name) == (axes.get_title(loc="left"), model)
            }
            assert list(line.get_xdata()) == [math.log2(length) for length in sorted(skills)]
            assert list(line.get_ydata()) == pytest.approx([skills[length] for length in sorted(skills)])
    assert len({axes.get_xlim() + axes.get_ylim() for axes in figure.axes}) == 1


def test_costs_and_gradients_are_those_of_the_records(adding: Path) -> None:
    records = {
        (each.cell.task.name, each.cell.model.name, each.cell.length): each for each in read_records([adding])
    }
    seconds, memory = seqbench.plot(adding, what="costs", tasks=["copy"]).axes
    costs = records["copy", "rnn", 1024].costs
    assert 10 ** seconds.get_lines()[-1].get_ydata()[-1] == pytest.approx(costs.seconds_per_step)
    assert 2 ** memory.get_lines()[-1].get_ydata()[-1] == pytest.approx(costs.peak_memory_bytes)

    before, after = seqbench.plot(adding, what="gradients", tasks=["adding"], models=["gru"], length=64).axes
    assert after.get_title(loc="left") == "adding, T=64, after training"
    gradients = records["adding", "gru", 64].gradients
    assert gradients is not None
    for axes, at in ((before, gradients.flows[0]), (after, gradients.flows[-1])):
        (line,) = axes.get_lines()
        curve = at.flow.curve("state")
        assert tuple(line.get_xdata()) == curve.lags
        assert [10**y for y in line.get_ydata()] == pytest.approx(list(curve.median))


def test_a_lost_seed_is_a_cross_that_the_legend_names_and_an_unknown_skill_no_point(tmp_path: Path) -> None:
    for each in (record(0.5), record(0.75, length=24), record(length=48, status="diverged", reason="nan")):
        Store(tmp_path / "r").write(each)
    figure = seqbench.plot(tmp_path / "r")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["lstm", "a score is missing"]
    (axes,) = figure.axes
    rules, line, cross = axes.get_lines()[:3], axes.get_lines()[3], axes.get_lines()[4]
    assert [rule.get_ydata()[0] for rule in rules] == [0.0, 0.5, 1.0]
    assert line.get_ydata()[:2] == pytest.approx([(0.5 - 0.125) / 0.875, (0.75 - 0.125) / 0.875])
    assert math.isnan(line.get_ydata()[2])
    assert (cross.get_marker(), list(cross.get_xdata())) == ("x", [math.log2(48)])


@pytest.mark.parametrize("skill", [-0.5, -0.55, -9.0])
def test_a_cross_stands_below_all_points_also_those_at_the_end_of_the_axis(tmp_path: Path, skill: float) -> None:
    low = [record(0.125 + 0.875 * skill, model="low", length=length) for length in (12, 24)]
    for each in (*low, record(model="lost", length=12, status="diverged", reason="nan")):
        Store(tmp_path / "r").write(each)
    figure = seqbench.plot(tmp_path / "r")
    (axes,) = figure.axes
    figure.canvas.draw()  # type: ignore[attr-defined]
    line, cross = (each for each in axes.get_lines() if each.get_marker() in "ox")
    (foot,) = axes.transAxes.inverted().transform(cross.get_transform().transform(cross.get_xydata()))
    assert 0 < foot[1] < axes.transAxes.inverted().transform(axes.transData.transform((0, -0.5)))[1]
    # What is drawn of the line ends above the strip in which the cross stands.
    clip = line.get_clip_box() or line.get_clip_path().get_fully_transformed_path().get_extents()
    edge = axes.transData.inverted().transform((0, clip.y0))[1]
    assert edge == pytest.approx(-0.5)
    told = ["low at T=12", "low at T=24"] if skill < -0.5 else []
    assert re.findall(r"low at T=\d+", axes.get_title(loc="left")) == told, "what lies below the axis is told"


# ---- the style


def test_colours_are_those_of_a_light_page_and_counts_agree() -> None:
    css = (TEMPLATES / "chart.css").read_text()
    assert re.findall(r"^\.c\d \{ --c: light-dark\((#\w+)", css, flags=re.MULTILINE) == list(PALETTE)
    assert (len(PALETTE), len(MARKERS), len(LINE_DASHES)) == (COLOURS, MARKS, DASHES)
    # A dash of a page is given in units, of which its line has 4.
    dashes = re.findall(r"^\.d\d \{ --dash: ([\d ]+);", css, flags=re.MULTILINE)
    assert [tuple(float(part) / 4 for part in dash.split()) for dash in dashes] == [d[1] for d in LINE_DASHES[1:]]


def test_models_are_told_apart_in_grey_and_by_the_colour_blind() -> None:
    first = [stroke(Look(number)) for number in range(MARKS)]
    assert len({(str(each.dash), each.marker) for each in first}) == MARKS
    every = {(each.colour, str(each.dash), each.marker) for each in map(stroke, map(Look, range(56)))}
    assert len(every) == 56


@pytest.mark.parametrize(
    ("width", "points"), [pytest.param("one", 3.35 * 72, marks=pytest.mark.slow), ("two", 6.9 * 72)]
)
def test_pdf_has_the_width_of_columns_and_its_fonts_inside(
    adding: Path, tmp_path: Path, width: str, points: float
) -> None:
    file = tmp_path / "figure.pdf"
    seqbench.plot(adding, file, width=width, tasks=["copy"])
    pdf = file.read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", pdf)
    assert box is not None
    assert float(box[1]) == pytest.approx(points, abs=0.1)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    seqbench.plot(adding, file, width=width, tasks=["copy"])
    assert file.read_bytes() == pdf


@pytest.mark.slow
def test_legend_lies_outside_the_data_however_many_models_there_are(tmp_path: Path) -> None:
    for number in range(13):
        for length in (12, 24):
            Store(tmp_path / "r").write(
                record(0.2 + 0.05 * number, model=f"a-model-with-a-name-{number}", length=length)
            )
    for width in ("one", "two"):
        figure = seqbench.plot(tmp_path / "r", tmp_path / "f.png", width=width)
        legend = figure.legends[0].get_window_extent()
        assert legend.x0 >= 0
        assert legend.x1 <= figure.bbox.x1
        assert all(legend.y1 <= axes.get_window_extent().y0 for axes in figure.axes)
        assert figure.axes[0].get_window_extent().height > 0.6 * figure.dpi


# ---- the command


def test_command_writes_each_kind_of_figure(adding: Path, tmp_path: Path) -> None:
    starts = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
    for what, ending in zip(WHATS.keys() - {"windows"}, ("pdf", "png", "svg", "svg"), strict=True):
        out = tmp_path / f"{what}.{ending}"
        done = CliRunner().invoke(command, [str(adding), "--what", what, "--output", str(out), "--task", "copy"])
        assert done.exit_code == 0, done.output
        assert out.read_bytes().startswith(starts[ending])
        assert f"wrote {out} (" in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"what": "skil"}, "what='skil' is unknown; choose one of skill, gradients, costs, windows, training"),
        ({"width": "three"}, "width='three' is unknown; choose one of one, two"),
        ({"output": "figure.jpg"}, "a figure is written as .pdf, .png, .svg, and figure.jpg ends otherwise"),
        ({"output": "nowhere/figure.pdf"}, "there is no folder nowhere"),
        ({"tasks": "adding"}, "these results have no task 'adding'; they have copy"),
        ({"models": ["gru"]}, "these results have no model 'gru'; they have lstm"),
        ({"what": "gradients"}, "nothing to draw: no record has gradient norms against lag"),
        ({"length": 12}, "length=12 does not go with what='skill', which shows all lengths: leave it out"),
        (
            {"what": "training", "length": 7},
            "nothing to draw: no record at T=7 has loss and validation score against steps",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    tmp_path: Path, given: dict[str, object], message: str
) -> None:
    Store(tmp_path / "r").write(record(0.5))
    with pytest.raises(ExperimentError, match=re.escape(message)):
        seqbench.plot(tmp_path / "r", **given)  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*.*"))


def test_missing_matplotlib_is_said_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ExperimentError, match=re.escape("pip install 'seqbench[report]'")):
        seqbench.plot(tmp_path, tmp_path / "f.pdf")


def test_names_of_records_are_text_and_no_formulas(tmp_path: Path) -> None:
    names = ("$x_1^2$", "a_b & $", "two\nlines", "模型")
    for name in names:
        Store(tmp_path / "r").write(record(0.5, model=name, task="50% $of$ it"))
    figure = seqbench.plot(tmp_path / "r", tmp_path / "f.svg")
    assert figure.axes[0].get_title(loc="left") == "50% $of$ it"
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(told) == ["$x_1^2$", "U+6A21U+578B", "a_b & $", "two lines"]
