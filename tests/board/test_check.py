"""Tests that invented values in bundles are refused or not confirmed, each with its reason, when all hashes fit.

Scores are true unless a test says otherwise. `check` refuses what contradicts the installed task or the record
itself; `verify` finds what only a run can show.

Modules: seqbench.board.bundle.names, seqbench.board.check.faults, seqbench.board.check.installed,
seqbench.board.check.rules, seqbench.board.verify.receipt.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog
from seqbench.board.bundle.manifest import models_of
from seqbench.board.check.check import check_bundle, check_file
from seqbench.board.site.merge import read_board
from seqbench.board.site.standings import standings
from seqbench.board.verify.receipt import Rerun, path_beside
from seqbench.board.verify.verify import DrawnCells, Runner, draw, verify_cells
from seqbench.errors import BoardError
from seqbench.gradients.flow import Curve, summarise_flow
from seqbench.plugins.load import load_catalog
from seqbench.records.making import cell_of
from seqbench.records.schema import CellData, FlowAt, Record
from seqbench.records.variants import model_names
from tests.boards import running, unzipped, with_manifest, with_records
from tests.toys import Last

Change = Callable[[dict[str, Any]], None]


def evaluated(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [record["test"], *record["evaluations"]]


def skilled(test: dict[str, Any], metric: dict[str, Any]) -> None:
    """Make the skill follow from the score and the reference baseline."""
    name = metric["name"]
    baseline = next(each["scores"][name] for each in test["baselines"] if each["name"] == test["baseline_name"])
    test["skill"] = (test["scores"][name] - baseline) / (metric["best"] - baseline)


def keyed(record: dict[str, Any]) -> None:
    record["key"] = cell_of(CellData.model_validate(record["cell"])).key


def of_metric(**fields: Any) -> Change:
    def change(record: dict[str, Any]) -> None:
        record["metric"].update(fields)
        for test in evaluated(record):
            skilled(test, record["metric"])

    return change


def metric_renamed(record: dict[str, Any]) -> None:
    record["metric"]["name"] = "exact_match"
    for test in evaluated(record):
        for scores in (test["scores"], *(each["scores"] for each in test["baselines"])):
            scores["exact_match"] = scores.pop("accuracy")


def metric_added(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["scores"]["exact_match"] = 1.0


def weak_baseline(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["baselines"][0]["scores"]["accuracy"] = 0.02
        skilled(test, record["metric"])


def weak_baseline_of_a_later_seed(record: dict[str, Any]) -> None:
    if record["cell"]["seed"] == 1:
        weak_baseline(record)


def baseline_added(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["baselines"].append({"name": "people", "scores": {"accuracy": 0.1}, "is_reference": False})


def baseline_renamed(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["baselines"][0]["name"] = test["baseline_name"] = "state of the art"


def reference_taken_away(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["baselines"][0]["is_reference"] = False
        test["baselines"].append({"name": "people", "scores": {"accuracy": 0.1}, "is_reference": True})
        test["baseline_name"] = "people"
        skilled(test, record["metric"])


def reference_named_otherwise(record: dict[str, Any]) -> None:
    record["test"]["baseline_name"] = "people"


def skill_alone(record: dict[str, Any]) -> None:
    record["test"]["skill"] = 0.98


def many_examples(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["examples"] = 64_000


def many_examples_of_a_later_seed(record: dict[str, Any]) -> None:
    if record["cell"]["seed"] == 1:
        many_examples(record)


def other_data(record: dict[str, Any]) -> None:
    record["data_fingerprint"] = "0" * 32


def other_data_of_a_later_seed(record: dict[str, Any]) -> None:
    if record["cell"]["seed"] == 1:
        other_data(record)


def longer_is_easier(record: dict[str, Any]) -> None:
    record["is_longer_harder"] = False


def fine_examples(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["one_example"] = 1e-9


def gain_alone(record: dict[str, Any]) -> None:
    record["gradients"]["flows"][-1]["summary"]["gain_per_step"] = 1.0


def verdict_alone(record: dict[str, Any]) -> None:
    was = record["gradients"]["flows"][-1]["summary"]
    was["verdict"] = "exploding" if was["verdict"] != "exploding" else "vanishing"


def summary_of_inputs(record: dict[str, Any]) -> None:
    told = record["gradients"]["flows"][-1]
    told["input_summary"] = told["summary"]


def steps_taken(record: dict[str, Any]) -> None:
    record["costs"]["steps"] = 30_000


def other_defaults(record: dict[str, Any]) -> None:
    record["cell"]["model"]["changed"] = ["hidden_size"]


def another_seed(record: dict[str, Any]) -> None:
    record["cell"]["seed"] = 7
    keyed(record)


def unmeasured_gradients(record: dict[str, Any]) -> None:
    record["cell"]["gradients"]["measure"] = False


def formula_as_a_baseline(record: dict[str, Any]) -> None:
    for test in evaluated(record):
        test["baselines"][0]["name"] = test["baseline_name"] = '=HYPERLINK("http://example.org")'


def bell_in_a_fact(record: dict[str, Any]) -> None:
    record["facts"]["rate\x1b]0;mine\x07"] = 1.0


def turned_distribution(record: dict[str, Any]) -> None:
    record["cell"]["model"]["distribution"] = "seqbench \u202e0.1.0"


def formula_as_a_metric(record: dict[str, Any]) -> None:
    record["test"]["scores"]["=1+1"] = 1.0


def setting_left_out(record: dict[str, Any]) -> None:
    if record["cell"]["seed"] == 1:
        del record["cell"]["training"]["weight_decay"]


def parameter_left_out(record: dict[str, Any]) -> None:
    del record["cell"]["model"]["parameters"]["hidden_size"]
    keyed(record)


def one_example_measured(record: dict[str, Any]) -> None:
    record["cell"]["gradients"]["examples"] = 1


def reason_of_a_good_end(record: dict[str, Any]) -> None:
    record["reason"] = "the best there is"


def failed_with_gradients(record: dict[str, Any]) -> None:
    record["status"], record["reason"] = "failed", "RuntimeError"


def negative_cost(record: dict[str, Any]) -> None:
    record["costs"]["load_seconds"] = -1.0


def version_of_the_task(record: dict[str, Any]) -> None:
    record["cell"]["task"]["version"] = 2
    keyed(record)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (of_metric(best=2.0), "metric.best: the bundle says 2.0, the installed task 1.0"),
        (of_metric(worst=0.0), "metric.worst: the bundle says 0.0, the installed task None"),
        (of_metric(is_higher_better=False, best=0.0), "metric.is_higher_better: the bundle says False"),
        (metric_renamed, "metric.name: the bundle says 'exact_match', the installed task 'accuracy'"),
        (metric_added, "names of metrics: the bundle says ['accuracy', 'exact_match']"),
        (weak_baseline, "baselines.guess.accuracy: the bundle says 0.02, the installed task 0.25"),
        (baseline_added, "baselines.people: the bundle says {"),
        (baseline_renamed, "baselines.guess: the bundle says nothing"),
        (reference_taken_away, "baselines.guess.is_reference: the bundle says False, the installed task True"),
        (reference_named_otherwise, "the reference baseline 'people' is none of its baselines"),
        (skill_alone, "skill is 0.98, and accuracy"),
        (many_examples, "test examples: the bundle says 64000, the installed task 64"),
        (other_data, "data fingerprint: the bundle says '00000000"),
        (longer_is_easier, "longer is harder: the bundle says False, the installed task True"),
        (fine_examples, "worth of one example: the bundle says 1e-09, the installed task None"),
        (gain_alone, "the gradients trained do not follow from their curves: gain_per_step: claimed 1.0"),
        (verdict_alone, "the gradients trained do not follow from their curves: verdict"),
        (summary_of_inputs, "the input gradient is summed up, and the state was measured"),
        (unmeasured_gradients, "it has gradients, and its settings say that none were measured"),
        (steps_taken, "30000 steps were taken, and its settings say 3"),
        (other_defaults, "hidden_size is said to be changed, and nothing differs"),
        (another_seed, "seed is 7, the suite has"),
        (setting_left_out, "its settings do not tell training.weight_decay"),
        (one_example_measured, "gradients.examples is 1, the suite has 8"),
        (reason_of_a_good_end, "it is ok, and says why it is not"),
        (failed_with_gradients, "it is failed, which no run can confirm, and tells stopped, metric, test"),
        (negative_cost, "load_seconds is -1.0, and no cost is below 0"),
        (
            version_of_the_task,
            "made by version 2 of the task last; version 1 is installed: 8 cells",
        ),
        (formula_as_a_baseline, "it begins as a spreadsheet's formula does"),
        (formula_as_a_metric, "'=1+1' is no name of a metric"),
        (bell_in_a_fact, "holds a control character"),
        (turned_distribution, "one that turns a text round"),
    ],
)
def test_check_refuses_what_the_installed_task_and_the_record_itself_belie(
    change: Change, why: str, tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    checked = check_bundle(forged(tiny_bundle, change), tiny_offers)
    assert checked.submission is None
    assert why in "\n".join(checked.reasons)


def test_model_whose_parameters_are_not_told_in_full_is_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(forged(tiny_bundle, parameter_left_out))
    records = [Record.model_validate_json(text) for name, text in files.items() if name != "manifest.json"]
    models = [model.model_dump(mode="json") for model in models_of(records)]
    reasons = check_bundle(
        with_manifest(files, lambda manifest: manifest.update(models=models)), tiny_offers
    ).reasons
    assert reasons[0] == "model plain: its parameters are to be told in full, and hidden_size is not"


def test_same_cell_twice_is_refused(tiny_bundle: bytes, tiny_offers: Catalog) -> None:
    files = unzipped(tiny_bundle)
    name = sorted(files)[1]
    twice = with_manifest({**files, name.replace(".json", "-again.json"): files[name]}, lambda manifest: None)
    assert "holds the record" in "\n".join(check_bundle(twice, tiny_offers).reasons)


def better_elsewhere(record: dict[str, Any]) -> None:
    test = record["evaluations"][0]
    test["scores"]["accuracy"] = min(1.0, test["scores"]["accuracy"] + 1 / 64)
    skilled(test, record["metric"])


def flat_gradients(when: str) -> Change:
    """Return a change of curves whose gain, horizon and verdict follow from them."""

    def change(record: dict[str, Any]) -> None:
        for i, told in enumerate(record["gradients"]["flows"]):
            if told["when"] == when:
                was = FlowAt.model_validate(told).flow
                flow = dataclasses.replace(was, curves=tuple(map(_flat, was.curves)))
                made = FlowAt(when=told["when"], step=told["step"], flow=flow, summary=summarise_flow(flow))
                record["gradients"]["flows"][i] = made.model_dump(mode="json")

    return change


def _flat(curve: Curve) -> Curve:
    known = [0.0 if ln is not None else None for ln in curve.ln_median]
    return dataclasses.replace(curve, ln_median=tuple(known), median=tuple(v if v is None else 1.0 for v in known))


def fine_examples_of_a_later_seed(record: dict[str, Any]) -> None:
    if record["cell"]["seed"] == 1:
        fine_examples(record)


def not_finite(record: dict[str, Any]) -> None:
    record["test"]["not_finite"] = {"outputs": 5, "scored": 6, "first": [[0, 1]]}


def flat_with_settings(told: dict[str, Any] | None) -> Change:
    """Return a change of curves, and of what is told of how they were measured."""

    def change(record: dict[str, Any]) -> None:
        flat_gradients("trained")(record)
        record["cell"]["gradients"] = told

    return change


def set_cost(**fields: Any) -> Change:
    return lambda record: record["costs"].update(fields)


def norms(record: dict[str, Any]) -> None:
    record["gradients"]["norms"]["whole"]["median"] = 1.0


def fact(record: dict[str, Any]) -> None:
    record["facts"]["out-of-vocabulary rate"] = 0.0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (weak_baseline_of_a_later_seed, "baselines differs (T=4.guess.accuracy: claimed 0.02, here 0.25"),
        (many_examples_of_a_later_seed, "examples differs (T=4: claimed 64000, here 64"),
        (other_data_of_a_later_seed, "data differs (fingerprint: claimed '00000000"),
        (better_elsewhere, "scores differs (T=5.accuracy"),
        (flat_gradients("init"), "gradients at initialisation differs"),
        (flat_gradients("trained"), "gradients after training differs"),
        (flat_with_settings({}), "gradients after training differs"),
        (flat_with_settings(None), "gradients after training differs"),
        (fine_examples_of_a_later_seed, "examples differs (T=4, worth of one: claimed 1e-09, here None"),
        (not_finite, "scores differs (not finite.T=4: claimed {'outputs': 5"),
        (norms, "gradients after training differs (norms.whole.median: claimed 1.0"),
        (set_cost(parameters=10), "sizes differs (parameters: claimed 10, here"),
        (set_cost(state_size=1), "sizes differs (state_size: claimed 1, here"),
        (lambda record: record.update(validation_score=1.0), "scores differs (validation_score: claimed 1.0"),
        (
            lambda record: record.update(stopped="solved"),
            "scores differs (stopped: claimed 'solved', here 'steps'",
        ),
        (fact, "data differs (facts.out-of-vocabulary rate: claimed 0.0, here nothing"),
    ],
)
def test_verify_finds_what_only_a_run_can_tell(
    change: Change, why: str, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    cell = rerun(forged(tiny_bundle, change), tiny_offers, run)
    assert cell.outcome == "differs"
    assert why in cell.told
    assert any(part.outcome == "differs" for part in cell.compared)


def invented(record: dict[str, Any]) -> None:
    record["test"]["scores"]["accuracy"] = 1.0
    skilled(record["test"], record["metric"])


def other_class(record: dict[str, Any]) -> None:
    invented(record)
    record["environment"]["processor_class"] = {
        "vendor": "AuthenticAMD",
        "torch": "AVX2",
        "onednn": None,
        "mkl": None,
    }


def no_class(record: dict[str, Any]) -> None:
    invented(record)
    del record["environment"]["processor_class"]


def other_torch(record: dict[str, Any]) -> None:
    invented(record)
    record["environment"]["packages"]["torch"] = "1.0"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (other_class, "not comparable on this processor: processor AuthenticAMD (torch AVX2, oneDNN unknown"),
        (no_class, "the class of a processor was not recorded"),
        (other_torch, "not comparable with these versions: packages torch 1.0 / torch"),
    ],
)
def test_invented_environment_makes_no_invented_score_a_verified_one(
    change: Change, why: str, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    content = with_environments(forged(tiny_bundle, change))
    cell = rerun(content, tiny_offers, run)
    assert cell.outcome == "not comparable"
    assert why in cell.told


def test_cells_of_another_processor_make_no_verified_model_of_those_that_could_be_compared(
    tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    def but_one(record: dict[str, Any]) -> None:
        if (record["cell"]["seed"], record["cell"]["length"]) != (0, 4):
            other_class(record)

    mixed = with_environments(forged(tiny_bundle, but_one))
    told = verified(tmp_path, tiny_offers, run, mixed=mixed)
    assert {status for status, _ in told.values()} == {"unverified"}
    assert told["plain"][1] == "1 of 4 cells that were run again are confirmed; 3 could not be compared"


def test_verified_bundle_of_one_cell_vouches_for_no_cell_of_another_bundle(
    tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    def one(files: dict[str, bytes]) -> dict[str, bytes]:
        return {name: text for name, text in files.items() if "T4_s0" in name or name == "manifest.json"}

    part = with_manifest(one(unzipped(tiny_bundle)), lambda manifest: manifest.update(is_partial=True))
    told = verified(tmp_path, tiny_offers, run, part=part)
    assert told["plain"][0] == "verified"
    (tmp_path / "whole.zip").write_bytes(tiny_bundle)
    told = verified(tmp_path, tiny_offers, run)
    assert told["plain"] == (
        "unverified",
        "1 of 1 cells that were run again are confirmed, and none of whole.zip, whose cells are shown too",
    )


def test_invented_bundle_of_which_nothing_is_shown_takes_no_badge_away(
    tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    made = {"honest": tiny_bundle, "invented": forged(tiny_bundle, better_elsewhere)}
    told = verified(tmp_path, tiny_offers, run, **made)
    assert {status for status, _ in told.values()} == {"verified"}
    path_beside(tmp_path / "honest.zip").unlink()
    # Of the honest bundle, which is shown, none is verified then, and somebody's cells differ.
    assert {status for status, _ in verified(tmp_path, tiny_offers, run).values()} == {"not confirmed"}


@pytest.mark.parametrize("wrong", [{"key": "0" * 20}, {"model": -1}, {"model": 99}])
def test_receipt_vouches_for_the_model_of_its_cells_key_alone(
    wrong: dict[str, Any], tmp_path: Path, tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    verified(tmp_path, tiny_offers, run, whole=tiny_bundle)
    path = path_beside(tmp_path / "whole.zip")
    receipt = json.loads(path.read_text())
    receipt["cells"] = [{**cell, **wrong} for cell in receipt["cells"] if "plain" in cell["cell"]]
    path.write_text(json.dumps(receipt))
    told = verified(tmp_path, tiny_offers, run)
    assert {name: status for name, (status, _) in told.items()} == {
        "plain": "unverified" if "key" in wrong else "verified",
        "small": "unverified",
    }


def test_settings_in_another_order_are_the_same_model_and_texts_are_no_numbers(
    tiny_bundle: bytes, tiny_offers: Catalog
) -> None:
    def turned(record: dict[str, Any]) -> None:
        model = record["cell"]["model"]
        changed = {"alpha": 1, "beta": 2} if model["name"] == "plain" else {"alpha": "1, beta=2"}
        is_turned = record["cell"]["seed"] == 1
        model.update(name="other", distribution="", changed=[])
        model["parameters"] = dict(sorted(changed.items(), reverse=is_turned))
        keyed(record)

    records = [
        Record.model_validate_json(text)
        for name, text in unzipped(forged(tiny_bundle, turned)).items()
        if name != "manifest.json"
    ]
    text, *numbers = sorted(set(model_names(records).values()))
    # Which of the two orders is shown follows from the keys.
    assert (text, len(numbers)) == ('other (alpha="1, beta=2")', 1)
    assert numbers[0] in ("other (alpha=1, beta=2)", "other (beta=2, alpha=1)")


def test_bundle_of_which_one_task_has_another_version_is_refused_and_its_other_cells_can_be_run(
    tiny_bundle: bytes, tiny_offers: Catalog, run: Runner
) -> None:
    @dataclasses.dataclass(frozen=True)
    class Newer(Last):
        version = 2

    risen = dataclasses.replace(tiny_offers, tasks={**tiny_offers.tasks, "last": Newer})
    checked = check_bundle(tiny_bundle, risen)
    assert checked.submission is None
    why = "made by version 1 of the task last; version 2 is installed"
    assert checked.reasons == [f"task last: {why}: 8 cells cannot be compared; run them again"]
    assert checked.verifiable is not None
    with pytest.raises(BoardError, match=f"{why}: cannot be compared"):
        draw(checked.verifiable, 5, 1, risen)


def test_published_bundle_is_what_quick_asks_for_today() -> None:
    # It also holds that the suite is frozen: another cell, version or setting would break a rule.
    checked = check_file(Path(__file__).parents[2] / "results" / "published" / "quick.zip", load_catalog())
    assert {each.rule for each in checked.findings} >= {"archive", "hashes", "keys", "scores", "tables"}
    assert [f"{each.rule}: {each.message}" for each in checked.findings if each.status == "failed"] == []
    assert checked.verifiable is not None


@pytest.fixture(scope="module")
def run(tiny_offers: Catalog) -> Runner:
    """Return what runs each cell once, for all tests of this module."""
    return running(tiny_offers)


def forged(content: bytes, change: Change) -> bytes:
    """Return a bundle all of whose records were changed, with every hash made anew."""
    return with_records(content, change, first_only=False)


def with_environments(content: bytes) -> bytes:
    """Return a bundle whose manifest has the environments of its records."""
    files = unzipped(content)
    records = [json.loads(text) for name, text in files.items() if name != "manifest.json"]
    told = sorted({json.dumps(record["environment"], sort_keys=True) for record in records})
    return with_manifest(files, lambda manifest: manifest.update(environments=[json.loads(each) for each in told]))


def verified(folder: Path, offers: Catalog, run: Runner, **bundles: bytes) -> dict[str, tuple[str, str]]:
    """Return model -> who vouches for it on the board of a folder, after all cells of these bundles were run."""
    for name, content in bundles.items():
        path = folder / f"{name}.zip"
        path.write_bytes(content)
        found = check_bundle(content, offers).submission
        assert found is not None
        receipt = verify_cells(found, draw(found, 99, 1, offers), 1, offers, run)
        path_beside(path).write_text(receipt.to_json())
    (suite,) = read_board(folder, offers).suites
    shown = standings(suite).models.values()
    return {
        each.name: (each.vouch.status, each.vouch.told.removesuffix(" on the verifier's machine"))
        for each in shown
    }


def rerun(content: bytes, offers: Catalog, run: Runner) -> Rerun:
    """Return what came of one cell of a bundle that `check` accepts, of the second seed."""
    checked = check_bundle(content, offers)
    assert checked.submission is not None, checked.reasons
    record = next(each for each in checked.submission.records if each.cell.seed == 1)
    (cell,) = verify_cells(checked.submission, DrawnCells((record,), 1, ()), 1, offers, run).cells
    return cell
