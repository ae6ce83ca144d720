"""All rules on a dump, by number and name (facts of the project, §2.4 of the page on extensions)."""

from collections.abc import Callable, Mapping

from onec.dump import files, forms, properties, references, service, structure
from onec.dump.files import Said
from onec.dump.reading import Dump, Finding

RULES: dict[str, Callable[[Dump], Said]] = {
    "01 one BOM": files.one_bom,
    "02 CRLF": files.crlf,
    "03 well-formed": files.well_formed,
    "04 one version": files.one_version,
    "05 identifiers": structure.identifiers,
    "06 order of children": structure.children_in_order,
    "07 objects have files": files.objects_have_files,
    "08 files have objects": files.files_have_objects,
    "09 parts are there": files.parts_are_there,
    "10 names": structure.names,
    "11 properties": properties.full_set,
    "12 values": properties.values,
    "13 generated types": structure.generated_types,
    "14 contained objects": structure.contained_objects,
    "15 belonging": structure.belonging,
    "16 references": references.references,
    "17 rights": references.rights,
    "18 forms": forms.forms,
    "19 synonyms": properties.synonyms,
    "20 contract": service.web_service,
    "21 handlers": service.handlers,
    "22 adopted on purpose": structure.adopted_on_purpose,
    "23 forbidden names": structure.forbidden_names,
}


def validate(content: Mapping[str, bytes]) -> list[Finding]:
    """Everything that is wrong with a dump; an empty list: nothing."""
    dump = Dump(content)
    return [Finding(rule, path, text) for rule, check in RULES.items() for path, text in check(dump)]
