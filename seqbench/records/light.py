"""Leaves the long curves out of a record, which reports of thousands of cells do not need, and puts them back."""

from __future__ import annotations

from dataclasses import replace

from seqbench.records.schema import FlowAt, GradientData, Record


def without_curves(record: Record) -> Record:
    """Return a record whose curves are empty: of the gradient flows, of the loss and of the gradient norms.

    A flow keeps its summary, the validations stay. A record that does not hold the settings of its gradients
    (`CellData.gradients`) keeps the curves of its flows, from which `seqbench.report.commands` infers them.
    """
    return record.model_copy(
        update={
            "course": record.course.model_copy(update={"losses": ()}),
            "gradients": record.gradients and _gradients(record.gradients, record.cell.gradients is None),
        }
    )


def is_light(record: Record) -> bool:
    """Say whether a record has no curves."""
    found = record.gradients
    flows, norms = (found.flows, found.norms) if found else ((), None)
    return not (record.course.losses or any(each.flow.curves for each in flows) or (norms and norms.course))


def _gradients(gradients: GradientData, keeps_flows: bool) -> GradientData:
    return gradients.model_copy(
        update={
            "flows": gradients.flows if keeps_flows else tuple(map(_flow, gradients.flows)),
            "norms": gradients.norms and replace(gradients.norms, course=()),
        }
    )


def _flow(at: FlowAt) -> FlowAt:
    return at.model_copy(update={"flow": replace(at.flow, curves=())})


def completed(record: Record, whole: Record) -> Record:
    """Return a record with its curves, given the whole record."""
    return record.model_copy(update={"course": whole.course, "gradients": whole.gradients})
