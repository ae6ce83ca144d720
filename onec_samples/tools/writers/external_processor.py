"""The root of an external data processor with one form."""

from markup import Element, many
from model import ExternalProcessor

from writers.parts import Dump, generated_types, naming

CLASS = "c3831ec8-d8d5-4f93-8a22-f9bfae07327f"
"""Of every external data processor."""


def external_processor(dump: Dump, one: ExternalProcessor) -> Element:
    contained = many(
        "xr:ContainedObject",
        Element("xr:ClassId", CLASS),
        Element("xr:ObjectId", dump.identifier(f"contained/{CLASS}")),
    )
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("DefaultForm", f"ExternalDataProcessor.{one.name}.Form.{one.form.name}"),
        Element("AuxiliaryForm"),
    )
    return many(
        "ExternalDataProcessor",
        many(
            "InternalInfo", contained, *generated_types(dump, "ExternalDataProcessor", one.name, ("Object",))
        ),
        properties,
        many("ChildObjects", Element("Form", one.form.name)),
        uuid=dump.identifier(f"ExternalDataProcessor.{one.name}"),
    )
